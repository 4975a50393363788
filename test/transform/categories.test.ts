import { describe, expect, it } from "vitest";
import { inOrder, placesAmong, rowsByCategory } from "../../src/transform/categories.js";

const places = (categories: string[], words: string[]) => words.map(placesAmong(categories));

describe("placesAmong", () => {
  it("finds a word, and nothing for another", () => {
    expect(places(["a", "b"], ["b", "a", "c", "", "A"])).toEqual([1, 0, undefined, undefined, undefined]);
  });

  it("takes a whole number written with a point for the one without, and the other way round", () => {
    expect(places(["1", "2", "-3"], ["1.0", "2.00", "-3.0", "4.0"])).toEqual([0, 1, 2, undefined]);
    expect(places(["1.0", "2.0"], ["1", "2.000", "1.0"])).toEqual([0, 1, 0]);
  });

  it("takes no other words for the same", () => {
    const others = ["01", "1.5", "1.", "v1.0", "1.10", "+1", "1.0 ", "1,0", "1e0"];
    expect(places(["1", "v1", "1.1"], others)).toEqual(others.map(() => undefined));
  });

  it("knows no other place where several categories are that number", () => {
    expect(places(["1", "1.0"], ["1", "1.0", "1.00"])).toEqual([0, 1, undefined]);
  });
});

describe("where numbers have decimal commas", () => {
  it("1,0 is 1, and 1.0 and 1.000 are other words", () => {
    const placeOf = placesAmong(["1", "2"], ",");
    expect(["1,0", "2,00", "1.0", "1.000", "3,0"].map(placeOf)).toEqual([0, 1, undefined, undefined, undefined]);
  });
});

describe("rowsByCategory", () => {
  const rows = (words: string[], decimal?: ",") => {
    const categories = [...new Set(words)];
    const codes = Int32Array.from(words, (word) => (word === "" ? -1 : categories.indexOf(word)));
    const column = { type: "category" as const, name: "c", codes, categories, ...(decimal && { decimal }) };
    return Object.fromEntries([...rowsByCategory(column)].map(([code, count]) => [categories[code], count]));
  };

  it("counts the rows that are not missing", () => {
    expect(rows(["a", "b", "", "a", ""])).toEqual({ a: 2, b: 1 });
    expect(rows(["", ""])).toEqual({});
  });

  it("takes spellings of one whole number for one category, by the most frequent of them", () => {
    expect(rows(["1", "1.0", "1.0", "1.00", "01", "1,0", "2.0", "x"])).toEqual({
      "1.0": 4,
      "01": 1,
      "1,0": 1,
      "2.0": 1,
      x: 1,
    });
    expect(rows(["1", "1,0", "1.0", "1"], ",")).toEqual({ "1": 3, "1.0": 1 });
  });
});

describe("inOrder", () => {
  it("has numbers in their own order, and words by code point", () => {
    expect(inOrder(["10", "9", "-1"])).toEqual(["-1", "9", "10"]);
    expect(inOrder(["10", "9", "x", "\u{1F600}", "\uFF5E"])).toEqual(["10", "9", "x", "\uFF5E", "\u{1F600}"]);
  });
});
