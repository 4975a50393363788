import { instantiate, type Kernels, kernelModule, sharedMemory } from "./kernels.js";

/**
 * Double-precision functions with the same bits on every machine and Node version, unlike Math.log and its like.
 * Whatever reaches a weight, a prediction or the model file uses these.
 */
let kernels: Kernels | undefined;
const scalar = () => {
  kernels ??= instantiate(kernelModule(), sharedMemory(1, 1));
  return kernels;
};

export const log = (x: number) => scalar().log(x);
export const log1p = (x: number) => scalar().log1p(x);
export const exp = (x: number) => scalar().exp(x);
export const expm1 = (x: number) => scalar().expm1(x);
export const pow = (x: number, y: number) => scalar().pow(x, y);
export const cos = (x: number) => scalar().cos(x);

/**
 * The standard normal quantile: z with Φ(z) = p, 0 < p < 1, to about 1e-9 of max(1, |z|).
 * Acklam's rational approximation (2003).
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * log(p));
    const top =
      ((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
      2.938163982698783;
    const bottom =
      (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1;
    return top / bottom;
  }
  const q = p - 0.5;
  const r = q * q;
  const top =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q;
  const bottom =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return top / bottom;
}
