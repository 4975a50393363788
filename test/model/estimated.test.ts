import { expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { record } from "../../src/engine/tape.js";
import { make } from "../../src/family.js";
import { estimatedBy, type LossChoice, lossChoice, losses } from "../../src/model/losses.js";
import { estimandOf } from "../../src/transform/estimands.js";

const y = [0, 3, 1, 7, 2];

/** What it predicts of each row, if its output is the same of each, and the slope of its mean by that output. */
function constant(choice: LossChoice): (output: number) => { prediction: number; slope: number } {
  const memory = new Memory();
  const loss = make(losses, choice);
  const yHat = memory.matrix(y.length, 1);
  const truth = memory.matrix(y.length, 1);
  truth.data.set(y);
  const { result, play } = record(memory, y.length, (tape) => ({
    gradient: loss.gradient(tape, yHat, truth),
    prediction: loss.inverseLink(tape, yHat),
  }));
  return (output) => {
    yHat.data.fill(output);
    play(y.length);
    return {
      prediction: result.prediction.data[0]!,
      slope: result.gradient.data.reduce((sum, each) => sum + each, 0),
    };
  };
}

/** Where the loss of a constant is least, by halving. */
function best(choice: LossChoice): number {
  const at = constant(choice);
  let [low, high] = [-10, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (at(middle).slope < 0) low = middle;
    else high = middle;
  }
  return at(high).prediction;
}

it.each([lossChoice.parse("mse"), lossChoice.parse({ name: "quantile", q: 0.75 }), lossChoice.parse("poisson")])(
  "of constant predictions, the best by %o is the center of what it estimates",
  (choice) => {
    const { center } = estimandOf({ task: "regression", ...estimatedBy(choice) });
    expect(best(choice)).toBeCloseTo(center(Float64Array.from(y)), 5);
  },
);
