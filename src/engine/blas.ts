import { NnfitError } from "../errors.js";

/**
 * C[p, q] = Σₖ A(p, k)·B(k, q), plus what stands in C where `adds` is 1: Opcode.ForeignMatmul's operands, of which addresses
 * come as WebAssembly gives them, signed.
 */
export type Product = (
  c: number,
  a: number,
  b: number,
  P: number,
  K: number,
  Q: number,
  aP: number,
  aK: number,
  bK: number,
  bQ: number,
  adds: number,
) => void;

/** The system's BLAS. It is faster than the kernels on large matrices, and its bits vary by machine. */
export interface Blas {
  /** "OpenBLAS 0.3.21" */
  readonly name: string;
  /** how many threads it computes with, where it tells */
  readonly threads: number | undefined;
  /** Its product of matrices in a memory. */
  on(memory: WebAssembly.Memory): Product;
}

export interface BlasOptions {
  /** how many threads it is to compute with, where it can be told; auto: as it likes */
  readonly threads: number | "auto";
  /** the path of a library, instead of those that are looked for */
  readonly library?: string | undefined;
}

/** As much of koffi as is used here. Its own types are missing where the optional package is. */
interface Koffi {
  load(path: string): Library;
  /** of the memory that a view looks at */
  address(view: ArrayBufferView): bigint;
}
interface Library {
  /** Throws if there is no such function. */
  func(name: string, result: string, operands: readonly string[]): (...operands: number[]) => unknown;
}

/** What is looked for, the fastest first, and what to install where none is found. */
const systems: Partial<Record<NodeJS.Platform, { readonly libraries: readonly string[]; readonly packages: string }>> =
  {
    linux: {
      libraries: [
        "libopenblasp.so.0", // Fedora's, with threads
        "libopenblas.so.0",
        "libopenblas.so",
        "libmkl_rt.so.2",
        "libmkl_rt.so",
        "libblas.so.3", // often slow; and of some systems without the functions for C
      ],
      packages: "installing libopenblas0-pthread (Debian, Ubuntu), openblas-threads (Fedora) or openblas (elsewhere)",
    },
    darwin: {
      libraries: [
        "/System/Library/Frameworks/Accelerate.framework/Accelerate",
        "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
        "/usr/local/opt/openblas/lib/libopenblas.dylib",
      ],
      packages: "brew install openblas (Accelerate should be part of macOS)",
    },
    win32: {
      libraries: ["libopenblas.dll", "mkl_rt.2.dll", "mkl_rt.dll"],
      packages: "adding the folder of OpenBLAS's libopenblas.dll to PATH",
    },
  };

/** Finds the system's BLAS. */
export async function findBlas({ threads, library }: BlasOptions, platform = process.platform): Promise<Blas> {
  const koffi = await loadKoffi();
  const { libraries, packages } = systems[platform] ?? systems.linux!;
  const failures: string[] = [];
  for (const path of library === undefined ? libraries : [library]) {
    try {
      return open(koffi, path, threads);
    } catch (error) {
      failures.push(`${path}: ${reason(error)}`);
    }
  }
  if (library !== undefined) {
    throw new NnfitError("usage", "the library that NNFIT_BLAS names can't be used", {
      setting: SETTING,
      have: failures.join("; "),
      try: "the path of a BLAS library, unsetting NNFIT_BLAS to use the system's, or --backend wasm",
    });
  }
  throw new NnfitError("usage", "there is no BLAS library on this machine", {
    setting: SETTING,
    have: `none of ${libraries.join(", ")}`,
    try: `${packages}, setting NNFIT_BLAS to a library's path, or --backend wasm`,
  });
}

const SETTING = "training.backend";

async function loadKoffi(): Promise<Koffi> {
  const name: string = "koffi"; // not a literal in the import, so that a build without the package succeeds
  try {
    const { default: koffi } = await import(name);
    return koffi as Koffi; // an import by a name that is not a literal has no type
  } catch (error) {
    throw new NnfitError("usage", "the package koffi, which calls BLAS libraries, can't be loaded", {
      setting: SETTING,
      have: reason(error).replace(/ imported from .*/, ""),
      try: "npm ci --include=optional where nnfit is installed, or --backend wasm",
    });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.split("\n")[0]! : String(error);
}

const [ROW_MAJOR, AS_IT_IS, TRANSPOSED] = [101, 111, 112];

function open(koffi: Koffi, path: string, wanted: number | "auto"): Blas {
  const library = koffi.load(path);
  // order, transposition of A and of B, P, Q, K, α, A and its leading dimension, B and its, β, C and its
  const operands = "int int int int int int float uintptr_t int uintptr_t int float uintptr_t int".split(" ");
  const sgemm = library.func("cblas_sgemm", "void", operands);
  return {
    ...about(library, path, wanted),
    on(memory) {
      // A shared memory grows in its place.
      const base = Number(koffi.address(new Uint8Array(memory.buffer)));
      const at = (address: number) => base + (address >>> 0);
      return (c, a, b, P, K, Q, aP, aK, bK, bQ, adds) => {
        // A step may be anything where a side is 1; a leading dimension must be a row long even there.
        const [A, stepOfA] = aK === 1 ? [AS_IT_IS, Math.max(aP, K)] : [TRANSPOSED, Math.max(aK, P)];
        const [B, stepOfB] = bQ === 1 ? [AS_IT_IS, Math.max(bK, Q)] : [TRANSPOSED, Math.max(bQ, K)];
        sgemm(ROW_MAJOR, A, B, P, Q, K, 1, at(a), stepOfA, at(b), stepOfB, adds, at(c), Q);
      };
    },
  };
}

/** Which library it is. Sets the number of its threads, where one is wanted and it can be set. */
function about(library: Library, path: string, wanted: number | "auto"): Pick<Blas, "name" | "threads"> {
  const setThreads = optional(library, "openblas_set_num_threads", "void", ["int"]);
  if (setThreads) {
    if (wanted !== "auto") setThreads(wanted);
    const config = String(optional(library, "openblas_get_config", "str", [])?.());
    const threads = optional(library, "openblas_get_num_threads", "int", [])?.();
    return { name: config.match(/^OpenBLAS \d[\w.]*/)?.[0] ?? "OpenBLAS", threads: Number(threads) };
  }
  const setMklThreads = optional(library, "MKL_Set_Num_Threads", "void", ["int"]);
  if (setMklThreads) {
    if (wanted !== "auto") setMklThreads(wanted);
    return { name: "MKL", threads: Number(optional(library, "MKL_Get_Max_Threads", "int", [])?.()) };
  }
  return { name: path.includes("Accelerate") ? "Accelerate" : path, threads: undefined };
}

function optional(
  library: Library,
  ...signature: Parameters<Library["func"]>
): ReturnType<Library["func"]> | undefined {
  try {
    return library.func(...signature);
  } catch {
    return undefined;
  }
}
