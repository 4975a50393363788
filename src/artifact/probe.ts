import * as z from "zod";
import { Memory } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import type { Network } from "../model/network.js";
import { predictor } from "../predict/predictor.js";
import { type InputColumn, placesOf } from "../transform/inputColumns.js";

const MOST_ROWS = 16;

const rows = z.array(z.array(z.number())).min(1).max(MOST_ROWS);

/** Some of the training rows, and what the saved networks predict of them: loading computes it again. */
export const probeState = z.strictObject({
  /** X [rows, inputs], as the network takes them */
  inputs: rows,
  /** [rows, targets or classes], as the loss's inverse link makes them, the mean of all networks */
  outputs: rows,
});
export type Probe = z.output<typeof probeState>;

/** Networks that may have a memory for themselves. */
export type MakeNetworks = (memory: Memory) => Network[];

/**
 * Up to 16 of the `learned` rows of X, evenly spaced, with their predictions. None where a prediction is no finite
 * number, which JSON can't hold.
 */
export function probeOf(
  make: MakeNetworks,
  { X, learned, columns }: { X: Float32Array; learned: Uint32Array; columns: number },
): Probe | undefined {
  const size = Math.min(MOST_ROWS, learned.length);
  const inputs = Array.from({ length: size }, (_, i) => {
    const row = learned[Math.floor((i * learned.length) / size)]!;
    return [...X.subarray(row * columns, (row + 1) * columns)].map(shortest);
  });
  const outputs = predicted(make, inputs);
  return outputs.flat().every(Number.isFinite)
    ? { inputs, outputs: outputs.map((row) => row.map(shortest)) }
    : undefined;
}

/** Whether it is of such columns of X and so many targets or classes. */
export function probeFits({ inputs, outputs }: Probe, columns: readonly InputColumn[], width: number): boolean {
  return (
    inputs.length === outputs.length &&
    inputs.every((row) => row.length === columns.length && row.every((x, i) => canBe(columns[i], x))) &&
    outputs.every((row) => row.length === width)
  );
}

function canBe(column: InputColumn | undefined, x: number): boolean {
  if (column?.kind !== "code") return Number.isFinite(Math.fround(x));
  return Number.isInteger(x) && x >= -1 && x < placesOf(column);
}

/**
 * The most that an output may differ, in parts of itself or of 1, whichever is larger: what another order of float32's
 * roundings can do (2⁻²⁴ each, some thousand of them), and no wrong weight would.
 */
const ROUNDING = 1e-4;

/**
 * Predicts a probe's rows again. The nnfit that wrote a model gives every bit again, on any machine; another version may
 * round otherwise. Errors are of kind `model`.
 */
export function checkProbe(make: MakeNetworks, probe: Probe, { isOfThisVersion, name }: ProbeOf): void {
  const again = predicted(make, probe.inputs).flat();
  const expected = Float32Array.from(probe.outputs.flat());
  const off = again.map((value, i) => Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!)));
  const place = off.findIndex((part) => !(part <= ROUNDING)); // it may be NaN
  const [at, tried] = [{ at: name }, { try: "nnfit doctor, which checks that this machine computes as others do" }];
  const have = (i: number) => `${again[i]} where the model file says ${expected[i]}`;
  if (place >= 0) {
    throw new NnfitError("model", "the model does not predict what it did when it was saved", {
      ...at,
      have: have(place),
      ...tried,
    });
  }
  const first = off.findIndex((part) => part > 0);
  if (first < 0 || !isOfThisVersion) return;
  throw new NnfitError("model", "this machine computes different bits from the one that saved the model", {
    ...at,
    have: have(first),
    ...tried,
  });
}

interface ProbeOf {
  readonly isOfThisVersion: boolean;
  /** the model file, as errors name it */
  readonly name: string | undefined;
}

function predicted(make: MakeNetworks, inputs: Probe["inputs"]): number[][] {
  const memory = new Memory(); // of its own, which goes as soon as it is done
  try {
    const networks = make(memory);
    const columns = inputs[0]?.length ?? 0;
    const all = predictor(memory, networks, { columns, rows: MOST_ROWS })(Float32Array.from(inputs.flat()));
    const width = all.length / inputs.length;
    return inputs.map((_, row) => [...all.subarray(row * width, (row + 1) * width)]);
  } finally {
    memory.close();
  }
}

/** The number of the fewest digits that float32 rounds to x; 0 for −0, which JSON does not keep apart. */
function shortest(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(x.toPrecision(digits));
    if (Math.fround(rounded) === x) return rounded + 0;
  }
  return Number(x.toPrecision(9)); // enough for every float32
}
