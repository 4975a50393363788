import { expect, it } from "vitest";
import { meanByElement } from "../../src/predict/predictor.js";

it("what several networks predict is the mean of what each does, summed in double precision", () => {
  expect([...meanByElement([Float32Array.of(1, -2), Float32Array.of(3, 8)])]).toEqual([2, 3]);
  const single = (value: number) => Float32Array.of(value);
  expect(meanByElement([single(2 ** 24), single(1), single(1)])[0]).toBe((2 ** 24 + 2) / 3); // float32s lack 2²⁴ + 1
  expect(meanByElement([single(0.1)])).toEqual(single(0.1));
});
