import fc from "fast-check";
import { expect, it } from "vitest";
import { numberIn } from "../../src/data/columns.js";
import { shortDecimal } from "../../src/data/plain.js";

const told = (text: string) => shortDecimal(Buffer.from(`<${text}>`), 1, 1 + Buffer.byteLength(text));

it("a short decimal is the nearest double, as Number() has it, and nothing else is one", () => {
  const piece = fc.constantFrom("0", "1", "5", "9", "12345678", "000", ".", "-", "+", "e", "E", " ", "x", "é");
  const text = fc.oneof(
    fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join("")),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
  );
  fc.assert(
    fc.property(text, (text) => {
      const value = told(text);
      if (!Number.isNaN(value)) expect(Object.is(value, numberIn(text.trim()))).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});

it.each(["0", "-0", "7", "+7", "-1.5", ".5", "5.", "  12.25\t", "123456789012345", "0.00000000000001"])(
  "%s is a short decimal",
  (text) => {
    expect(told(text)).toBe(Number(text));
  },
);

it.each(["", " ", ".", "-", "+-1", "1e3", "1 2", "0x10", "1_000", "1,5", "inf", "NaN", "1234567890123456", "1.2.3"])(
  "%j is none",
  (text) => {
    expect(told(text)).toBeNaN();
  },
);
