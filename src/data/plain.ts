import { isUtf8 } from "node:buffer";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/**
 * That whole lines need no parser: without a quote, a row is what the delimiter cuts a line into. NUL, text that is not
 * UTF-8 and a CR that ends no line are left to the parser too, which says what is wrong with them.
 */
export function isPlain(block: Buffer): boolean {
  if (block.includes(QUOTE) || block.includes(0) || !isUtf8(block)) return false;
  for (let at = block.indexOf(CR); at >= 0; at = block.indexOf(CR, at + 1)) {
    if (block[at + 1] !== LF) return false;
  }
  return true;
}
