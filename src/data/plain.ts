import { isUtf8 } from "node:buffer";

const LF = 0x0a;
const CR = 0x0d;

/**
 * That lines can be cut up where they are: UTF-8 text without a NUL, whose lines end in LF or CRLF. Any other is left to the
 * parser, which says what is wrong with it.
 */
export function isPlain(block: Buffer): boolean {
  if (block.includes(0) || !isUtf8(block)) return false;
  for (let at = block.indexOf(CR); at >= 0; at = block.indexOf(CR, at + 1)) {
    if (block[at + 1] !== LF) return false;
  }
  return true;
}
