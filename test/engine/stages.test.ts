import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Instruction, programOf, type Span, stagesOf } from "../../src/engine/stages.js";

const span = fc
  .record({ from: fc.nat(30), bytes: fc.integer({ min: 1, max: 8 }) })
  .map(({ from, bytes }): Span => ({ from, to: from + bytes }));
const programs = fc
  .array(
    fc.record({
      writes: fc.array(span, { minLength: 1, maxLength: 2 }),
      reads: fc.array(span, { maxLength: 3 }),
      byRows: fc.boolean(),
      work: fc.nat(2 ** 24),
    }),
    { maxLength: 20 },
  )
  .map((instructions) => instructions.map((one, number): Instruction => ({ ...one, words: [number, 2] })));

const overlap = (some: readonly Span[], others: readonly Span[]) =>
  some.some((a) => others.some((b) => Math.max(a.from, b.from) < Math.min(a.to, b.to)));
const depend = (a: Instruction, b: Instruction) =>
  overlap(a.writes, b.writes) || overlap(a.writes, b.reads) || overlap(a.reads, b.writes);

describe("the stages of a tape", () => {
  it("hold every instruction once", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const numbers = stagesOf(program).flatMap(({ instructions }) => instructions.map(({ words }) => words[0]!));
        expect(numbers.toSorted((a, b) => a - b)).toEqual(program.map((_, i) => i));
      }),
    );
  });

  it("keep the order of what depends on each other, with a barrier between, or row by row", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const stages = stagesOf(program);
        const placeOf = (instruction: Instruction) => {
          const stage = stages.findIndex(({ instructions }) => instructions.includes(instruction));
          return { stage, within: stages[stage]!.instructions.indexOf(instruction) };
        };
        for (const [i, before] of program.entries()) {
          for (const after of program.slice(i + 1).filter((after) => depend(before, after))) {
            const [first, then] = [placeOf(before), placeOf(after)];
            if (before.byRows && after.byRows && first.stage === then.stage) {
              expect(first.within).toBeLessThan(then.within);
            } else expect(first.stage).toBeLessThan(then.stage);
          }
        }
      }),
    );
  });

  it("are four for a step of training", () => {
    const places = ["rows", "W", "packed", "X", "ŷ", "dŷ", "loss", "dW"];
    const at = (...names: string[]) =>
      names.map((name) => ({ from: places.indexOf(name), to: places.indexOf(name) + 1 }));
    const make = (writes: string, reads: string[], byRows: boolean) => ({
      words: [],
      work: 0,
      writes: at(writes),
      reads: at(...reads),
      byRows,
    });
    const gather = make("X", ["rows"], true);
    const pack = make("packed", ["W"], false);
    const forward = make("ŷ", ["X", "packed"], true);
    const loss = make("loss", ["ŷ"], false);
    const gradient = make("dŷ", ["ŷ"], true);
    const backward = make("dW", ["dŷ", "X"], false);
    const update = make("W", ["W", "dW"], false);
    const stages = stagesOf([gather, pack, forward, loss, gradient, backward, update]);
    expect(stages.map(({ instructions }) => instructions)).toEqual([
      [pack],
      [gather, forward, gradient],
      [loss, backward],
      [update],
    ]);
  });

  it("are cut into more pieces the more work they are, for fewer threads", () => {
    const piecesFor = (work: number, threads: number, byRows = true) => {
      const instruction = { words: [7, 2], writes: [{ from: 0, to: 4 }], reads: [], byRows, work };
      const [length, pieces, scratch, ...words] = programOf(stagesOf([instruction]), threads, 640);
      expect([length, scratch, words]).toEqual([5, 640, [7, 2]]);
      return pieces;
    };
    expect([0, 2 ** 19, 2 ** 20, 2 ** 30].map((work) => piecesFor(work, 2))).toEqual([1, 1, 2, 16]);
    expect(piecesFor(2 ** 20, 1)).toBe(4);
    expect([1, 2, 3].map((threads) => piecesFor(2 ** 30, threads, false))).toEqual([1, 4, 4]);
  });
});
