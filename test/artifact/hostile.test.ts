import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel, type Model, saveModel } from "../../src/artifact/model.js";
import { decodeSafetensors } from "../../src/artifact/safetensors.js";
import { version } from "../../src/artifact/version.js";
import { NnfitError } from "../../src/errors.js";
import { refusal } from "../data/source.js";
import { sealed, smallModel } from "./model.js";

/** `npm run torture` asks for more. */
const ROUNDS = Number(process.env.NNFIT_ROUNDS ?? 1_500);

let folder: string;
let bytes: Buffer;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nnfit-hostile-"));
  bytes = saved(smallModel);
});
afterAll(() => rmSync(folder, { recursive: true }));

function saved(model: Model): Buffer {
  saveModel(join(folder, "good.safetensors"), model);
  return readFileSync(join(folder, "good.safetensors"));
}

/** Loads bytes as a model file, by way of a file. */
function load(content: Uint8Array): Model {
  const path = join(folder, "hostile.safetensors");
  writeFileSync(path, content);
  return loadModel(path);
}

async function refused(content: Uint8Array): Promise<string> {
  const error = await refusal(() => load(content));
  expect(error.kind).toBe("model");
  return error.message;
}

const ownNames = () => [Object.prototype, Array.prototype].map((prototype) => Reflect.ownKeys(prototype));
const before = ownNames();
/** Nothing that was loaded left a trace, and nothing large was ever in memory. */
function expectNoTrace(work: () => unknown): Promise<void> {
  const kilobytes = process.resourceUsage().maxRSS;
  return Promise.resolve(work()).then(() => {
    expect(ownNames()).toEqual(before);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(process.resourceUsage().maxRSS - kilobytes).toBeLessThan(400_000);
  });
}

interface Parts {
  readonly header: string;
  readonly data: Buffer;
}
function partsOf(file: Buffer): Parts {
  const end = 8 + Number(file.readBigUInt64LE(0));
  return { header: file.toString("utf8", 8, end), data: file.subarray(end) };
}
/** The file with its header or its description changed, and a right checksum. */
function withHeader(change: (header: string) => string): Buffer {
  const { header, data } = partsOf(bytes);
  const changed = change(header);
  expect(changed).not.toBe(header);
  return sealed(Buffer.from(changed), data);
}
function withDescription(change: (text: string) => string): Buffer {
  const { header, data } = partsOf(bytes);
  const parsed = JSON.parse(header);
  const changed = change(parsed.__metadata__.nnfit);
  expect(changed).not.toBe(parsed.__metadata__.nnfit);
  parsed.__metadata__.nnfit = changed;
  return sealed(Buffer.from(JSON.stringify(parsed)), data);
}

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const deepObjects = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

describe("a hostile model with a right checksum is refused, and leaves no trace:", () => {
  it("is not what sealing does: sealed again as it was, it is loaded", () => {
    const { header, data } = partsOf(bytes);
    expect(load(sealed(Buffer.from(header), data))).toEqual(smallModel);
  });

  const bias = '"layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}';
  const headers: [string, (header: string) => string][] = [
    ["__proto__ as a tensor", (header) => header.replace(bias, `"__proto__":{"polluted":1},${bias}`)],
    [
      "__proto__ as a tensor of no size",
      (header) => header.replace(bias, `"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[24,24]},${bias}`),
    ],
    ["__proto__ in the metadata", (header) => header.replace('"nnfit":', '"__proto__":{"polluted":1},"nnfit":')],
    ["__proto__ in a tensor", (header) => header.replace(bias, bias.replace("{", '{"__proto__":{"polluted":1},'))],
    ["constructor as a tensor", (header) => header.replace(bias, `"constructor":{"prototype":{"polluted":1}},${bias}`)],
    ["a tensor twice", (header) => header.replace(bias, `${bias},${bias}`)],
    ["metadata twice", (header) => header.replace(bias, `"__metadata__":{},${bias}`)],
    ["a key of a tensor twice", (header) => header.replace('"shape":[2]', '"shape":[9],"shape":[2]')],
    ["blanks between", (header) => header.replace(bias, ` ${bias}`)],
    ["bytes after its end", (header) => `${header.trimEnd()}        `.padEnd(header.length + 800, " ")],
    ["an escape for a letter", (header) => header.replace("layers.0.bias", "l\\u0061yers.0.bias")],
    ["a byte order mark", (header) => header.replace(bias, `"\ufeff":1,${bias}`)],
    ["nesting 10^5 deep", (header) => header.replace('"shape":[2]', `"shape":${deep(1e5)}`)],
    ["objects 10^5 deep", (header) => header.replace(bias, `"x":${deepObjects(1e5)},${bias}`)],
    ["10^5 tensors of no size", (header) => header.replace(bias, `${bias},${emptyTensors(1e5)}`)],
    ...[
      "[9007199254740992]",
      "[9007199254740991]",
      "[-1]",
      "[1.5]",
      "[1e999]",
      '["2"]',
      "[null]",
      "[4294967296,4294967296]",
      "[4503599627370496,4]",
      "[67108864,67108864,67108864,67108864,0]",
      "[-2,-1]",
      "[2,1,1]",
      "[-0,2]",
      deep(1),
      `[${Array(1e5).fill(1)},2]`,
    ].map((shape): [string, (header: string) => string] => [
      `the shape ${shape.slice(0, 45)}`,
      (header) => header.replace('"shape":[2]', `"shape":${shape}`),
    ]),
    ...[
      "[0,32]",
      "[24,9007199254740992]",
      "[24,1e20]",
      "[32,24]",
      "[-8,0]",
      "[24.5,32.5]",
      "[16,24]",
      "[24,32,40]",
      "[]",
    ].map((range): [string, (header: string) => string] => [
      `the range ${range}`,
      (header) => header.replace("[24,32]", range),
    ]),
  ];
  it.each(headers)("in its header, %s", async (_, change) => {
    await expectNoTrace(() => refused(withHeader(change)));
  });

  const swap = (from: string, to: string) => (text: string) => text.replace(from, to);
  const descriptions: [string, (text: string) => string][] = [
    ["__proto__", swap('"format":1', '"__proto__":{"polluted":1},"format":1')],
    ["__proto__ among scores", swap('"scores":{', '"scores":{"__proto__":{"polluted":1},')],
    ["__proto__ in a scaler", swap('"center":0.1', '"__proto__":{"polluted":1},"center":0.1')],
    ["a key twice", swap('"hidden":[2]', '"hidden":[3],"hidden":[2]')],
    ["a score twice", swap('"rmse":', '"rmse":1,"rmse":')],
    ["a number in another form", swap('"fill":0.1', '"fill":1e-1')],
    ["a number beyond a double's range", swap('"fill":0.1', '"fill":1e400')],
    ["blanks between", swap('"format":1', '"format": 1')],
    ["a comment", swap('"format":1', '/* */"format":1')],
    ["nesting 10^5 deep", swap('"hidden":[2]', `"hidden":${deep(1e5)}`)],
    ["objects 10^5 deep", swap('"fill":0.1', `"fill":${deepObjects(1e5)}`)],
    ["10^5 hidden layers", swap('"hidden":[2]', `"hidden":[${Array(1e5).fill(1)}]`)],
    ["a hidden layer of 2^53", swap('"hidden":[2]', '"hidden":[9007199254740992]')],
    ["a hidden layer of 2^52", swap('"hidden":[2]', '"hidden":[4503599627370496]')],
    ["a hidden layer of -1", swap('"hidden":[2]', '"hidden":[-1]')],
    ["a hidden layer of 1.5", swap('"hidden":[2]', '"hidden":[1.5]')],
    ["10^9 inputs", swap('"inputs":3', '"inputs":1000000000')],
    ["10^9 outputs", swap('"outputs":1', '"outputs":1000000000')],
    ["a width that is a word", swap('"inputs":3', '"inputs":"3"')],
    ["a scale of no number", swap('"scale":3', '"scale":null')],
    ["a scale that underflows", swap('"scale":3', '"scale":1e-400')],
    ["10^6 categories", swap('"categories":["a"', `"categories":[${Array(1e6).fill('"c"')},"a"`)],
    ["a name of a megabyte", swap('"type":"number"', `"type":"${"n".repeat(1e6)}"`)],
    ["a key of a megabyte", swap('"format":1', `"${"k".repeat(1e6)}":1,"format":1`)],
  ];
  it.each(descriptions)("in its description, %s", async (_, change) => {
    await expectNoTrace(() => refused(withDescription(change)));
  });

  it("in its weights, NaN and infinities of any bits", async () => {
    const { header, data } = partsOf(bytes);
    for (const bits of [0x7fc00000, 0x7f800001, 0xffc00000, 0xffffffff, 0x7f800000, 0xff800000]) {
      for (let at = 0; at < data.length; at += 4) {
        const changed = Buffer.from(data);
        changed.writeUInt32LE(bits, at);
        expect(await refused(sealed(Buffer.from(header), changed))).toContain("finite");
      }
    }
  });

  it("in its length, whatever the eight bytes say", async () => {
    const { header, data } = partsOf(bytes);
    const file = sealed(Buffer.from(header), data);
    const right = file.readBigUInt64LE();
    for (const length of [
      0n,
      1n,
      right - 1n,
      right + 1n,
      right + 8n,
      2n ** 31n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ]) {
      const changed = Buffer.from(file);
      changed.writeBigUInt64LE(length);
      await refused(sealedAt(changed));
    }
  });

  it("with an error of a few words, however long what it says is", async () => {
    for (const [, change] of descriptions) {
      const error = await refusal(() => load(withDescription(change)));
      expect(JSON.stringify([error.message, error.details]).length).toBeLessThan(500);
    }
  });
});

function emptyTensors(count: number): string {
  return Array.from({ length: count }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[32,32]}`).join();
}

/** A right checksum over a file as it is. */
function sealedAt(file: Buffer): Buffer {
  const again = sealed(file.subarray(8), Buffer.alloc(0));
  const changed = Buffer.concat([file.subarray(0, 8), again.subarray(8)]);
  const at = changed.indexOf('"checksum":"') + '"checksum":"'.length;
  changed.fill("0", at, at + 64);
  changed.write(createHash("sha256").update(changed).digest("hex"), at);
  return changed;
}

describe("generated models", () => {
  const number = fc.oneof(
    fc.constantFrom(...[0, -0, -1, 1.5, 2, 3, 4, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 1e20, 1e308, 1e-320, 44, 24, 32]),
    fc.double(),
    fc.integer(),
  );
  const key = fc.constantFrom("__proto__", "constructor", "toString", "name", "shape", "length", "", "0", "hidden");
  const value: fc.Arbitrary<unknown> = fc.oneof(
    number,
    fc.constantFrom(null, true, false, "", "F32", "standard", "relu", "mse", [], {}),
    fc.string(),
    fc.array(number, { maxLength: 4 }),
    fc.dictionary(key, number, { maxKeys: 3 }),
    fc.jsonValue(),
  );
  /** One change of a JSON value at a random place, which a list of numbers chooses. */
  const change = fc.record({
    steps: fc.array(fc.nat(30), { maxLength: 6 }),
    how: fc.constantFrom("replace", "remove", "add", "twice"),
    key,
    value,
  });
  type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;
  const textChange = fc.record({ at: fc.nat(5_000), length: fc.nat(8), text: fc.string({ maxLength: 4 }) });

  function changed(root: unknown, { steps, how, key, value }: Change): unknown {
    if (typeof root !== "object" || root === null) return value;
    const copy = structuredClone(root) as Record<string, unknown>; // only its keys are used
    const keys = Object.keys(copy);
    const [step, ...rest] = steps;
    if (step === undefined || keys.length === 0) {
      if (how === "add" && !Array.isArray(copy)) {
        return Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
      }
      if (how === "add" && Array.isArray(copy)) return [...copy, value];
      return value;
    }
    const at = keys[step % keys.length]!;
    if (rest.length === 0 && how === "remove") {
      if (Array.isArray(copy)) copy.splice(Number(at), 1);
      else delete copy[at];
    } else if (rest.length === 0 && how === "twice" && Array.isArray(copy)) copy.push(copy[Number(at)]);
    else copy[at] = changed(copy[at], { steps: rest, how, key, value });
    return copy;
  }

  it(`of right checksum are refused, or are models that stay what they are when saved, ${ROUNDS} of them`, async () => {
    const told = { refused: 0, loaded: 0 };
    const judge = (file: Buffer) => {
      try {
        const model = load(file);
        expect(load(saved(model))).toEqual({ ...model, version });
        expect(model.weights.every((ofMember) => ofMember.every(Number.isFinite))).toBe(true);
        told.loaded++;
      } catch (error) {
        if (!(error instanceof NnfitError)) throw error;
        expect(error.kind).toBe("model");
        told.refused++;
      }
    };
    const { header, data } = partsOf(bytes);
    const where = fc.constantFrom("header", "description", "text of the header", "text of the description", "weights");
    await expectNoTrace(() =>
      fc.assert(
        fc.property(
          where,
          fc.array(change, { minLength: 1, maxLength: 3 }),
          textChange,
          fc.nat(),
          (where, changes, cut, at) => {
            const parsed = JSON.parse(header);
            const cutText = (text: string) => {
              const place = cut.at % text.length;
              return text.slice(0, place) + cut.text + text.slice(place + cut.length);
            };
            const all = (value: unknown) => changes.reduce(changed, value);
            if (where === "weights") {
              const other = Buffer.from(data);
              other.writeUInt32LE(at % 2 ** 32, 4 * (at % (data.length / 4)));
              judge(sealed(Buffer.from(header), other));
            } else if (where === "header") {
              const { checksum } = parsed.__metadata__;
              const again = JSON.stringify(all(parsed));
              if (again.includes(`"checksum":"${checksum}"`)) judge(sealed(Buffer.from(padded(again)), data));
            } else if (where === "text of the header") {
              const again = cutText(header);
              if (again.includes('"checksum":"')) judge(sealed(Buffer.from(again), data));
            } else {
              const { nnfit } = parsed.__metadata__;
              parsed.__metadata__.nnfit =
                where === "description" ? JSON.stringify(all(JSON.parse(nnfit))) : cutText(nnfit);
              judge(sealed(Buffer.from(padded(JSON.stringify(parsed))), data));
            }
          },
        ),
        { numRuns: ROUNDS },
      ),
    );
    expect(told.refused).toBeGreaterThan(ROUNDS / 3);
    expect(told.loaded).toBeGreaterThan(ROUNDS / 100); // a changed name or weight is a model too
  });

  function padded(header: string): string {
    return header.trimEnd() + " ".repeat(-Buffer.byteLength(header.trimEnd()) & 7);
  }
});

it("a large model is refused whichever bits have flipped: 10,000 of them", async () => {
  const hidden = [100, 100];
  const size = 3 * 100 + 100 + 100 * 100 + 100 + 100 + 1;
  const large = saved({
    ...smallModel,
    network: { ...smallModel.network, hidden },
    weights: [Float32Array.from({ length: size }, (_, i) => Math.fround(1 / (i + 1)))],
  });
  expect(load(large).weights[0]!.length).toBe(size);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(large.length * 8 - 1), { minLength: 1, maxLength: 3 }), (bits) => {
      const flipped = Buffer.from(large);
      for (const bit of bits) flipped[bit >> 3]! ^= 1 << (bit & 7);
      try {
        decodeSafetensors(flipped, "large");
      } catch (error) {
        if (error instanceof NnfitError && error.kind === "model") return;
        throw error;
      }
      throw new Error("it was not refused");
    }),
    { numRuns: 10_000 },
  );
});

describe("what is no model is not read to its end:", () => {
  it.skipIf(!existsSync("/dev/zero"))("a device without end", async () => {
    expect((await refusal(() => loadModel("/dev/zero"))).message).toContain("not a model file");
  });

  it.skipIf(process.platform === "win32")("a pipe; and a model that comes through one is read", () => {
    const path = join(folder, "pipe");
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    const script = `
      import { loadModel } from ${JSON.stringify(new URL("../../dist/artifact/model.js", import.meta.url).href)};
      try { console.log(loadModel(${JSON.stringify(path)}).weights.length); } catch ({ kind }) { console.log(kind); }`;
    const through = (command: string) =>
      spawnSync(
        "sh",
        ["-c", `${command} > "$0" & "$1" --input-type=module -e "$2"; wait`, path, process.execPath, script],
        {
          encoding: "utf8",
        },
      ).stdout;
    expect(through("yes")).toBe("model\n");
    writeFileSync(join(folder, "through.safetensors"), bytes);
    expect(through(`cat '${join(folder, "through.safetensors")}'`)).toBe(`${smallModel.weights.length}\n`);
  });
});
