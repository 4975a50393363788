import { NnfitError } from "../errors.js";
import type { Source } from "./source.js";

/** By the names of the WHATWG's standard, which every Node knows. */
export const encodings = [
  "auto",
  "utf-8",
  "utf-16le",
  "utf-16be",
  "windows-1250",
  "windows-1251",
  "windows-1252",
  "windows-1253",
  "windows-1254",
  "windows-1255",
  "windows-1256",
  "windows-1257",
  "windows-1258",
  "windows-874",
  "iso-8859-2",
  "iso-8859-5",
  "iso-8859-7",
  "iso-8859-15",
  "koi8-r",
  "koi8-u",
  "macintosh",
  "gb18030",
  "big5",
  "euc-jp",
  "shift_jis",
  "euc-kr",
] as const;
export type Encoding = (typeof encodings)[number];

/** By any of the names that the standard has for it, such as latin1, cp1252 or utf8. */
export function encodingNamed(label: string): Encoding | undefined {
  const known = (name: string) => encodings.find((encoding) => encoding === name.toLowerCase());
  try {
    return known(label) ?? known(new TextDecoder(label).encoding);
  } catch {
    return undefined; // a name that nobody knows
  }
}

/** The same table in UTF-8. "auto" is UTF-8, or UTF-16 where the mark that spreadsheets begin it with says so. */
export function inUtf8(source: Source, encoding: Encoding): Source {
  if (encoding === "utf-8") return source;
  return { ...source, read: () => (encoding === "auto" ? byMark(source) : decoded(source, source.read(), encoding)) };
}

async function* byMark(source: Source): AsyncGenerator<Uint8Array> {
  const chunks = source.read()[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  try {
    while (first.length < SIGNATURE_BYTES) {
      const { value, done } = await chunks.next();
      if (done) break;
      first = Buffer.concat([first, value]);
    }
    refuseOthers(first, source.name);
    const [low, high] = first;
    const rest = { [Symbol.asyncIterator]: () => chunks };
    if (low === 0xff && high === 0xfe) yield* decoded(source, after(first, rest), "utf-16le");
    else if (low === 0xfe && high === 0xff) yield* decoded(source, after(first, rest), "utf-16be");
    else yield* after(first, rest);
  } finally {
    await chunks.return?.();
  }
}

/** Which UTF-16 the bytes from some place of a text on are, if they are: of characters below 256 one byte is NUL, the second or the first. */
export function utf16By(bytes: Uint8Array, begin: number): Encoding | undefined {
  const isNul = (parity: number) => bytes.some((byte, i) => byte === 0 && (begin + i) % 2 === parity);
  if (isNul(0) === isNul(1)) return undefined;
  return isNul(1) ? "utf-16le" : "utf-16be";
}

const SIGNATURE_BYTES = 4;

/** What is no text, or in an encoding that nothing here reads, by what such files begin with. */
function refuseOthers(first: Uint8Array, at: string): void {
  const begins = (...bytes: number[]) => bytes.every((byte, i) => first[i] === byte);
  const isZip = begins(0x50, 0x4b, 3, 4);
  if (isZip || begins(0xd0, 0xcf, 0x11, 0xe0)) {
    const what = isZip ? "an archive, such as an Excel workbook is" : "an old Excel workbook";
    throw new NnfitError("data", `the table is ${what}, not CSV text`, { at, try: "saving it as CSV" });
  }
  if (begins(...Buffer.from("PAR1")))
    throw new NnfitError("data", "the table is a Parquet file, not CSV text", { at, try: "saving it as CSV" });
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff))
    throw new NnfitError("data", "the table is UTF-32 text", { at, try: "saving it as UTF-8" });
  if (begins(0x1f, 0x8b))
    throw new NnfitError("data", "the table is compressed with gzip", { at, try: "gunzip first" });
}

async function* after(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* decoded(
  { name }: Source,
  chunks: AsyncIterable<Uint8Array>,
  encoding: Exclude<Encoding, "auto">,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new NnfitError("data", `the table is not ${encoding} text`, {
        at: name,
        try: "another data.encoding, or saving it as UTF-8",
      });
    }
  };
  for await (const chunk of chunks) {
    const text = decode(chunk);
    yield Buffer.from(encoding === "windows-1252" ? withMarksOf1252(text) : text);
  }
  const last = decode();
  if (last !== "") yield Buffer.from(last);
}

/** What stands from 0x80 to 0x9f: some versions of Node leave it as ISO-8859-1 has it, which has control characters there. */
const MARKS_OF_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function withMarksOf1252(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (character) => MARKS_OF_1252[character.charCodeAt(0) - 0x80]!);
}
