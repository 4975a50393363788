/** The numbers of a column, a matrix, or a list of rows. */
export type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array;

type Type<Array extends Numbers> = new (length: number) => Array;

/** Those at some places, in the order given. */
export function take<Taken extends Numbers>(from: Taken, places: Uint32Array): Taken {
  const taken = new (from.constructor as Type<Taken>)(places.length); // what it was made by itself
  for (let i = 0; i < places.length; i++) taken[i] = from[places[i]!]!;
  return taken;
}

/** Rows of a matrix [rows, width], in the order given. */
export function takeMatrixRows(from: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const taken = new Float32Array(rows.length * width);
  for (let i = 0, at = 0; i < rows.length; i++) {
    for (let place = rows[i]! * width, end = place + width; place < end; place++) taken[at++] = from[place]!;
  }
  return taken;
}

/** Several, one after the other. A single one is left as it is. */
export function join<Joined extends Numbers>(type: Type<Joined>, parts: readonly Joined[]): Joined {
  if (parts.length === 1) return parts[0]!;
  const joined = new type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The place of one of some different numbers that ascend. */
export function placeAmong(ascending: Float64Array | Int32Array, number: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A Map or a Set of V8 holds no more. */
export const MOST_DIFFERENT = 2 ** 24 - 1;

/** The different ones of any number of numbers, ascending, and how often each is there. All NaN are one, the last. */
export function tallied(numbers: Float64Array | Int32Array): { different: Float64Array; counts: Uint32Array } {
  const ascending = numbers.toSorted();
  const different = new Float64Array(ascending.length);
  const counts = new Uint32Array(ascending.length);
  let size = 0;
  for (let i = 0; i < ascending.length; i++) {
    const number = ascending[i]!;
    const last = different[size - 1]!;
    if (size === 0 || (number !== last && !(Number.isNaN(number) && Number.isNaN(last)))) different[size++] = number;
    counts[size - 1]!++;
  }
  return { different: different.subarray(0, size), counts: counts.subarray(0, size) };
}

/** How many different ones there are of any numbers. */
export function countDifferentNumbers(numbers: Float64Array | Int32Array): number {
  return tallied(numbers).different.length;
}

/** How many different ones there are of numbers from 0 on. */
export function countDifferent(codes: Int32Array | Uint32Array): number {
  let most = 0;
  for (const code of codes) most = Math.max(most, code);
  const seen = new Uint8Array(most + 1);
  for (const code of codes) seen[code] = 1;
  return seen.reduce((sum, code) => sum + code, 0);
}

/** The largest of any number of numbers: what Math.max is given lies on the stack. */
export function largestOf(numbers: readonly number[]): number {
  return numbers.reduce((largest, number) => Math.max(largest, number), Number.NEGATIVE_INFINITY);
}

/** How many of them are each number from 0 to below `count`. */
export function countCodes(codes: Iterable<number>, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const code of codes) counts[code]!++;
  return counts;
}

/** A copy that all threads see. */
export function shared<Numbers extends Float32Array | Float64Array | Int32Array>(values: Numbers): Numbers {
  const Kind = values.constructor as new (buffer: SharedArrayBuffer) => Numbers;
  const copy = new Kind(new SharedArrayBuffer(values.byteLength));
  copy.set(values as never); // of the same kind
  return copy;
}
