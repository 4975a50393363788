import { describe, expect, it } from "vitest";
import type { Matrix } from "../../src/engine/memory.js";
import { operations } from "../../src/engine/pointwise.js";
import { record, type Tape } from "../../src/engine/tape.js";
import { make } from "../../src/family.js";
import { type ActivationChoice, activationChoice, activations } from "../../src/model/activations.js";
import * as reference from "./reference.js";
import { GuardedMemory } from "./reference.js";

interface Reference {
  readonly name: string;
  readonly forward: (tape: Tape, x: Matrix) => Matrix;
  readonly f: (x: number) => number;
  /** how far from the float32 nearest to f(x) a result may be */
  readonly ulps: number;
}

type Unary = Extract<keyof typeof operations, keyof Tape> | "sign" | "square";

/** An operation of the tape. */
function operation(name: Unary, f: (x: number) => number, ulps: number): Reference {
  return { name, forward: (tape, x) => (tape[name] as (x: Matrix) => Matrix)(x), f, ulps }; // only of one operand below
}

/** An activation as a network records it, of several operations that are each rounded. */
function activation(name: ActivationChoice["name"], f: (x: number) => number, ulps: number): Reference {
  return { name, forward: make(activations, activationChoice.parse(name)).forward, f, ulps };
}

const references: readonly Reference[] = [
  operation("absolute", Math.abs, 0),
  operation("sign", (x) => Number(x > 0) - Number(x < 0), 0),
  operation("square", (x) => x * x, 0),
  operation("squareRoot", Math.sqrt, 0),
  operation("exp", Math.exp, 1),
  operation("expm1", Math.expm1, 1),
  operation("log", Math.log, 1),
  operation("tanh", Math.tanh, 1),
  operation("sigmoid", reference.sigmoid, 1),
  operation("softplus", reference.softplus, 1),
  operation("normalCdf", reference.normalCdf, 1),
  operation("normalPdf", reference.normalPdf, 1),
  operation("cosTurns", reference.cosTurns, 1),
];

/** Not where the factor of x is subnormal, and so has fewer digits: |f(x)| < 2⁻¹²⁶·|x|. */
const composed: readonly Reference[] = [
  activation("elu", (x) => (x > 0 ? x : Math.expm1(x)), 1),
  activation("selu", (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)), 2),
  activation("gelu", (x) => x * reference.normalCdf(x), 2),
  activation("silu", (x) => x * reference.sigmoid(x), 2),
  activation("mish", (x) => x * Math.tanh(reference.softplus(x)), 4),
];

/** The function of float32 numbers, as the engine computes it. */
function played({ forward }: Reference): (inputs: Float32Array) => Float32Array {
  return (inputs) => {
    const memory = new GuardedMemory();
    const x = memory.matrix(1, inputs.length);
    const { result, play } = record(memory, 1, (tape) => forward(tape, x));
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

/** The largest distance from the engine's results to the reference, and where it is. */
function worst(reference: Reference, inputs: Float32Array): { ulps: number; x: number; y: number; expected: number } {
  const y = played(reference)(inputs);
  const expected = inputs.map(reference.f);
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
  names.splice(names.indexOf("uniform"), 1); // of bits; kernels.test.ts has its reference
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
    const y = played(reference)(Float32Array.of(NaN, 1, NaN, NaN, NaN));
    expect([...y].map(Number.isNaN)).toEqual(
      reference.name === "sign" ? Array(5).fill(false) : [true, false, true, true, true],
    );
  });

  it("has the same bits in every lane and in a tail of any length", () => {
    const inputs = grid(-3, 3, 22);
    const whole = played(reference)(inputs);
    for (let from = 0; from < 8; from++) {
      expect(played(reference)(inputs.slice(from))).toEqual(whole.slice(from));
    }
  });
});

describe.each(composed)("$name, to $ulps ulp,", (reference) => {
  it("meets the reference on numbers of every size", () => {
    const hasDigits = (x: number) => Math.abs(reference.f(x)) >= 2 ** -126 * Math.max(1, Math.abs(x));
    const inputs = [everyFloat(5003), everyFloat(5003).map((x) => -x), grid(-15, 15, 300_000), grid(-105, 90, 150_000)];
    for (const numbers of inputs) expectNear(reference, numbers.filter(hasDigits));
  });
});
