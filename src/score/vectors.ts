/** sum += factor · x */
export function addTimes(sum: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) sum[i]! += factor * x[i]!;
}

/** of the elements that both have, the first ones of the longer */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) sum += a[i]! * b[i]!;
  return sum;
}
