import { describe, expect, it } from "vitest";
import type { Matrix } from "../../src/engine/memory.js";
import { operations } from "../../src/engine/pointwise.js";
import { record, type Tape } from "../../src/engine/tape.js";
import * as reference from "./reference.js";
import { GuardedMemory } from "./reference.js";

interface Reference {
  readonly name: keyof Tape;
  readonly f: (x: number) => number;
  /** how far from the float32 nearest to f(x) a result may be */
  readonly ulps: number;
}

const references: readonly Reference[] = [
  { name: "absolute", f: Math.abs, ulps: 0 },
  { name: "sign", f: (x) => Number(x > 0) - Number(x < 0), ulps: 0 },
  { name: "square", f: (x) => x * x, ulps: 0 },
  { name: "squareRoot", f: Math.sqrt, ulps: 0 },
  { name: "exp", f: Math.exp, ulps: 1 },
  { name: "expm1", f: Math.expm1, ulps: 1 },
  { name: "tanh", f: Math.tanh, ulps: 1 },
  { name: "sigmoid", f: reference.sigmoid, ulps: 1 },
  { name: "softplus", f: reference.softplus, ulps: 1 },
  { name: "normalCdf", f: reference.normalCdf, ulps: 1 },
  { name: "normalPdf", f: reference.normalPdf, ulps: 1 },
];

/** The function of float32 numbers, as the kernel computes it. */
function kernel(name: keyof Tape): (inputs: Float32Array) => Float32Array {
  return (inputs) => {
    const memory = new GuardedMemory();
    const x = memory.matrix(1, inputs.length);
    // `references` names only such methods
    const { result, play } = record(memory, 1, (tape) => (tape[name] as (x: Matrix) => Matrix)(x));
    x.data.set(inputs);
    play(1);
    memory.expectGuards();
    return result.data.slice();
  };
}

/** Where a float32 is in the order of them all: neighbours differ by 1, and −0 is 0. */
const places = (floats: Float32Array) =>
  new Int32Array(floats.buffer, floats.byteOffset, floats.length).map((bits) =>
    bits < 0 ? -(bits & 0x7fffffff) : bits,
  );

/** The largest distance from the kernel's results to the reference, and where it is. */
function worst({ name, f }: Reference, inputs: Float32Array): { ulps: number; x: number; y: number; expected: number } {
  const y = kernel(name)(inputs);
  const expected = inputs.map(f);
  const [placeOfY, placeExpected] = [places(y), places(expected)];
  let at = 0;
  let ulps = -1;
  for (let i = 0; i < inputs.length; i++) {
    const sameNaN = Number.isNaN(y[i]) && Number.isNaN(expected[i]);
    const apart = sameNaN ? 0 : Math.abs(placeOfY[i]! - placeExpected[i]!);
    if (apart > ulps) {
      ulps = apart;
      at = i;
    }
  }
  return { ulps, x: inputs[at]!, y: y[at]!, expected: expected[at]! };
}

function expectNear(reference: Reference, inputs: Float32Array): void {
  const { ulps, x, y, expected } = worst(reference, inputs);
  expect(ulps, `${reference.name}(${x}) is ${y}, not ${expected}`).toBeLessThanOrEqual(reference.ulps);
}

/** Every `step`-th float32 from 0 to infinity. */
function everyFloat(step: number): Float32Array {
  const infinity = 0x7f800000;
  const bits = Int32Array.from({ length: Math.ceil(infinity / step) }, (_, i) => i * step);
  return new Float32Array(bits.buffer);
}

const grid = (from: number, to: number, steps: number) =>
  Float32Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);

it("every function has a reference", () => {
  const names = Object.entries(operations).flatMap(([name, made]) => ("kernel" in made ? [name] : []));
  expect(references.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
});

describe.each(references)("$name, to $ulps ulp,", (reference) => {
  it("meets the reference on numbers of every size", () => {
    const positive = everyFloat(5003);
    expectNear(reference, positive);
    expectNear(
      reference,
      positive.map((x) => -x),
    );
  });

  it("meets the reference where it is neither 0, its limit nor infinite", () => {
    expectNear(reference, grid(-15, 15, 300_000));
    expectNear(reference, grid(-105, 90, 150_000));
  });

  it("meets the reference at infinity and other edges", () => {
    const edges = [0, 2 ** -149, 2 ** -126, 1, 2, 16, 2 ** 64, (2 - 2 ** -23) * 2 ** 127, Infinity];
    expectNear(reference, Float32Array.from(edges.flatMap((x) => [x, -x])));
  });

  it("makes NaN of NaN, apart from the sign", () => {
    const y = kernel(reference.name)(Float32Array.of(NaN, 1, NaN, NaN, NaN));
    expect([...y].map(Number.isNaN)).toEqual(
      reference.name === "sign" ? Array(5).fill(false) : [true, false, true, true, true],
    );
  });

  it("has the same bits in every lane and in a tail of any length", () => {
    const inputs = grid(-3, 3, 22);
    const whole = kernel(reference.name)(inputs);
    for (let from = 0; from < 8; from++) {
      expect(kernel(reference.name)(inputs.slice(from))).toEqual(whole.slice(from));
    }
  });
});
