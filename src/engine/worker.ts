import { workerData } from "node:worker_threads";
import { extend, instantiate } from "./kernels.js";
import { ready, type ThreadData } from "./threads.js";

// A thread of the engine: see assembly/threads.ts.
const { module, memory, control, index, count, patience } = workerData as ThreadData; // as startThreads gives it
const kernels = instantiate(module, memory);
kernels.enlist(control, index, count, patience);
ready(memory, control);
while (kernels.serve()) {
  const [address, length] = [kernels.codeAddress() >>> 0, kernels.codeLength()]; // the buffer only then: it may have grown
  // a copy, as a module can't be compiled from shared memory
  extend(kernels, memory, new Uint8Array(memory.buffer, address, length).slice());
  ready(memory, control);
}
