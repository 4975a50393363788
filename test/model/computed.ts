import type { Matrix } from "../../src/engine/memory.js";
import { record } from "../../src/engine/tape.js";
import type { Network } from "../../src/model/network.js";
import type { GuardedMemory, Table } from "../engine/reference.js";
import * as reference from "./reference.js";

/** A network, and rows for it. */
export interface Example {
  readonly memory: GuardedMemory;
  readonly network: Network;
  readonly X: Table;
  readonly y: Table;
}

/** Everything that is differentiated, as the engine computes it in a tape for so many rows. */
export function computed({ memory, network, X, y }: Example, batchSize: number) {
  const { result, play } = record(memory, batchSize, (tape) => {
    const input = memory.put(X, batchSize);
    const target = memory.put(y, batchSize);
    const { Y: yHat, backward } = network.forward(tape, input);
    return {
      yHat,
      loss: network.loss.value(tape, yHat, target),
      dX: backward(network.loss.gradient(tape, yHat, target))(),
      prediction: network.predict(tape, input),
    };
  });
  play(X.rows);
  memory.expectGuards();
  const rows = ({ data, columns }: Matrix) => [...data.subarray(0, X.rows * columns)];
  return {
    yHat: rows(result.yHat),
    loss: result.loss.value,
    dW: [...network.parameters.gradient.data],
    dX: rows(result.dX),
    prediction: rows(result.prediction),
  };
}

/** ∂f/∂vᵢ for every i, by differences */
export function gradient(f: (v: number[]) => number, v: readonly number[]): number[] {
  return v.map((value, i) => reference.derivative((x) => f(v.with(i, x)), value, 1e-5));
}
