import type { Model } from "../artifact/model.js";
import { csvLine } from "../data/csv.js";
import type { Block } from "../data/read.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import type { Predicted } from "../predict/blockPredictor.js";
import { type Beside, predictionCells, predictionHeader, safeWord } from "../transform/output.js";
import { rowsNotFinite } from "../transform/scalers.js";
import { countClipped, targetWidth } from "../transform/target.js";
import { notFinite } from "./notFinite.js";
import { clippedSentences, Remarks } from "./remarks.js";
import { count } from "./text.js";

export interface PredictionsOptions {
  readonly beside: Beside;
  /** with a column that says what is unusual about a row */
  readonly reasons: boolean;
  /** a row that can't be predicted gets empty cells, and is no error */
  readonly lenient: boolean;
  /** text that a spreadsheet would take for a formula is marked as none */
  readonly csvSafe: boolean;
}

/** The predictions for a table as lines of CSV, block by block, and what there is to say of them at the end. */
export class PredictionLines {
  readonly counts = { rows: 0, withoutPrediction: 0, clipped: 0 };
  private readonly remarks: Remarks;
  private readonly columns: readonly string[];
  private readonly word: (text: string) => string;
  private readonly notFinite: { rows: number; first?: string } = { rows: 0 };

  constructor(
    private readonly model: Pick<Model, "pipeline" | "target">,
    private readonly options: PredictionsOptions,
  ) {
    this.remarks = new Remarks(model.pipeline, options.reasons);
    this.columns = predictionHeader(model.target, options.beside);
    this.word = options.csvSafe ? safeWord : (text) => text;
  }

  /** The header goes with the first rows, so that an error in them comes before it. */
  async *lines(predicted: AsyncIterable<Predicted<Block>>): AsyncGenerator<string> {
    let header: string | undefined;
    let isFirst = true;
    for await (const { block, outputs } of predicted) {
      if (isFirst) header = this.header(block);
      isFirst = false;
      if (block.table.rows === 0) continue;
      yield (header ?? "") + this.linesOf(block, outputs);
      header = undefined;
    }
    if (header !== undefined) yield header;
  }

  /** How many cells were unusual, by column and what is unusual about them. */
  odd(): ReturnType<Remarks["counts"]> {
    return this.remarks.counts();
  }

  sentences(): string[] {
    const { rows, first } = this.notFinite;
    const { clipped } = this.counts;
    const what =
      rows === 1 ? "has no prediction, because its output is" : "have no prediction, because their outputs are";
    return [
      ...this.remarks.sentences(),
      ...clippedSentences(clipped),
      ...(rows > 0 ? [`${count(rows, "row")} ${what} not finite; the first is ${first}`] : []),
    ];
  }

  private header({ kept, table }: Block): string {
    const names = [...kept.map(({ name }) => name), ...this.columns, ...(this.options.reasons ? ["reasons"] : [])];
    const twice = names.find((name, place) => names.indexOf(name) < place);
    if (twice !== undefined) {
      throw new NnfitError("usage", `the predictions would have two columns named "${twice}"`, {
        at: table.source,
        try: "--with other columns",
      });
    }
    return csvLine(names.map(this.word));
  }

  private linesOf({ table, kept }: Block, outputs: Float32Array): string {
    const { target } = this.model;
    const { reasons, unreadable } = this.remarks.on(table);
    const without = new Set([...unreadable, ...this.lost(outputs, table)]);
    this.counts.rows += table.rows;
    this.counts.withoutPrediction += without.size;
    this.counts.clipped += countClipped(target, outputs, without);
    const label = target.task === "classification" ? this.word : (number: string) => number;
    const predictions = predictionCells(target, outputs, this.options.beside);
    const lineOf = ([first = "", ...others]: readonly string[], row: number) => {
      const asWritten = kept.map(({ cells }) => this.word(cells[row]!));
      const cells = without.has(row) ? this.columns.map(() => "") : [label(first), ...others];
      return csvLine([...asWritten, ...cells, ...(this.options.reasons ? [this.word(reasons[row]!)] : [])]);
    };
    return predictions.map(lineOf).join("");
  }

  /** Rows of which the network makes no finite number. */
  private lost(outputs: Float32Array, table: Table): number[] {
    const lost = rowsNotFinite(outputs, targetWidth(this.model.target));
    if (lost.length === 0) return lost;
    if (!this.options.lenient) {
      throw notFinite(table, lost, {
        try: "nnfit check, to see what is far from the training rows, or --on-error null to leave the prediction empty",
      });
    }
    this.notFinite.rows += lost.length;
    this.notFinite.first ??= `${table.source}:${table.lines[lost[0]!]}`;
    return lost;
  }
}
