import { describe, expect, it } from "vitest";
import { MOST_VALUES, profileDates, profileNumbers } from "../../src/transform/profile.js";
import { Sample } from "../../src/transform/sample.js";

describe("what a column was like", () => {
  it("is of dates their range, and the share that is missing", () => {
    const days = new Sample(Float64Array.of(19_010, Number.NaN, 19_000, Number.NaN, Number.NaN));
    expect(profileDates(days, 5)).toEqual({ smallest: 19_000, largest: 19_010, missing: 0.6 });
  });

  it.each([40, 5 * MOST_VALUES])("is of numbers the shares between deciles, of all %i rows", (rows) => {
    const column = Float64Array.from({ length: rows }, (_, row) => (row % 2 ? row : Number.NaN));
    const { bins, missing } = profileNumbers(new Sample(column), rows);
    expect(missing).toBe(0.5);
    for (const [bin, share] of bins.entries()) expect(share).toBeCloseTo(bin % 2 === 0 ? 0.05 : 0, 3);
    expect(bins.reduce((sum, share) => sum + share, missing)).toBeCloseTo(1, 9);
  });

  describe("is of numbers beside frequent ones", () => {
    const profileOf = (cells: readonly number[]) =>
      profileNumbers(new Sample(Float64Array.from(cells)), cells.length).others;
    const some = (count: number, number: (i: number) => number) => Array.from({ length: count }, (_, i) => number(i));
    const zeros = some(900, () => 0);

    it.each([
      ["below", (i: number) => 1 + i],
      ["above", (i: number) => -1 - i],
      ["between", (i: number) => (i < 50 ? i - 50 : i - 49)],
    ])("how they are distributed, the frequent one being %s", (_, number) => {
      const { quantiles, bins } = profileOf([...some(100, number), ...zeros])!;
      const sorted = some(100, number).sort((a, b) => a - b);
      expect(quantiles).toEqual(some(9, (k) => sorted[10 * k + 9]!));
      for (const [bin, share] of bins.entries()) expect(share).toBeCloseTo(bin % 2 === 0 ? 0.01 : 0, 12);
    });

    it("in fewer parts where they are few, and in none where they are hardly any or there is no frequent one", () => {
      expect(profileOf([...some(14, (i) => 1 + i), ...zeros])!.quantiles).toEqual([7]);
      expect(profileOf([...some(9, (i) => 1 + i), ...zeros])).toBeUndefined();
      expect(profileOf(some(1000, (i) => i))).toBeUndefined();
    });

    it("with a bin for each that is frequent among them", () => {
      const { quantiles, bins } = profileOf([...some(50, (i) => (i % 5 ? 3 : 1)), ...zeros])!;
      expect(quantiles).toEqual([1, 1, 3, 3, 3, 3, 3, 3, 3]);
      expect(bins.filter((share) => share > 0)).toEqual([10 / 950, 40 / 950]);
    });
  });
});
