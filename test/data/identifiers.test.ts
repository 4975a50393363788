import { expect, it } from "vitest";
import { nameRows } from "../../src/data/identifiers.js";

it("names rows by a different whole number each, of more rows than a Set can hold", () => {
  const values = new Float64Array(2 ** 24 + 1);
  for (let row = 0; row < values.length; row++) values[row] = row;
  expect(nameRows({ type: "number", name: "customer_id", values })).toBe(true);
});

it("does not name rows that share a number", () => {
  expect(nameRows({ type: "number", name: "customer_id", values: Float64Array.of(1, 2, 1) })).toBe(false);
});
