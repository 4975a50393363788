import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Encoding, encodings, inUtf8 } from "../../src/data/encoding.js";
import { readTable } from "../../src/data/read.js";
import { byDefault, cells, inChunks, refusal, sourceOf } from "./source.js";

async function textOf(bytes: Uint8Array, encoding: Encoding, cuts: readonly number[] = []): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of inUtf8(sourceOf(bytes, cuts), encoding).read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

const utf16 = (text: string) => Buffer.from(text, "utf16le");
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();

describe("a table in UTF-16 with its mark", () => {
  it("is read, of either byte order, in whatever chunks", async () => {
    const text = fc.array(fc.constantFrom("a", "é", "€", "😀", ",", "\n", "1"), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 6 }), async (pieces, cuts) => {
        const whole = pieces.join("");
        const bytes = utf16(`\ufeff${whole}`);
        expect(await textOf(bytes, "auto", cuts)).toBe(whole);
        expect(await textOf(swapped(bytes), "auto", cuts)).toBe(whole);
        expect(await textOf(bytes.subarray(2), "utf-16le", cuts)).toBe(whole);
      }),
    );
  });

  it("is the same table as in UTF-8, with the same lines", async () => {
    const text = `größe\tкласс\r\n${Array.from({ length: 30_000 }, (_, i) => `${i / 4}\t"w\n${i % 7}"\r\n`).join("")}`;
    const table = await readTable(sourceOf(text), byDefault);
    expect(cells(table, "größe")).toHaveLength(30_000);
    for (const size of [70_001, 2 ** 18]) {
      expect(await readTable(inChunks(utf16(`\ufeff${text}`), size), byDefault)).toEqual(table);
    }
  });

  it("is an error where a character is cut off", async () => {
    const bytes = utf16("\ufeffa,b\n1,2\n").subarray(0, -1);
    expect(await refusal(() => readTable(sourceOf(bytes), byDefault))).toMatchObject({
      kind: "data",
      message: "the table is not utf-16le text",
      details: { at: "t.csv" },
    });
  });
});

describe("a file that is no text", () => {
  it.each([
    ["a workbook", [0x50, 0x4b, 3, 4, 20, 0], "an archive, such as an Excel workbook is"],
    ["an old workbook", [0xd0, 0xcf, 0x11, 0xe0, 0xa1], "an old Excel workbook"],
    ["a Parquet file", [0x50, 0x41, 0x52, 0x31, 0x15], "a Parquet file"],
    ["compressed", [0x1f, 0x8b, 8, 0, 0], "compressed with gzip"],
  ])("is told by what it begins with: %s", async (_, bytes, what) => {
    for (const cuts of [[], [1, 3]]) {
      const error = await refusal(() => readTable(sourceOf(Uint8Array.from(bytes), cuts), byDefault));
      expect(error).toMatchObject({ kind: "data", message: expect.stringContaining(what), details: { at: "t.csv" } });
    }
  });
});

describe("bytes that are UTF-8 already", () => {
  it.each(["auto", "utf-8"] as const)("are left as they are: %s", async (encoding) => {
    for (const text of ["", "a", "\ufeffé,b\n1,2\n"]) {
      for (const cuts of [[], [1], [1, 2, 3]]) expect(await textOf(Buffer.from(text), encoding, cuts)).toBe(text);
    }
  });
});

describe("a named encoding", () => {
  it("of Windows has its own characters where ISO-8859-1 has control characters", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const text = await textOf(bytes, "windows-1252", [100, 130, 200]);
    expect(text.slice(0x80, 0xa0)).toBe("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ");
    expect(text.slice(0, 0x80) + text.slice(0xa0)).toBe(
      Buffer.concat([bytes.subarray(0, 0x80), bytes.subarray(0xa0)]).toString("latin1"),
    );
  });

  it.each([
    ["windows-1250", [0x9c, 0xb9, 0xea], "śąę"],
    ["windows-1251", [0xcc, 0xee, 0xf1], "Мос"],
    ["iso-8859-15", [0xa4, 0xe9], "€é"],
    ["shift_jis", [0x93, 0xfa, 0x96, 0x7b], "日本"],
    ["gb18030", [0xd6, 0xd0, 0xce, 0xc4], "中文"],
    ["euc-kr", [0xc7, 0xd1], "한"],
    ["koi8-r", [0xed, 0xcf], "Мо"],
  ] as const)("is read, whatever character chunks cut in two: %s", async (encoding, bytes, text) => {
    expect(await textOf(Uint8Array.from(bytes), encoding)).toBe(text);
    expect(await textOf(Uint8Array.from(bytes), encoding, [1, 3])).toBe(text);
  });

  it("is known to this Node", () => {
    for (const encoding of encodings) if (encoding !== "auto") expect(() => new TextDecoder(encoding)).not.toThrow();
  });

  it("has bytes that it can't have told", async () => {
    expect(await refusal(() => textOf(Uint8Array.of(0x61, 0xff, 0xff), "shift_jis"))).toMatchObject({
      kind: "data",
      message: "the table is not shift_jis text",
      details: { at: "t.csv", try: "another data.encoding, or saving it as UTF-8" },
    });
  });
});
