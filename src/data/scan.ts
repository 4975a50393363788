import { readFileSync } from "node:fs";
import { wasmMemory } from "../engine/wasmMemory.js";

/** What data/assembly/scan.ts exports. Addresses are bytes; where cells begin and end is counted from the block on. */
interface Kernels {
  setPowers(address: number): void;
  setPoint(character: number): void;
  cut(
    block: number,
    at: number,
    end: number,
    delimiter: number,
    width: number,
    firstLine: number,
    starts: number,
    ends: number,
    hasQuotes: boolean,
  ): void;
  rowCount(): number;
  endOfRows(): number;
  lineAfterRows(): number;
  isUnfinished(): number;
  cellStart(row: number, column: number): number;
  cellEnd(row: number, column: number): number;
  numbers(column: number, values: number, others: number): number;
  words(column: number, codes: number, firstRows: number, table: number, slots: number): number;
}

/** Some rows of a table, cut into cells. They are there until the next block is scanned. */
export interface ScannedRows {
  readonly count: number;
  /** the line that each begins on, counted from 1 */
  readonly lines: Int32Array;
  /** Where the rows end: at the end of the block, or at the first row that is odd or not whole. */
  readonly endsAt: number;
  /** The block ends within quotes: its last row may go on after it. */
  readonly isUnfinished: boolean;
  /** the number of the line after them; blank lines count too */
  readonly nextLine: number;
  column(place: number): ScannedColumn;
}

export interface ScannedColumn {
  /** Its numbers, and which rows hold something else; there, the number is NaN. */
  numbers(): { values: Float64Array; others: Int32Array };
  /** Its different cells, of which two may be the same but for quotes, and which of them each row has. */
  words(): { words: string[]; codes: Int32Array };
  text(row: number): string;
}

const PAGE = 65536;
const QUOTE = '"';
/** decimal.ts knows the powers of ten from −64 to 64. */
const MOST_POWER = 64;
const POWERS_BYTES = (2 * MOST_POWER + 1) * 16;
/** The kernels read up to so much beyond a block. */
const MARGIN = 16;

/** Cuts blocks of plain lines into cells and reads them, as fast as memory gives the bytes. */
export class Scanner {
  private readonly memory = wasmMemory({ initial: 1 });
  private readonly kernels: Kernels;
  /** Where the powers of ten end: the kernels' own data come first. */
  private readonly free: number;

  constructor(
    private readonly delimiter: number,
    /** cells of a row */
    private readonly width: number,
    decimalPoint: number,
  ) {
    const { exports } = new WebAssembly.Instance(scanModule(), { env: { memory: this.memory } });
    this.kernels = exports as unknown as Kernels; // WebAssembly exports carry no types
    const powers = PAGE / 2;
    new BigUint64Array(this.memory.buffer, powers, POWERS_BYTES / 8).set(powersOfTen());
    this.kernels.setPowers(powers);
    this.kernels.setPoint(decimalPoint);
    this.free = powers + POWERS_BYTES;
  }

  /** The rows of a plain block, from byte `begin`, which is on the line `firstLine`, on. Blank lines are passed over. */
  scan(block: Buffer, begin: number, firstLine: number): ScannedRows {
    const { kernels, memory, width } = this;
    const bytes = block.length - begin;
    const mostRows = Math.floor((bytes + 1) / width) + 1;
    const slots = 2 ** Math.ceil(Math.log2(2 * mostRows));
    let end = this.free;
    const place = (size: number) => {
      const address = end;
      end += Math.ceil(size / 8) * 8;
      return address;
    };
    const text = place(bytes + MARGIN);
    const starts = place(mostRows * 8);
    const ends = place((bytes + width + 1) * 4);
    const values = place(mostRows * 8);
    const rows = place(mostRows * 4);
    const others = place(mostRows * 4);
    const table = place(slots * 4);
    const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);

    const { buffer } = memory;
    const copy = Buffer.from(buffer, text, bytes + MARGIN);
    block.copy(copy, 0, begin);
    copy.fill(0, bytes);
    kernels.cut(text, text, text + bytes, this.delimiter, width, firstLine, starts, ends, copy.includes(QUOTE));

    const count = kernels.rowCount();
    const integers = (address: number, length: number) => new Int32Array(buffer, address, length);
    const startsAndLines = integers(starts, count * 2);
    return {
      count,
      lines: Int32Array.from({ length: count }, (_, row) => startsAndLines[2 * row + 1]!),
      endsAt: begin + kernels.endOfRows(),
      isUnfinished: kernels.isUnfinished() === 1,
      nextLine: kernels.lineAfterRows(),
      column: (column) => {
        const text = (row: number) =>
          unquoted(copy.toString("utf8", kernels.cellStart(row, column), kernels.cellEnd(row, column)));
        return {
          text,
          numbers() {
            const odd = kernels.numbers(column, values, others);
            return { values: new Float64Array(buffer, values, count), others: integers(others, odd) };
          },
          words() {
            const different = kernels.words(column, rows, others, table, slots);
            return { words: Array.from(integers(others, different), text), codes: integers(rows, count) };
          },
        };
      },
    };
  }
}

function unquoted(cell: string): string {
  return cell.startsWith(QUOTE) ? cell.slice(1, -1).replaceAll('""', QUOTE) : cell;
}

let compiled: WebAssembly.Module | undefined;

function scanModule(): WebAssembly.Module {
  // The same path from src/data and from dist/bundle.
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../dist/data/scan.wasm", import.meta.url)));
  return compiled;
}

let powers: BigUint64Array | undefined;

function powersOfTen(): BigUint64Array {
  powers ??= BigUint64Array.from(
    Array.from({ length: 2 * MOST_POWER + 1 }, (_, i) => powerOfTen(i - MOST_POWER)).flat(),
  );
  return powers;
}

/** The 128 highest bits of 10ᵉ in two halves, cut off; rounded up where e is small and negative (Lemire, 2021). */
function powerOfTen(e: number): [high: bigint, low: bigint] {
  const five = 5n ** BigInt(Math.abs(e)); // ten has the same bits, some places further up
  const long = e < 0 ? (1n << 384n) / five : five << 128n;
  const bits = long.toString(2).length;
  const power = (long >> BigInt(bits - 128)) + (e >= -27 && e < 0 ? 1n : 0n);
  return [power >> 64n, BigInt.asUintN(64, power)];
}
