/** The present values of a column, in the order of the rows: what a scaler learns from. */
export class Sample {
  readonly values: Float64Array;
  readonly smallest: number;
  readonly largest: number;
  private inOrder: Float64Array | undefined;

  /** `column` has NaN where a cell is missing; it is left as it is, and shared where none is. */
  constructor(column: Float64Array) {
    let missing = 0;
    let smallest = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < column.length; row++) {
      const value = column[row]!;
      if (Number.isNaN(value)) missing++;
      if (value < smallest) smallest = value;
      if (value > largest) largest = value;
    }
    this.values = missing > 0 ? column.filter((value) => !Number.isNaN(value)) : column;
    this.smallest = smallest;
    this.largest = largest;
  }

  get sorted(): Float64Array {
    this.inOrder ??= this.values.toSorted();
    return this.inOrder;
  }

  /** The value below which a share of `p` lies, between the two nearest where it falls between. */
  quantile(p: number): number {
    return this.valueAt(p * (this.values.length - 1));
  }

  /** The value at a place in ascending order, from 0, between the two nearest where it falls between. */
  valueAt(at: number): number {
    const { sorted } = this;
    const below = Math.floor(at);
    const low = sorted[below]!;
    return between(low, sorted[below + 1] ?? low, at - below);
  }

  /** quantile(½), without sorting all of them. */
  median(): number {
    if (this.inOrder) return this.quantile(0.5);
    const size = this.values.length;
    const { values, place } = around(this.values, (size - 1) >> 1);
    const low = select(values, place);
    if (size % 2 === 1) return low;
    let high = Number.POSITIVE_INFINITY;
    for (let i = place + 1; i < values.length; i++) high = Math.min(high, values[i]!);
    return between(low, high, 0.5);
  }

  /** The values at some places of the sorted ones, without sorting all of them. */
  atPlaces(places: readonly number[]): number[] {
    const values = this.inOrder ?? this.values.slice();
    if (!this.inOrder) selectAll(values, places, 0, values.length - 1);
    return places.map((place) => values[place]!);
  }
}

/** Also where the distance of the two is too large for a double. */
function between(low: number, high: number, share: number): number {
  const value = low + share * (high - low);
  return Number.isFinite(value) ? value : (1 - share) * low + share * high;
}

/** Brings the values between `left` and `right` that belong at the places there: the middle place first, as it halves the rest. */
function selectAll(values: Float64Array, places: readonly number[], left: number, right: number): void {
  const middle = places[places.length >> 1];
  if (middle === undefined) return;
  select(values, middle, left, right);
  const before = places.filter((place) => place < middle);
  const after = places.filter((place) => place > middle);
  selectAll(values, before, left, middle - 1);
  selectAll(values, after, middle + 1, right);
}

/** Columns longer than this are narrowed down before a value is selected. */
const LONG = 10_000;
/** So many values, at even distances, say about where a place is, and how far from it to look. */
const GUIDES = 1001;
const MARGIN = 60;

/** A copy of the values around the k-th smallest, and which of them it and its successor are (Floyd and Rivest, 1975). */
function around(values: Float64Array, k: number): { values: Float64Array; place: number } {
  if (values.length <= LONG) return { values: values.slice(), place: k };
  const step = values.length / GUIDES;
  const guides = Float64Array.from({ length: GUIDES }, (_, i) => values[Math.floor(i * step)]!).sort();
  const guide = Math.floor((k / values.length) * GUIDES);
  const low = guides[Math.max(guide - MARGIN, 0)]!;
  const high = guides[Math.min(guide + MARGIN, GUIDES - 1)]!;
  // Counted without a branch, which a processor would guess wrong for every other value.
  let below = 0;
  let upTo = 0;
  for (let i = 0; i < values.length; i++) {
    below += Number(values[i]! < low);
    upTo += Number(values[i]! <= high);
  }
  if (k < below || k + 1 >= upTo) return { values: values.slice(), place: k };
  const near = new Float64Array(upTo - below + 1); // one more, as each value is first put where the next one belongs
  for (let i = 0, count = 0; i < values.length; i++) {
    near[count] = values[i]!;
    count += Number(values[i]! >= low) & Number(values[i]! <= high);
  }
  return { values: near.subarray(0, -1), place: k - below };
}

/** Brings the k-th smallest value to place k, no larger ones before it and no smaller ones after it (Hoare, 1961). */
function select(values: Float64Array, k: number, from = 0, to = values.length - 1): number {
  let left = from;
  let right = to;
  while (left < right) {
    const pivot = middleOf(values[left]!, values[(left + right) >> 1]!, values[right]!);
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const swapped = values[i]!;
        values[i++] = values[j]!;
        values[j--] = swapped;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return values[k]!;
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
