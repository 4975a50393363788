import type { ActivationChoice } from "../../src/model/activations.js";
import type { LossChoice } from "../../src/model/losses.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import * as reference from "../engine/reference.js";
import { at, map, row, type Table, table } from "../engine/reference.js";

/** The formula of an activation, as its paper or PyTorch's documentation has it. */
export function activation(choice: ActivationChoice): (x: number) => number {
  switch (choice.name) {
    case "identity":
      return (x) => x;
    case "relu":
      return (x) => Math.max(x, 0);
    case "leakyRelu":
      return (x) => (x > 0 ? x : choice.slope * x);
    case "elu":
      return (x) => (x > 0 ? x : choice.alpha * Math.expm1(x));
    case "selu":
      return (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
    case "gelu":
      return (x) => x * reference.normalCdf(x);
    case "silu":
      return (x) => x * reference.sigmoid(x);
    case "mish":
      return (x) => x * Math.tanh(reference.softplus(x));
    case "tanh":
      return Math.tanh;
    case "sigmoid":
      return reference.sigmoid;
    case "softplus":
      return reference.softplus;
    default:
      throw noReference("activation", choice);
  }
}

/** Where an activation has a corner, if it does. */
export const corners = (name: string) => (["relu", "leakyRelu", "elu", "selu"].includes(name) ? [0] : []);

/** The loss of a batch.   yHat [rows, outputs], y [rows, targets] */
export function loss(choice: LossChoice): (yHat: Table, y: Table) => number {
  switch (choice.name) {
    case "mse":
      return ofErrors((e) => e * e);
    case "mae":
      return ofErrors(Math.abs);
    case "huber": {
      const { delta } = choice;
      return ofErrors((e) => (Math.abs(e) <= delta ? 0.5 * e * e : delta * (Math.abs(e) - 0.5 * delta)));
    }
    case "logCosh":
      return ofErrors((e) => Math.log(Math.cosh(e)));
    case "quantile":
      return ofErrors((e) => (e > 0 ? (1 - choice.q) * e : -choice.q * e));
    case "poisson":
      return (yHat, y) =>
        mean(
          yHat.data.map((logMu, i) => {
            const count = y.data[i]!;
            const ofCount = count > 0 ? count * (Math.log(count) - logMu) : 0;
            return 2 * (ofCount - count + meanOf(logMu) * (1 + Math.max(logMu - 5, 0)));
          }),
        );
    case "crossEntropy":
      return (yHat, y) =>
        mean(
          y.data.map((label, r) => {
            const logs = reference.softmax(row(yHat, r)).map((p) => -Math.log(p));
            return (1 - choice.smoothing) * logs[label]! + choice.smoothing * mean(logs);
          }),
        );
    case "binaryCrossEntropy":
      return (yHat, y) =>
        mean(y.data.map((label, r) => -Math.log(reference.sigmoid(label === 1 ? at(yHat, r, 0) : -at(yHat, r, 0)))));
    default:
      throw noReference("loss", choice);
  }
}

/** Means are e⁵ at most. */
const meanOf = (logMu: number) => Math.exp(Math.min(logMu, 5));

/** What the outputs are as predictions. */
export function inverseLink(choice: LossChoice): (yHat: Table) => Table {
  switch (choice.name) {
    case "poisson":
      return (yHat) => map(yHat, meanOf);
    case "crossEntropy":
      return (yHat) => ({ ...yHat, data: rowsOf(yHat).flatMap(reference.softmax) });
    case "binaryCrossEntropy":
      return (yHat) => ({
        ...yHat,
        columns: 2 * yHat.columns,
        data: yHat.data.flatMap((z) => [reference.sigmoid(-z), reference.sigmoid(z)]),
      });
    default:
      return (yHat) => yHat;
  }
}

/** ŷ of a network whose weights are given as W₁ by rows, b₁, W₂, b₂, … */
export function forward(spec: NetworkSpec, weights: readonly number[], X: Table): Table {
  const f = activation(spec.activation);
  const widths = [spec.inputs, ...spec.hidden, spec.outputs];
  let taken = 0;
  const take = (rows: number, columns: number): Table => {
    const data = weights.slice(taken, taken + rows * columns);
    taken += data.length;
    return { rows, columns, data };
  };
  let Y = X;
  for (const [layer, outputs] of widths.slice(1).entries()) {
    const input = layer === 0 ? Y : map(Y, f);
    const Z = reference.matmul(input, reference.transpose(take(outputs, widths[layer]!)));
    const b = take(1, outputs);
    Y = table(Z.rows, Z.columns, (r, c) => at(Z, r, c) + at(b, 0, c));
  }
  return Y;
}

/** f′(x) by central differences, extrapolated once: the error is of the order of h⁴. */
export function derivative(f: (x: number) => number, x: number, h: number): number {
  const slope = (h: number) => (f(x + h) - f(x - h)) / (2 * h);
  return (4 * slope(h) - slope(2 * h)) / 3;
}

/** Central differences of the loss by each element of `values`, extrapolated once. */
export function differences(values: Float32Array, lossOf: (values: Float32Array) => number): number[] {
  const moved = (i: number, step: number) => {
    const all = values.slice();
    all[i] = values[i]! + step;
    return { loss: lossOf(all), at: all[i]! };
  };
  const slope = (i: number, step: number) => {
    const [up, down] = [moved(i, step), moved(i, -step)];
    return (up.loss - down.loss) / (up.at - down.at);
  };
  return Array.from(values, (_, i) => (4 * slope(i, 2 ** -7) - slope(i, 2 ** -6)) / 3);
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const rowsOf = (X: Table) => Array.from({ length: X.rows }, (_, r) => row(X, r));

function ofErrors(l: (e: number) => number): (yHat: Table, y: Table) => number {
  return (yHat, y) => mean(yHat.data.map((value, i) => l(value - y.data[i]!)));
}

/** For a member that was added to its family and not to this file, which the compiler finds as well. */
function noReference(kind: string, choice: never): Error {
  const { name } = choice as { name: string }; // every choice has one
  return new Error(`add the ${kind} ${name} to test/model/reference.ts`);
}
