/**
 * Double-precision functions for JavaScript, compiled in so that they have the same bits on every machine:
 * Math.log and its like may differ in the last bit between engines and versions.
 */
export function log(x: f64): f64 {
  return Math.log(x);
}
export function log1p(x: f64): f64 {
  return Math.log1p(x);
}
export function exp(x: f64): f64 {
  return Math.exp(x);
}
export function expm1(x: f64): f64 {
  return Math.expm1(x);
}
export function pow(x: f64, y: f64): f64 {
  return Math.pow(x, y);
}
export function cos(x: f64): f64 {
  return Math.cos(x);
}
