import { describe, expect, it } from "vitest";
import { type Column, cellsOf, type Table } from "../../src/data/table.js";
import { mostByChance } from "../../src/transform/chance.js";
import { Contract, type Finding } from "../../src/transform/contract.js";
import { type Limits, usualLimits } from "../../src/transform/limits.js";
import { learnPipeline } from "../../src/transform/pipeline.js";
import { MOST_VALUES } from "../../src/transform/profile.js";
import { numbersLike } from "../artifact/model.js";

/** Park and Miller's generator. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function tableOf(...columns: Column[]): Table {
  const rows = cellsOf(columns[0]!).length;
  return { source: "t.csv", rows, columns, lines: Int32Array.from({ length: rows }, (_, row) => row + 2) };
}

function words(cells: readonly string[]): Column {
  const categories = [...new Set(cells)];
  return { type: "category", name: "k", categories, codes: Int32Array.from(cells, (cell) => categories.indexOf(cell)) };
}

const numbers = (values: readonly number[]): Column => ({
  type: "number",
  name: "x",
  values: Float64Array.from(values),
});

function findings(training: Column, found: Column) {
  const learned = { noInputs: [], ignored: [], scale: "standard" } as const;
  const { pipeline } = learnPipeline(tableOf(training), learned);
  const table = tableOf(training);
  const contract = new Contract(pipeline, table.rows);
  contract.add(tableOf(found));
  return contract.findings({ drift: usualLimits.drift })[0]!;
}

it("a whole number written in two ways is one category, also where one way is rare", () => {
  const cells = Array.from({ length: 300 }, (_, i) => (i % 50 === 0 ? "1" : ["1.0", "2.0", "x"][i % 3]!));
  expect(findings(words(cells), words(cells))).toMatchObject({ unseen: 0, breaks: [] });
  expect(findings(words(cells), words(cells)).drift).toBeCloseTo(0, 12);
});

describe("a column of words of rows that are like those of training", () => {
  it.each([
    [40, 200, 2000, 0],
    [30, 100, 2000, 0],
    [60, 200, 200, 0],
    [20, 200, 2000, 1],
    [20, 100, 200, 0.5],
    [150, 1000, 2000, 0.5],
  ])("seldom breaks the contract: %i categories, %i training rows, %i new", (categories, training, rows, power) => {
    const random = uniform(categories + rows);
    const upTo: number[] = [];
    for (let i = 0; i < categories; i++) upTo.push((upTo.at(-1) ?? 0) + (i + 1) ** -power);
    const draw = (count: number) =>
      words(Array.from({ length: count }, () => `w${upTo.findIndex((sum) => sum > random() * upTo.at(-1)!)}`));
    let broken = 0;
    for (let i = 0; i < 200; i++) if (findings(draw(training), draw(rows)).breaks.length > 0) broken++;
    expect(broken).toBeLessThan(6);
  });

  it("breaks it where one row in twenty is new, and none of a thousand was", () => {
    const known = Array.from({ length: 1000 }, (_, i) => `w${i % 10}`);
    const found = findings(words(known), words(known.map((word, i) => (i % 20 === 0 ? "new" : word))));
    expect(found.unseen).toBe(0.05);
    expect(found.breaks).toContain("unseen");
  });
});

describe("a column of words that don't all have a place of their own", () => {
  const withPlaces = (minRows: number) => ({
    noInputs: [],
    ignored: [],
    scale: "standard" as const,
    categories: { unknown: false, minRows },
  });

  it.each([
    [2000, 12_000, 12_000, 0, 6],
    [2000, 12_000, 1000, 0.7, 5],
    [3000, 12_000, 12_000, 1, 3],
    [100, 1000, 1000, 0, 10],
    [300, 1500, 300, 0.8, 3],
    [6000, 6400, 8000, 0, 2],
    [300, 1500, 1500, 0, 5],
  ])(
    "seldom breaks it, and has the share that is expected: %i words, %i and %i rows, power %f, in %i rows or more",
    (categories, training, rows, power, minRows) => {
      const random = uniform(categories + rows);
      const upTo: number[] = [];
      for (let i = 0; i < categories; i++) upTo.push((upTo.at(-1) ?? 0) + (i + 1) ** -power);
      const place = (at: number) => {
        let [low, high] = [0, categories - 1];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (upTo[middle]! > at) high = middle;
          else low = middle + 1;
        }
        return low;
      };
      const names = Array.from({ length: categories }, (_, i) => `w${i}`);
      const draw = (count: number): Column => {
        const codes = Int32Array.from({ length: count }, () => place(random() * upTo.at(-1)!));
        return { type: "category", name: "k", categories: names, codes };
      };
      let broken = 0;
      let [found, expected] = [0, 0];
      for (let i = 0; i < 20; i++) {
        const table = tableOf(draw(training));
        const contract = new Contract(learnPipeline(table, withPlaces(minRows)).pipeline, table.rows);
        contract.add(tableOf(draw(rows)));
        const [{ breaks, unseen, expectedRare }] = contract.findings({ drift: usualLimits.drift }) as [Finding];
        broken += breaks.length;
        found += unseen! / 20;
        expected += expectedRare! / 20;
      }
      expect(broken).toBe(0);
      expect(expected / found).toBeGreaterThan(0.93);
      expect(expected / found).toBeLessThan(1.07);
    },
  );

  it("may have a share that is given on top of what is expected", () => {
    const cells = words(Array.from({ length: 1000 }, (_, i) => (i < 900 ? "known" : `w${i}`)));
    const table = tableOf(cells);
    const contract = new Contract(learnPipeline(table, withPlaces(10)).pipeline, table.rows);
    contract.add(table);
    const [{ expectedRare, unseenLimit }] = contract.findings({ ...usualLimits, unseen: 0.02 }) as [Finding];
    expect(expectedRare).toBeGreaterThan(0.05);
    expect(unseenLimit).toBeCloseTo(0.02 + expectedRare!, 12);
  });

  it("breaks it where a tenth more have none", () => {
    const random = uniform(5);
    const cells = (different: number) =>
      words(Array.from({ length: 3000 }, () => `w${Math.floor(random() * different)}`));
    const table = tableOf(cells(300));
    const contract = new Contract(learnPipeline(table, withPlaces(10)).pipeline, table.rows);
    contract.add(tableOf(cells(400)));
    expect(contract.findings({ drift: usualLimits.drift })[0]!.breaks).toContain("unseen");
  });
});

describe("a column that is nearly always the same number", () => {
  /** The number that it nearly always is, and the others. */
  const kinds: Record<string, [number, (random: () => number) => number]> = {
    below: [0, (random) => -100 * Math.log(random())],
    above: [100, (random) => 100 * random()],
    between: [0, (random) => Math.tan(3 * (random() - 0.5))],
    "one of few": [0, (random) => 1 + Math.floor(-3 * Math.log(random()))],
  };
  const cells = (kind: string, rows: number, random: () => number, unit = 1) => {
    const [frequent, other] = kinds[kind]!;
    return numbers(Array.from({ length: rows }, () => (random() < 0.95 ? frequent : other(random) / unit)));
  };

  it.each(Object.keys(kinds))("seldom drifts by chance, where that is %s the others", (kind) => {
    const random = uniform(11);
    let drifted = 0;
    for (const [training, rows] of [
      [300, 60],
      [300, 2000],
      [2000, 2000],
    ] as const) {
      for (let i = 0; i < 300; i++) {
        const { drift, driftByChance } = findings(cells(kind, training, random), cells(kind, rows, random));
        if (drift !== null && drift > driftByChance!) drifted++;
      }
    }
    expect(drifted).toBeLessThan(5);
  });

  it.each(Object.keys(kinds))("drifts where the others change their unit, where that is %s the others", (kind) => {
    const random = uniform(12);
    const training = cells(kind, 2000, random);
    const found = findings(training, cells(kind, 2000, random, 100));
    expect(found.drift).toBeGreaterThan(2);
    expect(found).toMatchObject({ breaks: expect.arrayContaining(["drift"]), driftWithout: [kinds[kind]![0]] });
    expect(findings(training, training).drift).toBeCloseTo(0, 12);
  });

  it("drifts where it is another number more often", () => {
    const training = numbers(Array.from({ length: 2000 }, (_, i) => (i % 20 ? 0 : 1 + i)));
    const found = findings(training, numbers(Array.from({ length: 2000 }, (_, i) => (i % 3 ? 0 : 1 + (i % 1900)))));
    expect(found).toMatchObject({ breaks: ["drift"], driftWithout: [] });
  });
});

describe("few rows break it", () => {
  const random = uniform(5);
  const training = Array.from({ length: 200 }, () => 10 * random());

  it("where a number is a hundred ranges away, even in one", () => {
    expect(findings(numbers(training), numbers([5000])).breaks).toEqual(["far outside"]);
    expect(findings(numbers(training), numbers([-5000]))).toMatchObject({ farOutside: -5000 });
    expect(findings(numbers(training), numbers([50])).breaks).toEqual([]);
    const farthestFirst = numbers([5000, 50, ...training]);
    expect(findings(numbers(training), farthestFirst)).toMatchObject({ farOutside: 5000 });
  });

  it("but not where it is as far as among so many more rows one may be", () => {
    const many = Array.from({ length: 10 }, () => training).flat();
    expect(findings(numbers(training), numbers([...many, 5000])).breaks).toEqual([]);
    expect(findings(numbers(training), numbers([...many, 50_000])).breaks).toEqual(["far outside"]);
  });

  it("where a number is far away, and no share is given that may be outside", () => {
    const { pipeline } = learnPipeline(tableOf(numbers(training)), { noInputs: [], ignored: [], scale: "standard" });
    const contract = new Contract(pipeline, training.length);
    contract.add(tableOf(numbers([5000])));
    expect(contract.findings({ ...usualLimits, outside: 1 })[0]).toMatchObject({ farOutside: null, breaks: [] });
  });

  it.each([
    ["a flag that is nearly always 0", (row: number) => Number(row % 20 === 0), 1e30],
    ["amounts that are nearly always 0", (row: number) => (row % 12 === 0 ? 20 + row : 0), 99999999999],
    ["the same number, or none", (row: number) => (row % 9 === 0 ? Number.NaN : 5), 1e30],
  ])("where a number is absurd in %s", (_, cell, absurd) => {
    const column = (more: number[]) => numbers([...Array.from({ length: 400 }, (_, row) => cell(row)), ...more]);
    expect(findings(column([]), column([absurd]))).toMatchObject({ farOutside: absurd, breaks: ["far outside"] });
    expect(findings(column([]), column([]))).toMatchObject({ farOutside: null, breaks: [] });
  });

  it.each([
    ["Cauchy", () => Math.tan(Math.PI * (random() - 0.5))],
    ["Pareto, its tail index 1", () => 1 / random()],
    ["log-normal of deviation 3", () => Math.exp(3 * Math.sqrt(-2 * Math.log(random())) * Math.cos(7 * random()))],
    ["zeros and some large", () => (random() < 0.9 ? 0 : 1 / random())],
  ])("and seldom where it is not far for its distribution: %s", (_, draw) => {
    const some = (rows: number) => numbers(Array.from({ length: rows }, draw));
    let far = 0;
    for (const rows of [200, 5000]) {
      for (let i = 0; i < 100; i++) if (findings(some(200), some(rows)).breaks.includes("far outside")) far++;
    }
    expect(far).toBeLessThan(4);
  });

  it("where more cells are missing than chance makes, and training lacked none", () => {
    const missing = [Number.NaN, Number.NaN, Number.NaN];
    expect(findings(numbers(training), numbers(missing)).breaks).toContain("missing");
    expect(findings(numbers(training), numbers([Number.NaN])).breaks).toEqual([]);
  });
});

describe("missing cells", () => {
  const random = uniform(6);
  const some = (rows: number, share: number) =>
    numbers(Array.from({ length: rows }, () => (random() < share ? Number.NaN : random())));

  it("as many as in training, in few rows or many, seldom break the contract", () => {
    let broken = 0;
    for (const [share, training, rows] of [
      [0.3, 100, 20],
      [0.02, 200, 50],
      [0.1, 1000, 1000],
      [0.05, 20, 15],
    ] as const) {
      for (let i = 0; i < 200; i++) {
        if (findings(some(training, share), some(rows, share)).breaks.includes("missing")) broken++;
      }
    }
    expect(broken).toBeLessThan(4);
  });

  it("count as no rows of which some may be outside by chance", () => {
    const training = numbers(Array.from({ length: 100 }, (_, i) => i));
    const present = Array.from({ length: 100 }, (_, i) => i);
    const alone = findings(training, numbers(present)).outsideLimit!;
    const among = findings(training, numbers([...present, ...Array<number>(300).fill(Number.NaN)])).outsideLimit!;
    expect(alone).toBeGreaterThan(0.05);
    expect(400 * among).toBeCloseTo(100 * alone, 9);
  });

  it("are no cells that can't be read: these change no distribution", () => {
    const training = Array.from({ length: 200 }, (_, i) => i);
    const unreadable = new Map(training.map((i) => [200 + i, "many"]));
    const values = Float64Array.from([...training, ...training.map(() => Number.NaN)]);
    const found = findings(numbers(training), { type: "number", name: "x", values, unreadable });
    expect(found).toMatchObject({ missing: 0, unreadable: 200, breaks: ["not numbers"] });
    expect(found.drift).toBeCloseTo(0, 12);
  });

  it("a fifth more break it, unless more may be", () => {
    const found = findings(some(1000, 0.1), some(1000, 0.3));
    expect(found.breaks).toContain("missing");
    expect(found.missingLimit).toBeCloseTo(found.missingInTraining! + 0.1, 12);
  });
});

it("a long column's distribution is known of so many values as were looked at", () => {
  const state = { name: "x", type: "number", scaler: { name: "none" }, fill: 0, indicator: false } as const;
  const chanceAfter = (trainingRows: number) => {
    const contract = new Contract([{ ...state, profile: numbersLike(0, 1) }], trainingRows);
    contract.add(tableOf(numbers(Array.from({ length: 1000 }, (_, i) => i / 1000))));
    return contract.findings(usualLimits)[0]!.driftByChance!;
  };
  expect(chanceAfter(1e6)).toBe(chanceAfter(MOST_VALUES));
  expect(chanceAfter(MOST_VALUES)).toBeLessThan(chanceAfter(MOST_VALUES / 2));
});

it("a table of many columns, each of which may be far off by chance, seldom breaks it", () => {
  const random = uniform(7);
  const draw = (rows: number) =>
    tableOf(
      ...Array.from({ length: 200 }, (_, i): Column => {
        return { type: "number", name: `x${i}`, values: Float64Array.from({ length: rows }, random) };
      }),
    );
  let broken = 0;
  for (let i = 0; i < 20; i++) {
    const training = draw(60);
    const learned = { noInputs: [], ignored: [], scale: "standard" } as const;
    const contract = new Contract(learnPipeline(training, learned).pipeline, training.rows);
    contract.add(draw(600));
    if (contract.findings({ drift: usualLimits.drift }).some(({ breaks }) => breaks.length > 0)) broken++;
  }
  expect(broken).toBe(0);
});

describe("the numbers of a column that says when a row was", () => {
  const weeks = (from: number) => tableOf(numbers(Array.from({ length: 80 }, (_, i) => from + i)));
  const { pipeline } = learnPipeline(weeks(1), { noInputs: [], ignored: [], scale: "standard" });
  const breaks = (time?: string, limits: Limits = { drift: usualLimits.drift }, from = 81) => {
    const contract = new Contract(pipeline, 80, time);
    contract.add(weeks(from));
    return contract.findings(limits)[0]!.breaks;
  };

  it("go on, as dates do, unless it is said how many may", () => {
    expect(breaks()).toEqual(["outside", "drift"]);
    expect(breaks("x")).toEqual([]);
    expect(breaks("x", usualLimits)).toEqual(["outside"]);
  });

  it("but not a hundred ranges further", () => {
    expect(breaks("x", { drift: usualLimits.drift }, 1e6)).toEqual(["far outside"]);
  });
});

it("as many numbers may be outside as by chance are beyond the smallest and the largest of training", () => {
  const some = (rows: number) => numbers(Array.from({ length: rows }, (_, i) => i % 20));
  expect(findings(some(20), some(40)).outsideLimit).toBe(mostByChance(40, 2, 20) / 40);
});
