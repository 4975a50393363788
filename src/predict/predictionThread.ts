import { parentPort, workerData } from "node:worker_threads";
import { Memory } from "../engine/memory.js";
import { Network } from "../model/network.js";
import type { PredictionThreadData } from "./predictionThreads.js";
import { predictor } from "./predictor.js";

// A thread that predicts one block of rows after the other: see predictionThreads.ts.

const { spec, weights, columns, rows } = workerData as PredictionThreadData; // as PredictionThreads gives it
const memory = new Memory();
const networks = weights.map((ofMember) => {
  const network = new Network(memory, spec);
  network.weights = ofMember;
  return network;
});
const predict = predictor(memory, networks, { columns, rows });

parentPort?.on("message", (X: Float32Array<ArrayBuffer>) => {
  const outputs = predict(X);
  parentPort?.postMessage(outputs, [outputs.buffer as ArrayBuffer]); // predictor makes it anew
});
parentPort?.postMessage("ready");
