import type { Column, Table } from "../data/table.js";
import { usualLimits } from "../transform/limits.js";
import { type Oddity, OddityTally, oddText } from "../transform/oddities.js";
import type { ColumnState, PipelineState } from "../transform/pipeline.js";
import { count, rangeText, valueText } from "./text.js";

/** So many columns are spoken of at the end. */
const MOST_SENTENCES = 5;

/** What is to say of the rows of one block. */
export interface BlockRemarks {
  /** of each row, what is odd about its cells */
  readonly reasons: readonly string[];
  /** rows with a cell that should be a number or a date and is none */
  readonly unreadable: ReadonlySet<number>;
}

/** That so many rows have predictions that are clipped, in a sentence if there are some. */
export function clippedSentences(rows: number): string[] {
  if (rows === 0) return [];
  const have = rows === 1 ? "has a prediction" : "have predictions";
  return [`${count(rows, "row")} ${have} clipped to the target's training range (scale.clamp)`];
}

/** Collects what is odd about the rows that are predicted. */
export class Remarks {
  private readonly tallies: readonly OddityTally[];

  constructor(
    pipeline: PipelineState,
    private readonly withReasons: boolean,
  ) {
    this.tallies = pipeline.map((state) => new OddityTally(state));
  }

  on(table: Table): BlockRemarks {
    const reasons: string[][] = this.withReasons ? Array.from({ length: table.rows }, () => []) : [];
    const unreadable = new Set<number>();
    for (const tally of this.tallies) {
      tally.add(table, (row, oddity, column) => {
        if (oddity === "unreadable") unreadable.add(row);
        reasons[row]?.push(reason(tally.state, column, row, oddity));
      });
    }
    return { reasons: reasons.map((entries) => entries.join("; ")), unreadable };
  }

  /** By column and oddity, the number of its cells. */
  counts(): Record<string, Partial<Record<Oddity, number>>> {
    const found = this.tallies.map(({ state, counts }) => {
      const some = Object.entries(counts).filter(([, cells]) => cells > 0);
      return [state.name, Object.fromEntries(some)] as const;
    });
    return Object.fromEntries(found.filter(([, counts]) => Object.keys(counts).length > 0));
  }

  /** The worst of all blocks, a sentence for each column and oddity; `elsewhere` is where to find the others, in words. */
  sentences(elsewhere = this.withReasons ? "" : "; --reasons lists them row by row"): string[] {
    const found = this.tallies.flatMap((tally) =>
      // Object.entries forgets that the keys are the names of oddities
      (Object.entries(tally.counts) as [Oddity, number][])
        .filter(([oddity, cells]) => cells > 0 && !(oddity === "missing" && isUsual(tally)))
        .map(([oddity, cells]) => ({
          text: sentence(tally, oddity),
          weight: oddity === "unreadable" ? Number.POSITIVE_INFINITY : cells,
        })),
    );
    const worst = found.sort((a, b) => (a.weight === b.weight ? 0 : b.weight - a.weight)).slice(0, MOST_SENTENCES);
    const more = found.length - worst.length;
    return [
      ...worst.map(({ text }) => text),
      ...(more > 0 ? [`${count(more, "more remark")} of this kind${elsewhere}`] : []),
    ];
  }
}

/** No more cells are missing than in training, but for what `check` lets pass too. */
function isUsual({ state: { profile }, counts, rows }: OddityTally): boolean {
  return profile.missing > 0 && counts.missing / rows <= profile.missing + usualLimits.missing;
}

function reason(state: ColumnState, column: Column, row: number, oddity: Oddity): string {
  const { name } = state;
  const text = oddText(column, row);
  switch (oddity) {
    case "missing":
      return `${name} is missing`;
    case "unreadable":
      return `${name} "${text}" is not a ${state.type}`;
    case "unseen":
      return `${name} "${text}" is not known to the model`;
    case "outside":
      return `${name} ${text} is outside ${rangeText(state)}`;
  }
}

function sentence({ state, counts, examples }: OddityTally, oddity: Oddity): string {
  const { name } = state;
  const cells = counts[oddity];
  const some = [...examples].map((example) => `"${example}"`).join(", ");
  switch (oddity) {
    case "missing": {
      const isOrAre = cells === 1 ? "was" : "were";
      const filled =
        state.type === "category" || !state.scaler
          ? ""
          : ` and filled with the median, ${valueText(state, state.fill)}`;
      const never = (state.type === "category" ? state.other : state.indicator) ? "" : ", but none were in training";
      return `${count(cells, "cell")} of "${name}" ${isOrAre} missing${filled}${never}`;
    }
    case "unreadable":
      return `${count(cells, "row")} ${cells === 1 ? "has" : "have"} no prediction, because "${name}" is not a ${state.type}: ${some}`;
    case "unseen":
      return `${count(cells, "row")} ${cells === 1 ? "has" : "have"} a category of "${name}" that the model does not know: ${some}`;
    case "outside":
      return `"${name}" is beyond its training range (${rangeText(state)}) in ${count(cells, "row")}`;
  }
}
