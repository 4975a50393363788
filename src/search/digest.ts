import { createHash } from "node:crypto";
import { cellsOf, type Table } from "../data/table.js";

export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** Of the cells and names of tables, wherever they were read from. */
export function digestOfTables(tables: readonly Table[]): string {
  const hash = createHash("sha256");
  for (const { rows, columns } of tables) {
    hash.update(`${rows}\n`);
    for (const column of columns) {
      const { buffer, byteOffset, byteLength } = cellsOf(column);
      const categories = column.type === "category" ? column.categories : [];
      hash.update(`${JSON.stringify([column.name, column.type, ...categories])}\n`);
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest("hex");
}
