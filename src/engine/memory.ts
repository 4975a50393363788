import { NnfitError } from "../errors.js";
import { CONTROL_BYTES, CONTROL_BYTES_PER_THREAD } from "./assembly/opcodes.js";
import type { Blas } from "./blas.js";
import { extend, instantiate, type Kernels, kernelModule, sharedMemory } from "./kernels.js";
import { extendThreads, startThreads } from "./threads.js";

/** A row-major float32 matrix in the engine's memory. */
export interface Matrix {
  readonly address: number;
  readonly rows: number;
  readonly columns: number;
  /** Its rows are the batch's: `rows` is the most there can be, and a smaller batch uses the first ones. */
  readonly ofBatch: boolean;
  /** Its elements, as they are now. Only of a matrix that has a place. */
  readonly data: Float32Array;
  /** Whether it has a place in memory. A result between two operations of a tape may have none. */
  readonly isPlaced: boolean;
}

/** One float64 in the engine's memory. */
export interface Cell {
  readonly address: number;
  readonly value: number;
}

const PAGE = 65536;
/** The first page holds the tables of the kernels. */
const FIRST_FREE = PAGE;
export const MOST_PAGES = 65536;

/**
 * One WebAssembly memory, handed out from its beginning to its end and never taken back, and the kernels on it.
 * With more than one thread, all of them work on it together; `close` sends the others home. With `blas`, products are
 * played by that library, which has threads of its own.
 */
export class Memory {
  readonly kernels: Kernels;
  private readonly memory = sharedMemory(2, MOST_PAGES);
  private free = FIRST_FREE;
  /** Where threads share what they need to work together. */
  private readonly control: number = 0;

  /** A thread that does not answer for `patience` nanoseconds counts as lost. */
  constructor(
    readonly threads = 1,
    patience = 60_000_000_000n,
    readonly blas?: Blas,
  ) {
    this.kernels = instantiate(kernelModule(), this.memory, blas?.on(this.memory));
    if (threads === 1) return;
    this.control = this.allocate(CONTROL_BYTES + threads * CONTROL_BYTES_PER_THREAD);
    startThreads(this.memory, this.kernels, this.control, threads, patience);
  }

  close(): void {
    this.kernels.dismiss();
  }

  /** Adds the functions "0", "1", … of a module to those that a tape can call, and returns the number of the first. */
  extend(code: Uint8Array<ArrayBuffer>): number {
    if (this.threads > 1) {
      const address = this.allocate(code.length);
      new Uint8Array(this.memory.buffer, address, code.length).set(code);
      extendThreads(this.memory, this.kernels, this.control, this.threads, address, code.length);
    }
    return extend(this.kernels, this.memory, code);
  }

  get buffer(): SharedArrayBuffer {
    return this.memory.buffer;
  }

  /** Zeroed bytes, on a cache line of their own. A view made before does not see it. */
  allocate(bytes: number): number {
    const address = this.free;
    this.free = Math.ceil((address + bytes) / 64) * 64;
    const pages = Math.ceil(this.free / PAGE);
    if (pages > MOST_PAGES) throw outOfMemory(this.free);
    const missing = pages - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch {
        throw outOfMemory(this.free);
      }
    }
    return address;
  }

  matrix(rows: number, columns: number, ofBatch = false): Matrix {
    return this.at(this.allocate(rows * columns * 4), rows, columns, ofBatch);
  }

  /** A matrix over memory that is already handed out. */
  at(address: number, rows: number, columns: number, ofBatch = false): Matrix {
    const { memory } = this;
    let data: Float32Array | undefined; // made once: a step asks for some of them
    return {
      address,
      rows,
      columns,
      ofBatch,
      isPlaced: true,
      get data() {
        data ??= new Float32Array(memory.buffer, address, rows * columns);
        return data;
      },
    };
  }

  /** A matrix that gets its place when its address is asked for, while it can still have one. */
  later(rows: number, columns: number, ofBatch: boolean, canBePlaced: () => boolean): Matrix {
    let placed: Matrix | undefined;
    const notKept = () => new Error("this matrix is not kept: return it from the recording");
    const place = () => {
      if (!placed && !canBePlaced()) throw notKept();
      placed ??= this.matrix(rows, columns, ofBatch);
      return placed;
    };
    return {
      get address() {
        return place().address;
      },
      rows,
      columns,
      ofBatch,
      get isPlaced() {
        return placed !== undefined;
      },
      get data() {
        if (!placed) throw notKept();
        return placed.data;
      },
    };
  }

  cell(): Cell {
    const address = this.allocate(8);
    const view = new Float64Array(this.memory.buffer, address, 1);
    return {
      address,
      get value() {
        return view[0]!;
      },
    };
  }

  /** 32-bit unsigned integers, such as an order of rows. */
  integers(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }
}

function outOfMemory(bytes: number): NnfitError {
  return new NnfitError(
    "data",
    `the table and the network need at least ${(bytes / 2 ** 30).toFixed(1)} GiB of memory`,
    {
      have: "4.0 GiB, the most that a WebAssembly memory can hold, or less if the machine has less",
      try: "a smaller training.batchSize, fewer model.members, fewer or smaller layers in model.hidden, or fewer rows",
    },
  );
}
