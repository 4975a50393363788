import { describe, expect, it } from "vitest";
import { type RowsOptions, rowsFormat } from "../../src/cli/rowsOptions.js";
import { refusal } from "../data/source.js";

const usual = { delimiter: "auto", encoding: "auto", skipLines: 0 } as const;
const european = { missing: [], decimal: ",", thousands: "." } as const;
const marks = (options: Pick<RowsOptions, "decimal" | "thousands">) => {
  const { decimal, thousands } = rowsFormat({ ...european, missing: [] }, { ...usual, ...options });
  return [decimal, thousands];
};

describe("numbers in rows for a model", () => {
  it("are written as in its training rows", () => {
    expect(marks({})).toEqual([",", "."]);
    expect(marks({ decimal: "," })).toEqual([",", "."]);
  });

  it("have no thousands separator of the old kind beside another decimal separator", () => {
    expect(marks({ decimal: "." })).toEqual([".", null]);
    expect(marks({ decimal: ".", thousands: "," })).toEqual([".", ","]);
    expect(marks({ thousands: "none" })).toEqual([",", null]);
  });

  it("can't have one separator for both", async () => {
    expect(await refusal(() => marks({ thousands: "," }))).toMatchObject({ kind: "usage", details: { have: '","' } });
  });
});
