import type { Matrix } from "./memory.js";
import type { Operand } from "./operands.js";

/**
 * Value numbering (Cocke and Schwartz, 1970): matrices of a tape that hold the same operation of the same operands have
 * the same number. Only matrices that the tape made itself are known: nobody else writes to them, whatever their place.
 */
export class Values {
  private readonly numbers = new Map<Matrix, number>();
  private readonly holders = new Map<string, { readonly matrix: Matrix; readonly number: number }>();
  private readonly shared = new Set<Matrix>();
  private count = 0;

  /** A matrix that holds this already, which nobody may write to from now on: each who asked for it has it. */
  share(name: string, operands: readonly Operand[]): Matrix | undefined {
    const matrix = this.find(name, operands);
    if (matrix) this.shared.add(matrix);
    return matrix;
  }

  /** A new matrix of the tape. */
  add(matrix: Matrix): Matrix {
    this.numbers.set(matrix, this.count++);
    return matrix;
  }

  /** A new matrix of the tape that holds this. */
  addResult(matrix: Matrix, name: string, operands: readonly Operand[]): void {
    const key = this.key(name, operands);
    const before = this.find(name, operands);
    const number = before ? this.numbers.get(before)! : this.count++;
    this.numbers.set(matrix, number);
    if (key && !before) this.holders.set(key, { matrix, number });
  }

  /** The matrix is written to: it holds something else from now on. Throws where others have it too. */
  change(matrix: Matrix): void {
    if (this.shared.has(matrix)) throw new Error("a result that was asked for twice can't be written to");
    if (this.numbers.has(matrix)) this.numbers.set(matrix, this.count++);
  }

  private find(name: string, operands: readonly Operand[]): Matrix | undefined {
    const holder = this.holders.get(this.key(name, operands) ?? "");
    return holder && this.numbers.get(holder.matrix) === holder.number ? holder.matrix : undefined;
  }

  private key(name: string, operands: readonly Operand[]): string | undefined {
    const words: string[] = [name];
    for (const operand of operands) {
      if (typeof operand === "number") words.push(Object.is(operand, -0) ? "-0" : String(operand));
      else if (typeof operand === "string" || !("rows" in operand) || !this.numbers.has(operand)) return undefined;
      else words.push(`#${this.numbers.get(operand)}`);
    }
    return words.join(" ");
  }
}
