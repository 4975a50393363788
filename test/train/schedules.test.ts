import { describe, expect, it } from "vitest";
import { make } from "../../src/family.js";
import { trainingOptions } from "../../src/train/options.js";
import { Rates } from "../../src/train/pace.js";
import { type Schedule, type ScheduleChoice, scheduleChoice, schedules, warmedUp } from "../../src/train/schedules.js";

const schedule = (choice: unknown): Schedule => make(schedules, scheduleChoice.parse(choice) as ScheduleChoice);
const shares = Array.from({ length: 1001 }, (_, i) => i / 1000);

describe.each(Object.keys(schedules))("the schedule %s", (name) => {
  it("stays between 0 and 1, and reaches 1", () => {
    const values = shares.map(schedule(name));
    for (const value of values) {
      expect(value).toBeGreaterThanOrEqual(-1e-12);
      expect(value).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(Math.max(...values)).toBeGreaterThan(0.999);
  });
});

const at = (choice: unknown, ...places: number[]) => places.map(schedule(choice));
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));

it("constant, step and the cosines have the values of their formulas", () => {
  expect(at("constant", 0, 0.5, 1)).toEqual([1, 1, 1]);
  expect(at("step", 0, 0.49, 0.5, 0.74, 0.75, 1)).toEqual(close([1, 1, 0.1, 0.1, 0.01, 0.01]));
  expect(at({ name: "step", at: [0.2], factor: 0.5 }, 0.1, 0.2, 1)).toEqual([1, 0.5, 0.5]);
  expect(at("cosine", 0, 1 / 3, 0.5, 2 / 3, 1)).toEqual(close([1, 0.75, 0.5, 0.25, 0]));
  expect(at("flatCos", 0, 0.25, 0.5, 0.75, 1)).toEqual(close([1, 1, 1, 0.5, 0]));
});

it("oneCycle rises, then falls", () => {
  expect(at({ name: "oneCycle", rise: 0.4, start: 0.2 }, 0, 0.2, 0.4, 0.7, 1)).toEqual(close([0.2, 0.6, 1, 0.5, 0]));
  expect(at({ name: "oneCycle", rise: 0 }, 0, 0.5, 1)).toEqual(close([1, 0.5, 0]));
});

it("coslog4 is 0 at 0, 1/15, 3/15, 7/15 and 1, and 1 between them", () => {
  expect(at("coslog4", 0, 1 / 15, 3 / 15, 7 / 15, 1)).toEqual(close([0, 0, 0, 0, 0]));
  const middles = [0.5, 1.5, 2.5, 3.5].map((half) => (2 ** half - 1) / 15);
  expect(at("coslog4", ...middles)).toEqual(close([1, 1, 1, 1]));
});

describe("plateau", () => {
  const losses = [
    1, 0.9, 0.8999, 0.95, 0.93, 0.91, 0.85, 0.8499, 0.8499, 0.8499, 0.8499, 0.7, 0.70001, 0.8, 0.9, 1, 1, 1, 1, 1,
  ];
  /** The rate after each epoch, told its loss. */
  const ratesAfter = (options: object, observed = losses) => {
    const plateau = schedule({ name: "plateau", ...options });
    return observed.map((loss, epoch) => {
      plateau.watch!.observe(loss);
      return plateau(epoch / observed.length);
    });
  };

  it("falls as PyTorch's ReduceLROnPlateau does", () => {
    // torch.optim.lr_scheduler.ReduceLROnPlateau(…, eps=0) on the same losses
    expect(ratesAfter({ patience: 2, factor: 0.5, threshold: 1e-3, smallest: 0.2 })).toEqual([
      1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2,
    ]);
    expect(ratesAfter({ patience: 0, factor: 0.5, threshold: 0 })).toEqual([
      1, 1, 1, 0.5, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.03125, 0.015625, 0.015625, 0.0078125, 0.00390625, 0.001953125,
      0.0009765625, 0.00048828125, 0.000244140625, 0.0001220703125, 6.103515625e-5,
    ]);
  });

  it("has PyTorch's defaults: a tenth after more than 10 epochs that are no better by a part in 10 000", () => {
    const slowly = Array.from({ length: 24 }, (_, epoch) => 1 - 2e-6 * epoch);
    expect(ratesAfter({}, slowly)).toEqual([...Array(11).fill(1), ...Array(11).fill(0.1), 0.1 * 0.1, 0.1 * 0.1]);
    const faster = slowly.map((_, epoch) => 0.9998 ** epoch);
    expect(ratesAfter({}, faster)).toEqual(Array(24).fill(1));
  });

  it("goes on from a state that was kept as JSON", () => {
    const options = { schedule: { learningRate: { name: "plateau", patience: 2 }, dropout: "plateau" } };
    const started = () => new Rates(trainingOptions.parse(options), 1);
    const [whole, first, second] = [started(), started(), started()];
    for (const loss of losses) whole.observe(loss);
    for (const loss of losses.slice(0, 9)) first.observe(loss);
    second.state = JSON.parse(JSON.stringify(first.state));
    for (const loss of losses.slice(9)) second.observe(loss);
    expect(second.state).toEqual(whole.state);
    expect(Object.keys(whole.state)).toEqual(["learningRate", "dropout"]);
    expect(second.schedules.learningRate(0.5)).toBeCloseTo(1e-4, 12);
    expect(first.schedules.learningRate(0.5)).toBe(0.1);
    expect(JSON.stringify(started().state)).toContain('"best":null');
  });
});

describe("warm-up", () => {
  const twentieths = Array.from({ length: 20 }, (_, update) => update / 20);

  it("rises as PyTorch's LinearLR does from nearly 0, then comes the schedule", () => {
    // SequentialLR of LinearLR(start_factor=1e-9, total_iters=5) and CosineAnnealingLR(T_max=15)
    const torch = [
      1e-9, 0.20000000080000002, 0.40000000060000007, 0.6000000004, 0.8000000002000001, 1, 0.9890738003669028,
      0.9567727288213004, 0.9045084971874737, 0.8345653031794291, 0.75, 0.6545084971874737, 0.5522642316338268,
      0.44773576836617335, 0.34549150281252633, 0.2500000000000001, 0.16543469682057105, 0.09549150281252632,
      0.043227271178699504, 0.010926199633097156,
    ];
    const warm = warmedUp(schedule("cosine"), 0.25);
    expect(twentieths.map(warm)).toEqual(torch.map((rate) => expect.closeTo(rate, 8)));
    expect(warm(0)).toBe(0);
  });

  it("rises to what the schedule begins with, and leaves it as it is where there is none", () => {
    const oneCycle = schedule({ name: "oneCycle", start: 0.2 });
    expect([0, 0.25, 0.5].map(warmedUp(oneCycle, 0.5))).toEqual([0, 0.1, expect.closeTo(0.2, 12)]);
    expect(warmedUp(oneCycle, 0)).toBe(oneCycle);
    const rising = schedule("coslog4"); // begins with 0: stretched, it would stay there as long as the warm-up lasts
    const warm = warmedUp(rising, 0.1);
    expect([0, 0.05, 0.1, 0.5].map(warm)).toEqual([0, 0.5 * rising(0.05), rising(0.1), rising(0.5)]);
    expect(warm(0.05)).toBeGreaterThan(0);
  });

  it("is of the learning rate alone, and as long in epochs and updates as its share", () => {
    const rates = (warmUp: unknown) =>
      new Rates(trainingOptions.parse({ epochs: 10, schedule: { warmUp, dropout: "cosine" } }), 2).schedules;
    const expected = twentieths.map((t) => expect.closeTo(Math.min(t / 0.2, 1), 12));
    for (const warmUp of [0.2, { epochs: 2 }, { updates: 4 }]) {
      expect(twentieths.map(rates(warmUp).learningRate), JSON.stringify(warmUp)).toEqual(expected);
      expect(rates(warmUp).weightDecay(0)).toBe(1);
      expect(rates(warmUp).dropout(0)).toBe(1);
    }
    expect(twentieths.map(rates({ epochs: 40 }).learningRate)).toEqual(twentieths.map((t) => t / 4));
  });

  it("comes before a plateau, which goes on hearing of losses", () => {
    const warm = warmedUp(schedule({ name: "plateau", patience: 0, factor: 0.5 }), 0.5);
    for (const loss of [1, 1]) warm.watch!.observe(loss);
    expect([0, 0.25, 0.5, 1].map(warm)).toEqual([0, 0.25, 0.5, 0.5]);
  });
});
