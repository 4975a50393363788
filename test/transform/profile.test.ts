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
});
