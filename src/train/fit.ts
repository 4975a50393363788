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
  /** draws for each batch what dropout leaves out and the like, where something is random */
  readonly noise?: { advance(done: number): void } | undefined;
  /** for the initial weights; without it, training begins with the weights that the network has */
  readonly weights: Random | undefined;
  /** for the order of the rows; without it, batches are taken in row order */
  readonly shuffle: Random | undefined;
}

/** How far a training is. */
export interface Position {
  readonly epoch: number;
  /** batches of it that are done */
  readonly batch: number;
  /** of their losses, weighted by rows */
  readonly total: number;
}

const beginning: Position = { epoch: 1, batch: 0, total: 0 };

/** One update done: the mean loss of its batch, before the update. */
export interface Update extends Position {
  readonly kind: "update";
  readonly loss: number;
}

/** One epoch done: the mean of its batches' losses, weighted by rows. */
export interface Epoch {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly loss: number;
}

/**
 * Minibatch stochastic gradient descent, from the beginning or from where it was interrupted. The initial weights are
 * there when it returns; what it returns does an update each time it is asked for the next. Validation, early stopping,
 * checkpoints and progress are loops around that generator, never inside it.
 */
export function fit(
  network: Network,
  rows: Dataset,
  training: Training,
  from: Position = beginning,
): Generator<Update | Epoch, void> {
  const { epochs, batchSize, optimizer, noise, weights, shuffle } = training;
  const b = Math.ceil(rows.size / batchSize); // m / m′, the updates of an epoch

  if (weights) network.initialize(weights, rows); //                       W at random

  // What is done with one batch: recorded here once, replayed below for every batch.
  const step = record(network.memory, batchSize, (tape) => {
    const { X, y, w } = rows.gather(tape); //                              the rows of the batch
    const { Y: yHat, backward } = network.forward(tape, X, "training"); // ŷ = f(X; W), of classes their logits
    const loss = network.loss.value(tape, yHat, y, w); //                  L(ŷ, y), the mean over the batch
    const dYHat = network.loss.gradient(tape, yHat, y, w); //              ∂L/∂ŷ
    backward(dYHat); //                                                    ∂L/∂W
    optimizer.update(tape, network.parameters); //                         W ← W − α·∂L/∂W
    return loss;
  });

  return descend();

  function* descend(): Generator<Update | Epoch, void> {
    for (let { epoch, batch: done, total } = from; epoch <= epochs; epoch++, done = 0, total = 0) {
      for (const batch of rows.batches({ batchSize, random: shuffle, done })) {
        const share = ((epoch - 1) * b + batch.number - 1) / (epochs * b); // of all updates that are done
        optimizer.advance(share); //                                         α of this update
        noise?.advance(share);
        step.play(batch.size);
        const loss = step.result.value;
        total += loss * batch.size;
        yield { kind: "update", epoch, batch: batch.number, total, loss };
      }
      yield { kind: "epoch", epoch, loss: total / rows.size };
    }
  }
}
