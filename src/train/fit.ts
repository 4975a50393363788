import type { Dataset } from "../data/dataset.js";
import type { Random } from "../engine/random.js";
import { record } from "../engine/tape.js";
import type { Network } from "../model/network.js";
import type { Optimizer } from "./optimizers.js";

export interface Training {
  readonly epochs: number;
  /** m′, the rows of a batch */
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** draws what is left out of each batch, where something is */
  readonly dropout?: { advance(done: number): void } | undefined;
  /** for the initial weights */
  readonly weights: Random;
  /** for the order of the rows; without it, batches are taken in row order */
  readonly shuffle: Random | undefined;
}

/** One update done: the mean loss of its batch, before the update. */
export interface Update {
  readonly kind: "update";
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number;
}

/** One epoch done: the mean of its batches' losses, weighted by rows. */
export interface Epoch {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly loss: number;
}

/**
 * Minibatch stochastic gradient descent. Validation, early stopping, checkpoints and progress are loops around this
 * generator, never inside it.
 */
export function* fit(network: Network, rows: Dataset, training: Training): Generator<Update | Epoch, void> {
  const { epochs, batchSize, optimizer, dropout, weights, shuffle } = training;

  // What is done with one batch: recorded here once, replayed below for every batch.
  const step = record(network.memory, batchSize, (tape) => {
    const { X, y, w } = rows.batch(tape);
    const yHat = network.forward(tape, X, "training"); //          ŷ = f(X; W)
    const loss = network.loss.value(tape, yHat, y, w); //          L(ŷ, y), the mean over the batch
    const dYHat = network.loss.gradient(tape, yHat, y, w); //      ∂L/∂ŷ
    network.backward(tape, dYHat); //                              ∂L/∂W
    optimizer.update(tape, network.parameters); //                 W ← W − α·∂L/∂W
    return loss;
  });

  network.initialize(weights, rows);
  const updates = epochs * Math.ceil(rows.size / batchSize);
  let done = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let total = 0;
    for (const batch of rows.batches({ batchSize, random: shuffle })) {
      optimizer.advance(done / updates);
      dropout?.advance(done / updates);
      step.play(batch.size);
      done++;
      const loss = step.result.value;
      total += loss * batch.size;
      yield { kind: "update", epoch, batch: batch.number, loss };
    }
    yield { kind: "epoch", epoch, loss: total / rows.size };
  }
}
