import { workerData } from "node:worker_threads";
import { instantiate } from "./kernels.js";
import { READY, type ThreadData } from "./threads.js";

// A thread of the engine: see assembly/threads.ts.
const { module, memory, control, index, count, patience } = workerData as ThreadData; // as startThreads gives it
const kernels = instantiate(module, memory);
kernels.enlist(control, index, count, patience);

const words = new Int32Array(memory.buffer);
Atomics.add(words, (control + READY) / 4, 1);
Atomics.notify(words, (control + READY) / 4);
kernels.serve();
