/** The part of WebAssembly's JavaScript interface that nnfit uses; Node's own types leave it out. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory<Bytes extends ArrayBuffer | SharedArrayBuffer = SharedArrayBuffer> {
    constructor(options: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: Bytes;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
