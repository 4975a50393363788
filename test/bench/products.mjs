import { Memory } from "../../dist/engine/memory.js";
import { record } from "../../dist/engine/tape.js";
import { f32x4, get, i32, loop, moduleOf, set } from "../../dist/engine/wasm.js";

/** Milliseconds of the fastest of many calls. */
function best(work, milliseconds = 400) {
  let least = Number.POSITIVE_INFINITY;
  for (const until = performance.now() + milliseconds; performance.now() < until; ) {
    const started = performance.now();
    work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

/** The shapes that occur: rows × inputs × outputs. */
const shapes = [
  [32, 64, 64],
  [256, 54, 256],
  [256, 256, 256],
  [256, 256, 7],
  [1024, 1024, 1024],
];

/** How fast the engine's products are, on one thread. */
export function* products() {
  const memory = new Memory();
  for (const [rows, inputs, outputs] of shapes) {
    const X = memory.matrix(rows, inputs, true);
    const W = memory.matrix(outputs, inputs);
    const dY = memory.matrix(rows, outputs, true);
    const dW = memory.matrix(outputs, inputs);
    for (const { data } of [X, W, dY]) for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 1000) / 1000 - 0.5;
    const recordings = {
      X·Wᵀ: (tape) => tape.matmulT(X, W),
      dY·W: (tape) => tape.matmul(dY, W),
      dYᵀ·X: (tape) => tape.tmatmul(dY, X, dW),
    };
    const operations = 2 * rows * inputs * outputs;
    const calls = Math.ceil(1e7 / operations);
    for (const [name, recording] of Object.entries(recordings)) {
      const program = record(memory, rows, recording);
      const milliseconds = best(() => {
        for (let call = 0; call < calls; call++) program.play(rows);
      });
      const microseconds = (1000 * milliseconds) / calls;
      const label = `${name}, ${rows} × ${inputs} × ${outputs}`;
      yield { label, microseconds, gigaflops: operations / microseconds / 1000 };
    }
  }
}

/** GFLOP/s of six numbers that are multiplied and six that are added to, in registers, independent of each other. */
export function singleCoreLimit() {
  const [COUNT, FACTOR, SUMMAND, FIRST] = [0, 3, 4, 5];
  const factors = Array.from({ length: 6 }, (_, i) => FIRST + i);
  const sums = Array.from({ length: 6 }, (_, i) => FIRST + 6 + i);
  const round = factors.flatMap((factor, i) => [
    ...[...get(factor), ...get(FACTOR), ...f32x4.multiply, ...set(factor)],
    ...[...get(sums[i]), ...get(SUMMAND), ...f32x4.add, ...set(sums[i])],
  ]);
  const ROUNDS = 8; // so that counting costs little
  const body = [
    ...[...f32x4.constant(1), ...set(FACTOR), ...f32x4.constant(1), ...set(SUMMAND)],
    ...loop(
      [...get(COUNT), ...get(1), ...i32.lessUnsigned],
      [...Array(ROUNDS).fill(round).flat(), ...get(COUNT), ...i32.constant(1), ...i32.add, ...set(COUNT)],
    ),
    ...[...factors, ...sums].flatMap((local) => [...i32.constant(0), ...get(local), ...f32x4.store(0)]),
  ];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = new WebAssembly.Module(moduleOf([{ variables: 14, body }], [], 1));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const turns = 1e5;
  return (turns * ROUNDS * 12 * 4) / best(() => exports[0](0, turns, 0)) / 1e6;
}
