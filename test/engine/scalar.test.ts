import { describe, expect, it } from "vitest";
import { cos, exp, expm1, log, log1p, normalQuantile, pow } from "../../src/engine/scalar.js";
import { normalCdf, normalPdf, uniformFrom } from "./reference.js";

/** `count` numbers of both signs whose sizes are spread evenly over the powers of two from 2^low to 2^high. */
function spread(low: number, high: number, count = 100_000): number[] {
  const uniform = uniformFrom(low);
  return Array.from({ length: count }, () => {
    const size = 2 ** (low + (high - low) * uniform());
    return uniform() < 0.5 ? size : -size;
  });
}
const positive = (numbers: number[]) => numbers.map(Math.abs);

/** The largest relative difference of f and g, with that of two equal infinities or NaNs being 0. */
function worst(f: (x: number) => number, g: (x: number) => number, inputs: number[]): { apart: number; x: number } {
  let worst = { apart: 0, x: Number.NaN };
  for (const x of inputs) {
    const [y, expected] = [f(x), g(x)];
    if (Object.is(y, expected)) continue;
    const apart = Math.abs(y - expected) / Math.max(Math.abs(expected), 2 ** -1022);
    if (!(apart <= worst.apart)) worst = { apart, x };
  }
  return worst;
}

/** 2 ulp of a double */
const TOLERANCE = 2 ** -51;

describe("double-precision functions meet JavaScript's", () => {
  it.each([
    ["log", log, Math.log, positive(spread(-1074, 1023))],
    ["log near 1", log, Math.log, spread(-52, -2).map((x) => 1 + x)],
    ["log1p", log1p, Math.log1p, [...spread(-1074, -0.01), ...positive(spread(-1074, 1023))]],
    ["exp", exp, Math.exp, spread(-60, 9.55)],
    ["expm1", expm1, Math.expm1, spread(-1074, 9.47)],
    ["cos", cos, Math.cos, spread(-60, 40)],
    ["cos of a draw", cos, Math.cos, positive(spread(-40, 0)).map((u) => 2 * Math.PI * u)],
  ] as const)("%s", (_, f, g, inputs) => {
    const { apart, x } = worst(f, g, [...inputs]);
    expect(apart, `at ${x}`).toBeLessThanOrEqual(TOLERANCE);
  });

  it("pow", () => {
    const uniform = uniformFrom(1);
    for (const x of positive(spread(-100, 100, 20_000))) {
      const y = 20 * (uniform() - 0.5);
      const { apart } = worst(
        (y) => pow(x, y),
        (y) => x ** y,
        [y],
      );
      expect(apart, `pow(${x}, ${y})`).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it("pow of Adam's betas: 1 − βᵗ over many updates", () => {
    const updates = Array.from({ length: 20_000 }, (_, t) => t + 1);
    for (const beta of [0, 0.5, 0.9, 0.99, 0.999, 0.9999]) {
      const { apart, x } = worst(
        (t) => 1 - pow(beta, t),
        (t) => 1 - beta ** t,
        updates,
      );
      expect(apart, `at ${beta}^${x}`).toBeLessThanOrEqual(1e-12);
    }
  });

  it("at the edges", () => {
    expect([log(0), log(1), log(Infinity), log(-1)]).toEqual([-Infinity, 0, Infinity, Number.NaN]);
    expect([log1p(0), log1p(-1), log1p(Infinity)]).toEqual([0, -Infinity, Infinity]);
    expect([exp(0), exp(-Infinity), exp(Infinity), exp(710), exp(-746)]).toEqual([1, 0, Infinity, Infinity, 0]);
    expect([expm1(0), expm1(-Infinity), expm1(710)]).toEqual([0, -1, Infinity]);
    expect([pow(0, 0), pow(2, 10), pow(-2, 3), pow(9, 0.5)]).toEqual([1, 1024, -8, 3]);
    expect([cos(0), cos(Infinity)]).toEqual([1, Number.NaN]);
  });
});

describe("normalQuantile", () => {
  /** Φ(z) = p, by Newton's method from `start` */
  function inverse(p: number, start: number): number {
    let z = start;
    for (let i = 0; i < 4; i++) z -= (normalCdf(z) - p) / normalPdf(z);
    return z;
  }

  it("inverts Φ to 2e-9, relative to the larger of 1 and |z|", () => {
    const uniform = uniformFrom(1);
    const lower = [
      ...Array.from({ length: 4000 }, (_, i) => (i + 1) / 8001),
      ...Array.from({ length: 4000 }, () => 10 ** (-300 * uniform())).filter((p) => p < 0.5),
      0.02425,
      0.02425 - 2 ** -57,
    ];
    for (const p of lower) {
      const z = normalQuantile(p);
      const expected = inverse(p, z);
      expect(Math.abs(z - expected) / Math.max(1, Math.abs(expected)), `at ${p}`).toBeLessThan(2e-9);
    }
  });

  it("is symmetric to the bit", () => {
    for (let i = 1; i < 4096; i++) {
      const p = i / 4096;
      expect(normalQuantile(1 - p)).toBe(-normalQuantile(p) + 0);
    }
  });

  it("meets the tables", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
    expect(normalQuantile(0.01)).toBeCloseTo(-2.3263478740408408, 8);
  });

  it("rises", () => {
    const z = Array.from({ length: 20_000 }, (_, i) => normalQuantile((i + 1) / 20_001));
    expect(z.every((value, i) => i === 0 || value > z[i - 1]!)).toBe(true);
  });
});
