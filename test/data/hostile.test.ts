import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csvLine } from "../../src/data/csv.js";
import { readColumns, readTable } from "../../src/data/read.js";
import { fileSource, type Source } from "../../src/data/source.js";
import { NnfitError } from "../../src/errors.js";
import { applyPipeline } from "../../src/transform/apply.js";
import { scaleOptions } from "../../src/transform/options.js";
import { learnPipeline, type PipelineState, pipelineState } from "../../src/transform/pipeline.js";
import { scalers } from "../../src/transform/scalers.js";
import { applyTarget } from "../../src/transform/target.js";
import { byDefault, cells, columns, inChunks, refusal, sourceOf, tableOf } from "./source.js";

const MEBIBYTE = 2 ** 20;

/** A table that is never in memory: `before`, then so many times the same bytes. */
function streamed(before: string, piece: string, bytes: number): Source {
  const chunk = Buffer.from(piece.repeat(Math.ceil(2 ** 18 / piece.length)));
  return {
    name: "t.csv",
    async *read() {
      yield Buffer.from(before);
      for (let given = 0; given < bytes; given += chunk.length) yield chunk;
    },
  };
}

const refused = (source: Source) => refusal(() => readTable(source, byDefault));

describe("one line of a gigabyte is refused with its place, in little memory:", () => {
  it.each([
    ["as the header", "", "x", "t.csv:1"],
    ["as a header of many names", "", "name,", "t.csv:1"],
    ["as a row of one cell", "a,b\n1,2\n\n", "x", "t.csv:4"],
    ["as a row of empty cells", "a,b\n1,2\n", ",", "t.csv:3"],
    ["as a row of empty cells after a quote", 'a,b\n"1",2\n', ",", "t.csv:3"],
    ["within quotes", 'a,b\n1,"', "x", "t.csv:2"],
    ["within quotes, in many lines", 'a,b\n1,"', "x\n", "t.csv:2"],
    ["of quotes in quotes", 'a,b\n1,"', '""', "t.csv:2"],
  ])("%s", async (_, before, piece, at) => {
    const kilobytes = process.resourceUsage().maxRSS;
    expect(await refused(streamed(before, piece, 1024 * MEBIBYTE))).toMatchObject({
      kind: "data",
      details: { at },
      message: expect.stringContaining("longer than 16 MiB"),
    });
    expect(process.resourceUsage().maxRSS - kilobytes).toBeLessThan(500_000);
  });

  it("and a line of 15 MiB is read", async () => {
    const word = "x".repeat(15 * MEBIBYTE);
    for (const quote of ["", '"']) {
      const table = await readTable(inChunks(`a,b\n${quote}${word}${quote},1\n`, 2 ** 18), byDefault);
      expect(cells(table, "a")).toEqual([word]);
    }
  });

  it("and lines that only CR ends may go on for longer than that", async () => {
    const text = `a,b\r${`${"x".repeat(1_000)},2\r`.repeat(18_000)}`;
    expect((await readTable(inChunks(text, 2 ** 18), byDefault)).rows).toBe(18_000);
  });
});

describe("many columns", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `c${i}`);

  it.each([
    ["plain", (name: string) => name],
    ["quoted", (name: string) => `"${name}"`],
  ])("are read, each in its place: 10^5 of them, %s", async (_, write) => {
    const row = (from: number) => `${names.map((_, i) => from + i).join()}\n`;
    const table = await tableOf(`${names.map(write).join()}\n${row(0)}${row(7)}`);
    expect(table.columns).toHaveLength(100_000);
    expect(cells(table, "c99999")).toEqual([99_999, 100_006]);
  });

  it("are told apart: the last of 10^5 has the name of the first", async () => {
    const error = await refusal(() => tableOf(`${names.join()},c0\n1\n`));
    expect(error.message).toBe('the header names "c0" more than once: columns 1 and 100001');
  });

  it("are not all named in an error", async () => {
    const errors = [
      await refusal(() => tableOf(`${names.join()},\n1\n`)),
      await refusal(() => tableOf(`${names.map(() => "c").join()}\n1\n`)),
      await refusal(() => readColumns(sourceOf(`${names.join()}\n1\n`), byDefault, [{ name: "z", type: "number" }])),
      await refusal(() =>
        readColumns(
          sourceOf("z\n1\n"),
          byDefault,
          names.map((name) => ({ name, type: "number" })),
        ),
      ),
    ];
    for (const { message, details } of errors) expect(JSON.stringify([message, details]).length).toBeLessThan(1_000);
  });

  it("are too many beyond a million", async () => {
    for (const first of ["a", '"a"']) {
      const error = await refusal(() => tableOf(`${first}${",a".repeat(1_000_000)}\n`));
      expect(error).toMatchObject({ kind: "data", details: { at: "t.csv:1" } });
      expect(error.message).toContain("1000001 columns");
    }
  });
});

describe("text in another encoding is refused:", () => {
  const text = "a,b\n1,2\n";
  const umlauts = "Größe,b\n1,2\n"; // which is no UTF-8
  const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
  it.each([
    ["UTF-16 without a mark, little-endian", Buffer.from(text, "utf16le"), "NUL", "utf-16le"],
    ["UTF-16 without a mark, big-endian", swapped(Buffer.from(text, "utf16le")), "NUL", "utf-16be"],
    ["UTF-16 with umlauts, little-endian", Buffer.from(umlauts, "utf16le"), "NUL", "utf-16le"],
    ["UTF-16 with umlauts, big-endian", swapped(Buffer.from(umlauts, "utf16le")), "NUL", "utf-16be"],
    [
      "UTF-32",
      Buffer.concat(
        [...`\ufeff${text}`].map((c) => Buffer.from([c.codePointAt(0)! & 255, c.codePointAt(0)! >> 8, 0, 0])),
      ),
      "UTF-32",
    ],
    ["zeros", Buffer.alloc(100), "NUL"],
  ])("%s", async (_, bytes, says, encoding: string | undefined = undefined) => {
    const error = await refusal(() => readTable(sourceOf(bytes), byDefault));
    expect(error.kind).toBe("data");
    expect(error.message).toContain(says);
    expect(error.details.try).toContain("UTF-8");
    expect(/data\.encoding: "(.*?)"/.exec(error.details.try!)?.[1]).toBe(encoding);
  });

  it.each(["\n", "\r\n"])("UTF-16 below lines that are skipped, which end with %j", async (lineEnd) => {
    const below = Buffer.from(["title", "more", "", text].join(lineEnd), "utf16le");
    for (const [encoding, bytes] of Object.entries({ "utf-16le": below, "utf-16be": swapped(below) })) {
      for (const skipLines of [0, 1, 2, 3]) {
        const error = await refusal(() => readTable(sourceOf(bytes), { ...byDefault, skipLines }));
        expect(error.details.try, `${skipLines}`).toContain(`data.encoding: "${encoding}"`);
      }
    }
  });

  it("UTF-16 that begins with a long text without NUL, cut within what would be a character of UTF-8", async () => {
    const bytes = Buffer.from(`\uc32d${"\uc380".repeat(600_000)}\u4e80,b\n1,2\n`, "utf16le");
    const error = await refusal(() => readTable(sourceOf(bytes), byDefault));
    expect(error.details.try).toContain('data.encoding: "utf-16le"');
  });
});

describe("a file that changes while it is read is an error of files, and never half a table:", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "nnfit-csv-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const rows = (count: number) => `a,b\n${"1,2\n".repeat(count)}`;
  /** Of a file of several chunks, which is changed after the first one. */
  function changingSource(change: (path: string) => void): Source {
    const path = join(folder, "t.csv");
    writeFileSync(path, rows(300_000));
    const source = fileSource(path, "t.csv");
    return {
      ...source,
      async *read() {
        let chunks = 0;
        for await (const chunk of source.read()) {
          yield chunk;
          if (++chunks === 1) change(path);
        }
        expect(chunks).toBeLessThan(10); // also of one that grows for ever
      },
    };
  }

  it.each<[string, (path: string) => void, RegExp]>([
    ["it grows", (path) => appendFileSync(path, "3,4\n".repeat(1_000_000)), /^5200004 bytes, but 1200004 when/],
    ["it shrinks", (path) => truncateSync(path, 300_001), /^300001 bytes/],
    ["it is emptied", (path) => truncateSync(path, 0), /^0 bytes/],
    [
      "it is written anew, as long as it was",
      (path) => writeFileSync(path, rows(300_000).replaceAll("1", "3")),
      /^as many bytes as when it was opened, but written to at 2/,
    ],
  ])("%s", async (_, change, have) => {
    expect(await refusal(() => readTable(changingSource(change), byDefault))).toMatchObject({
      kind: "files",
      message: "the table changed while it was being read",
      details: { at: "t.csv", have: expect.stringMatching(have) },
    });
  });

  it.skipIf(process.platform === "win32").each<[string, (path: string) => void]>([
    ["removed", (path) => rmSync(path)],
    [
      "replaced by another file",
      (path) => {
        writeFileSync(`${path}.new`, rows(7));
        renameSync(`${path}.new`, path);
      },
    ],
  ])("but one that is %s is read to its end, as it was when it was opened", async (_, change) => {
    expect((await readTable(changingSource(change), byDefault)).rows).toBe(300_000);
  });

  it("also between two readings, where words come after numbers", async () => {
    const path = join(folder, "twice.csv");
    writeFileSync(path, "a,b\n1,2\nx,3\ny,4\n");
    const source = fileSource(path);
    await readTable(source, byDefault);
    renameSync(path, `${path}.old`);
    writeFileSync(path, "a,b\n1,2\nx,3\ny,4\n");
    const replaced = await refusal(() => readTable(source, byDefault));
    expect(replaced.message).toContain("changed");
    expect(replaced.details.have).toBe("another file in its place than when it was first opened");
    renameSync(`${path}.old`, path);
    await readTable(source, byDefault);
    appendFileSync(path, "z,5\n");
    expect((await refusal(() => readTable(source, byDefault))).message).toContain("changed");
  });
});

describe("a table of any cells", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).filter((text) => {
    const known = ["", "NA", "NaN", "null", "?"];
    return (
      !known.includes(text.trim()) &&
      !text.includes("\0") &&
      Buffer.from(text).toString() === text &&
      !/[\r\n]/.test(text)
    );
  });
  const written = (x: number) => (Object.is(x, -0) ? "-0" : String(x));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });

  it("is read as it was written: numbers to the last bit, words without the blanks around them", async () => {
    const rows = fc.array(fc.tuple(number, word, fc.boolean()), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(",", ";", "\t", "|"), fc.nat(100), async (rows, delimiter, cut) => {
        const line = (cells: readonly string[]) =>
          delimiter === ","
            ? csvLine(cells)
            : `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)}\n`;
        const lines = rows.map(([x, name, missing]) => line([written(x), name, missing ? "NA" : written(-x)]));
        const table = await readTable(sourceOf(line(["x", "name", "y"]) + lines.join(""), [cut]), {
          ...byDefault,
          delimiter,
          types: { name: "category" },
        });
        expect(cells(table, "x")).toEqual(rows.map(([x]) => x));
        expect(cells(table, "name")).toEqual(rows.map(([, name]) => name.trim()));
        expect(cells(table, "y")).toEqual(rows.map(([x, , missing]) => (missing ? undefined : -x)));
      }),
      { numRuns: 300 },
    );
  });

  it("gives training finite numbers and nothing else, or an error with line and column, for every scaler", () => {
    const extreme = fc.oneof(
      fc.constantFrom(0, -0, Number.MAX_VALUE, Number.MIN_VALUE, 1e300, -1e300, 1e308, -1e308, 1e-320, Number.NaN),
      number,
    );
    const told = { finite: 0, refused: 0, tooLarge: 0 };
    fc.assert(
      fc.property(
        fc.array(extreme, { minLength: 2, maxLength: 12 }), // one row alone is a constant column
        fc.array(extreme, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...Object.keys(scalers)),
        (learned, applied, name) => {
          const scale = scaleOptions.parse({ inputs: name }).inputs;
          const of = (values: readonly number[]) => columns({ x: values, y: values.map((_, i) => i) });
          let pipeline: PipelineState;
          try {
            pipeline = learnPipeline(of(learned), { noInputs: [], ignored: [], scale }).pipeline;
          } catch (error) {
            expect(String(error)).toContain('the column "x" has numbers too large to scale');
            expect(learned.some((x) => Math.abs(x) > 1e300)).toBe(true);
            told.tooLarge++;
            return;
          }
          pipelineState.parse(JSON.parse(JSON.stringify(pipeline))); // as the model file has it
          try {
            const X = applyPipeline(pipeline, of(applied));
            expect([...X].filter((x) => !Number.isFinite(x))).toEqual([]);
            told.finite++;
          } catch (error) {
            if (!(error instanceof NnfitError)) throw error;
            expect(error.kind).toBe("data");
            const row = Number(error.details.at?.match(/^t\.csv:(\d+), column "x"$/)?.[1]) - 2;
            expect(row).toBeLessThan(applied.length);
            told.refused++;
          }
        },
      ),
      { numRuns: 3_000 },
    );
    expect(told.finite).toBeGreaterThan(500);
    expect(told.tooLarge).toBeGreaterThan(100);
    expect(told.refused).toBeGreaterThan(10);
  });
});

it("a target that is too large to compute with is refused", async () => {
  const { targets } = { targets: [{ name: "y", scaler: { name: "none" as const } }] };
  const target = { task: "regression" as const, targets };
  const error = await refusal(() => applyTarget(target, { task: "regression", values: [Float64Array.of(1, 1e39)] }));
  expect(error).toMatchObject({ kind: "data", details: { setting: "data.target", have: "1e+39" } });
});
