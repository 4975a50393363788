let pointCharacter: u32 = 0x2e;

/** Numbers have this character for a decimal point. */
export function setPoint(character: u32): void {
  pointCharacter = character;
}

/**
 * The double nearest to a decimal number of up to 16 characters without an exponent, as nearly all of them are; NaN where
 * the text is not that. All characters are looked at at once: 16 bytes from `at` on can be read.
 */
export function shortDecimal(at: usize, end: usize): f64 {
  const first: u32 = load<u8>(at);
  const negative = first == 0x2d;
  at += usize(negative) | usize(first == 0x2b);
  const length = (end - at) as u32;
  if (length - 1 > 15) return NaN;

  const text = v128.load(at);
  const digits = i8x16.sub(text, i8x16.splat(0x30));
  const inside: u32 = (1 << length) - 1;
  const points = (i8x16.bitmask(i8x16.eq(text, i8x16.splat(pointCharacter as i8))) as u32) & inside;
  const others = ~(i8x16.bitmask(i8x16.lt_u(digits, i8x16.splat(10))) as u32) & inside;
  if (others != points || (points & (points - 1)) != 0 || points == inside) return NaN;

  // The digits without the point, moved to the right; a place before them, which is below zero, swizzle makes 0.
  const point: u32 = points == 0 ? length : ctz(points);
  const count = points == 0 ? length : length - 1;
  const places = i8x16.add(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat((count as i8) - 16));
  const sources = i8x16.sub(places, i8x16.ge_s(places, i8x16.splat(point as i8)));
  const ones = i8x16.swizzle(digits, sources);
  const tens = i16x8.add(
    i16x8.mul(v128.and(ones, i16x8.splat(0xff)), i16x8.splat(10)),
    i16x8.shr_u(ones, 8),
  );
  const thousands = i32x4.dot_i16x8_s(tens, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const upper = eightDigits(i64x2.extract_lane(thousands, 0));
  const lower = eightDigits(i64x2.extract_lane(thousands, 1));
  const value = nearest(upper * 100_000_000 + lower, (point as i32) - (count as i32));
  return reinterpret<f64>(reinterpret<u64>(value) | ((negative as u64) << 63)); // signs come at random: no branch
}

/** Of two numbers of four digits, the one in front in the lower half. */
@inline
function eightDigits(fours: u64): u64 {
  return (fours & 0xffffffff) * 10_000 + (fours >> 32);
}

/**
 * The double nearest to a decimal number, as Number() has it, or NaN where that takes more than this: the text is not
 * a number, has more than 19 digits, or is very large or very small.
 */
export function decimal(at: usize, end: usize): f64 {
  const first: u32 = at < end ? load<u8>(at) : 0;
  const negative = first == 0x2d;
  if (negative || first == 0x2b) at++;

  let digits: u64 = 0;
  let digit: u32 = 0;
  const whole = at;
  while (at < end && (digit = (load<u8>(at) as u32) - 0x30) <= 9) {
    digits = digits * 10 + digit;
    at++;
  }
  let count = at - whole;
  let exponent: i32 = 0;
  if (at < end && load<u8>(at) == pointCharacter) {
    const part = ++at;
    while (at < end && (digit = (load<u8>(at) as u32) - 0x30) <= 9) {
      digits = digits * 10 + digit;
      at++;
    }
    count += at - part;
    exponent = -((at - part) as i32);
  }
  if (count == 0) return NaN;
  if (count > 19) {
    // zeros in front are no digits
    let zeros = whole;
    while (load<u8>(zeros) == 0x30 || load<u8>(zeros) == pointCharacter) {
      if (load<u8>(zeros++) == 0x30) count--;
    }
    if (count > 19) return NaN;
  }
  if (at < end) {
    if ((load<u8>(at) | 0x20) != 0x65) return NaN; // e
    const sign: u32 = ++at < end ? load<u8>(at) : 0;
    if (sign == 0x2d || sign == 0x2b) at++;
    if (at == end || end - at > 3) return NaN;
    let power: i32 = 0;
    for (; at < end; at++) {
      digit = (load<u8>(at) as u32) - 0x30;
      if (digit > 9) return NaN;
      power = power * 10 + (digit as i32);
    }
    exponent += sign == 0x2d ? -power : power;
  }
  const value = nearest(digits, exponent);
  return negative ? -value : value;
}

const LARGEST_EXACT: u64 = 1 << 53;
const EXACT_POWERS = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/** digits·10ᵉ */
@inline
function nearest(digits: u64, e: i32): f64 {
  // Both are exact doubles, so that their product or quotient is the nearest one.
  if (digits <= LARGEST_EXACT && e >= -22 && e <= 22) {
    const power = load<f64>(EXACT_POWERS + ((abs(e) as usize) << 3));
    return e < 0 ? ((digits as i64) as f64) / power : ((digits as i64) as f64) * power; // signed is faster
  }
  return eiselLemire(digits, e);
}

/** The powers of ten from 10^−MOST to 10^MOST: 128 bits each, the highest one set, the high half first. */
const MOST: i32 = 64;
let powers: usize = 0;

export function setPowers(address: usize): void {
  powers = address;
}

/**
 * Lemire, "Number parsing at a gigabyte per second" (2021): the 64 highest bits of digits·10ᵉ are right but for a few
 * cases, which are seen and left to others (NaN).
 */
function eiselLemire(digits: u64, e: i32): f64 {
  if (digits == 0) return 0;
  if (e < -MOST || e > MOST) return NaN;
  const power = powers + ((e + MOST) << 4);
  const shift = clz(digits);
  const w = digits << shift;
  const highPower = load<u64>(power);
  let low = w * highPower;
  let high = highProduct(w, highPower);
  if ((high & 0x1ff) == 0x1ff) {
    const more = highProduct(w, load<u64>(power, 8));
    low += more;
    if (low < more) high++;
    if (low == u64.MAX_VALUE) return NaN;
  }
  const upper = high >> 63;
  let mantissa = high >> (upper + 9); // 54 bits
  // halfway between two doubles, or too close to it to tell
  if (low <= 1 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high) return NaN;
  let exponent = ((217706 * e) >> 16) + 63 + (upper as i32) - (shift as i32) + 1023;
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  if (mantissa == (1 as u64) << 53) {
    mantissa >>= 1;
    exponent++;
  }
  if (exponent <= 0 || exponent >= 2047) return NaN;
  return reinterpret<f64>((mantissa & 0x000fffffffffffff) | ((exponent as u64) << 52));
}

/** The high 64 bits of the product of two 64-bit numbers. */
function highProduct(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}
