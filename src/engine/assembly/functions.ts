/**
 * Functions of four float32 at a time. The smooth ones are worked out in double precision, two lanes at a time, and
 * rounded once: the result is within an ulp of the true value over the whole range, infinities included.
 */

// ── float32 ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** 32 bits scrambled (Wellons, "lowbias32", 2018), the highest 24 as a number in [0, 1) */
export function uniformOf(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x21f0aaad));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0xd35a2d97));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(x, 8)), f32x4.splat(1.0 / 16777216));
}

// ── through float64 ──────────────────────────────────────────────────────────────────────────────────────────────

export function expOf(x: v128): v128 {
  return join(exp64(low(x)), exp64(high(x)));
}

/** eˣ − 1, exact for small x too */
export function expm1Of(x: v128): v128 {
  return join(expm164(low(x)), expm164(high(x)));
}

/** log x: −∞ of 0, NaN of less */
export function logOf(x: v128): v128 {
  return join(log64(low(x)), log64(high(x)));
}

/** tanh x = (e²ˣ − 1) / (e²ˣ + 1) */
export function tanhOf(x: v128): v128 {
  return join(tanh64(low(x)), tanh64(high(x)));
}

/** σ(x) = 1 / (1 + e⁻ˣ) */
export function sigmoidOf(x: v128): v128 {
  return join(sigmoid64(low(x)), sigmoid64(high(x)));
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|) */
export function softplusOf(x: v128): v128 {
  return join(softplus64(low(x)), softplus64(high(x)));
}

/** Φ(x), the standard normal distribution function */
export function normalCdfOf(x: v128): v128 {
  return join(normalCdf64(low(x)), normalCdf64(high(x)));
}

/** φ(x) = e^(−x²/2) / √2π, the standard normal density */
export function normalPdfOf(x: v128): v128 {
  return join(normalPdf64(low(x)), normalPdf64(high(x)));
}

/** cos 2πx: x counts turns, so that its whole part falls away exactly */
export function cosTurnsOf(x: v128): v128 {
  return join(cosTurns64(low(x)), cosTurns64(high(x)));
}

// ── float64, two lanes ───────────────────────────────────────────────────────────────────────────────────────────

const LOG2_E: f64 = 1.4426950408889634;
const LN_2: f64 = 0.6931471805599453;
const SQRT_HALF: f64 = 0.7071067811865476;
const INVERSE_SQRT_2_PI: f64 = 0.3989422804014327;
const TWO_PI: f64 = 6.283185307179586;
/** Beyond ±200, e^x is 0 or ∞ for a float32, yet e^200 is far from a double's limits. */
const FAR: f64 = 200;
/** 1.5·2⁵²: added to a small double it leaves the nearest whole number in the low bits of the mantissa. */
const ROUND: f64 = 6755399441055744;

// eˣ = 2ᵏ·eʳ, where x = k·ln 2 + r and |r| ≤ ½ ln 2

/** eˣ = 2ᵏ + 2ᵏ·(eʳ − 1) */
@inline
export function exp64(x: v128): v128 {
  x = clamp(x);
  const shifted = shiftedExponent(x);
  const power = powerOf(shifted);
  return f64x2.add(power, f64x2.mul(power, expm1OfRest(rest(x, shifted))));
}

/** eˣ − 1 = (2ᵏ − 1) + 2ᵏ·(eʳ − 1) */
@inline
function expm164(x: v128): v128 {
  x = clamp(x);
  const shifted = shiftedExponent(x);
  const power = powerOf(shifted);
  return f64x2.add(f64x2.sub(power, f64x2.splat(1)), f64x2.mul(power, expm1OfRest(rest(x, shifted))));
}

/** k + 1.5·2⁵²: k lies in the low bits */
@inline
function shiftedExponent(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, f64x2.splat(LOG2_E)), f64x2.splat(ROUND));
}

/** 2ᵏ, its bits */
@inline
function powerOf(shifted: v128): v128 {
  return i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
}

/** r */
@inline
function rest(x: v128, shifted: v128): v128 {
  return f64x2.sub(x, f64x2.mul(f64x2.sub(shifted, f64x2.splat(ROUND)), f64x2.splat(LN_2)));
}

/** eʳ − 1 by Taylor's series: its first term left out is below 2·10⁻¹³ of r */
@inline
function expm1OfRest(r: v128): v128 {
  let p = f64x2.splat(1.0 / 3628800);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  return f64x2.add(f64x2.mul(p, f64x2.mul(r, r)), r);
}

function log64(x: v128): v128 {
  const first = Math.log(f64x2.extract_lane(x, 0));
  return f64x2.replace_lane(f64x2.splat(first), 1, Math.log(f64x2.extract_lane(x, 1)));
}

function tanh64(x: v128): v128 {
  const e = expm164(f64x2.add(x, x));
  return f64x2.div(e, f64x2.add(e, f64x2.splat(2)));
}

function sigmoid64(x: v128): v128 {
  return f64x2.div(f64x2.splat(1), f64x2.add(exp64(f64x2.neg(x)), f64x2.splat(1)));
}

function softplus64(x: v128): v128 {
  const u = exp64(f64x2.neg(f64x2.abs(x))); // in (0, 1]
  // log(1 + u) = 2·artanh(s), s = u / (2 + u) ≤ ⅓: the first term left out is below 2·10⁻¹² of s
  const s = f64x2.div(u, f64x2.add(u, f64x2.splat(2)));
  const s2 = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 21);
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 19));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 17));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 15));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 13));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 11));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 9));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 7));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 5));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1.0 / 3));
  p = f64x2.add(f64x2.mul(p, s2), f64x2.splat(1));
  return f64x2.add(f64x2.max(x, f64x2.splat(0)), f64x2.mul(f64x2.add(s, s), p));
}

/**
 * Φ(x) = ½·erfc(−x/√2), and for z ≥ 0  erfc(z) = t·exp(P(t) − z²), t = 1 / (1 + z/2).
 * P is the polynomial of degree 14 through log(erfc(z)·e^(z²)/t) at Chebyshev's nodes for z in [0, 10.7], beyond
 * which Φ(−z√2) is 0 for a float32; its error is below 3·10⁻¹¹.
 */
function normalCdf64(x: v128): v128 {
  const z = f64x2.min(f64x2.mul(f64x2.abs(x), f64x2.splat(SQRT_HALF)), f64x2.splat(FAR));
  const t = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.mul(z, f64x2.splat(0.5)), f64x2.splat(1)));
  let p = f64x2.splat(-0.1786540914287434);
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(1.4258135217916044));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-4.985572366208414));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(9.91069531099848));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-12.129918000515726));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(9.282595389085838));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-4.476677783458047));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(1.5575146311194645));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-0.38962414623696817));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-0.13037379883551384));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-0.0759501162659038));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(0.080257920564174));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(0.3754370806016887));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(0.9999675601637796));
  p = f64x2.add(f64x2.mul(p, t), f64x2.splat(-1.2655111113966737));
  const tail = f64x2.mul(f64x2.mul(t, f64x2.splat(0.5)), exp64(f64x2.sub(p, f64x2.mul(z, z)))); // Φ(−|x|)
  const positive = f64x2.gt(x, f64x2.splat(0));
  return v128.bitselect(f64x2.sub(f64x2.splat(1), tail), tail, positive);
}

function normalPdf64(x: v128): v128 {
  const half = f64x2.mul(f64x2.mul(x, x), f64x2.splat(-0.5));
  return f64x2.mul(exp64(half), f64x2.splat(INVERSE_SQRT_2_PI));
}

/**
 * cos 2πx = sin 2πt, t = ¼ − |x − the nearest whole number|: exact, and 0 where the cosine is. With z = 2πt in ±½π, Taylor's
 * series of sin z; its first term left out is below 5·10⁻¹⁴ of z.
 */
function cosTurns64(x: v128): v128 {
  const t = f64x2.sub(f64x2.splat(0.25), f64x2.abs(f64x2.sub(x, f64x2.nearest(x))));
  const z = f64x2.mul(t, f64x2.splat(TWO_PI));
  const z2 = f64x2.mul(z, z);
  let p = f64x2.splat(1.0 / 355687428096000);
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(-1.0 / 1307674368000));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(1.0 / 6227020800));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(-1.0 / 39916800));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(1.0 / 362880));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(-1.0 / 5040));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(1.0 / 120));
  p = f64x2.add(f64x2.mul(p, z2), f64x2.splat(-1.0 / 6));
  return f64x2.add(f64x2.mul(f64x2.mul(p, z2), z), z);
}

// ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** into [−FAR, FAR]; NaN stays NaN */
@inline
function clamp(x: v128): v128 {
  return f64x2.max(f64x2.min(x, f64x2.splat(FAR)), f64x2.splat(-FAR));
}

@inline
function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

@inline
function join(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}
