import { NnfitError } from "../errors.js";

/** Node takes addresses for all that a memory could ever grow to, and for what a wrong access could reach. */
export function wasmMemory(...descriptor: ConstructorParameters<typeof WebAssembly.Memory>): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory(...descriptor);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NnfitError(
      "usage",
      "the system refuses the 10 GiB of address space that Node reserves for a WebAssembly memory",
      {
        have: "a limit on virtual memory, such as one set by ulimit -v or a batch system",
        try: "a higher limit, or the environment variable NODE_OPTIONS=--disable-wasm-trap-handler, which needs less but is slower",
      },
    );
  }
}
