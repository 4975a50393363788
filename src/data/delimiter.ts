import { type CellFormat, type CsvFormat, syntax } from "./csv.js";

const delimiters = [",", ";", "\t", "|"] as const;

/** What a config or a command names as the delimiter. */
export async function delimiterOf(
  sample: string,
  { delimiter, decimal }: Pick<CsvFormat, "delimiter" | "decimal">,
): Promise<string> {
  if (delimiter === "auto") return findDelimiter(sample, decimal);
  return delimiter === "tab" ? "\t" : delimiter;
}

/** How much of a table is looked at. */
export const SAMPLE_CHARACTERS = 65536;

/**
 * The delimiter that cuts the first records into the same number of cells, more than one. Where none does, there is one
 * column, and any will do that is no decimal point.
 */
export async function findDelimiter(sample: string, decimal: CellFormat["decimal"]): Promise<string> {
  const candidates = delimiters.map(async (delimiter) => {
    const widths = await widthsOf(sample, delimiter);
    const [width = 0] = widths;
    const alike = widths.filter((other) => other === width).length / widths.length;
    return { delimiter, alike: width > 1 ? alike : 0, width };
  });
  const scores = await Promise.all(candidates);
  const best = scores.reduce((best, score) =>
    score.alike > best.alike || (score.alike === best.alike && score.width > best.width) ? score : best,
  );
  if (best.alike > 0) return best.delimiter;
  return decimal === "," ? ";" : ",";
}

/** How many cells the first records have. */
async function widthsOf(sample: string, delimiter: string): Promise<number[]> {
  const widths = sample.includes('"') ? await parsedWidths(sample, delimiter) : plainWidths(sample, delimiter);
  const cutOff = sample.length >= SAMPLE_CHARACTERS && widths.length > 1;
  return cutOff ? widths.slice(0, -1) : widths;
}

function plainWidths(sample: string, delimiter: string): number[] {
  const lines = sample.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  return lines.flatMap((line) => (line === "" ? [] : [line.split(delimiter).length]));
}

async function parsedWidths(sample: string, delimiter: string): Promise<number[]> {
  const { parse } = await import("csv-parse/sync");
  const widths: number[] = [];
  try {
    parse(sample, {
      ...syntax,
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      on_record: (cells: string[]) => {
        widths.push(cells.length);
        return null;
      },
    });
  } catch {
    // an unclosed quote: the records before it are judged by
  }
  return widths;
}
