import { describe, expect, it } from "vitest";
import { inOrder, placesAmong } from "../../src/transform/categories.js";

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

  it("knows no place where several categories are that number", () => {
    expect(places(["1", "1.0"], ["1", "1.0", "1.00"])).toEqual([0, 1, undefined]);
  });
});

describe("inOrder", () => {
  it("has numbers in their own order, and words by code point", () => {
    expect(inOrder(["10", "9", "-1"])).toEqual(["-1", "9", "10"]);
    expect(inOrder(["10", "9", "x", "\u{1F600}", "\uFF5E"])).toEqual(["10", "9", "x", "\uFF5E", "\u{1F600}"]);
  });
});
