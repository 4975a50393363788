import { ColumnBuilder } from "./columns.js";
import type { CellFormat } from "./csv.js";
import { numberIn } from "./numbers.js";
import type { CategoryColumn, Column, Table } from "./table.js";

/** The table, its column of labels being what it is found out to be. */
export function withLabels(labels: string, table: Table, format: CellFormat): Table {
  const columns = table.columns.map((column) =>
    column.name === labels && column.type === "category" ? labelled(column, table, format) : column,
  );
  return { ...table, columns };
}

/**
 * A column of labels that was read as words. It stays one, so that 01001 is another label than 1001 and 1.10 than 1.1;
 * unless all are numbers written in the shortest way but for a .0: then it is one of numbers, and 1 and 1.0 are the same.
 * Numbers with a few words among them are a mistake, as in any column.
 */
function labelled(column: CategoryColumn, table: Table, format: CellFormat): Column {
  const { name, codes, categories } = column;
  const numbers = categories.map((label) => numberIn(label, format.decimal));
  const count = numbers.filter((number) => number !== undefined).length;
  if (count === 0) return column;
  if (count < categories.length) {
    refuseMistakes(column, table, format);
    return column;
  }
  const arePlain = categories.every((label, i) => shortest(label, format.decimal) === String(numbers[i]));
  return arePlain
    ? { type: "number", name, values: Float64Array.from(codes, (code) => numbers[code] ?? Number.NaN) }
    : column;
}

function shortest(label: string, decimal: CellFormat["decimal"]): string {
  return label.replace(decimal, ".").replace(/\.0+$/, "");
}

function refuseMistakes(
  { name, codes, categories }: CategoryColumn,
  { source, lines }: Table,
  format: CellFormat,
): void {
  const builder = new ColumnBuilder(name, undefined, format, source);
  for (const [row, code] of codes.entries()) if (code >= 0) builder.push(categories[code]!, lines[row]!);
  builder.check();
}
