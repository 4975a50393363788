import { createHash } from "node:crypto";
import { endianness } from "node:os";
import * as z from "zod";
import { NnfitError } from "../errors.js";
import { parseJson } from "./json.js";

/**
 * The safetensors format (Hugging Face, version 0.4): the length of the header in 8 bytes, little-endian; the header,
 * JSON that names each tensor's type, shape and range of bytes; then the tensors' bytes, without gaps.
 *
 * Ours begin with a checksum among the metadata: the SHA-256 of the whole file, taken with the checksum's own digits
 * as zeros. Every bit of the file is under it.
 */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const LENGTH_BYTES = 8;
const BEFORE_CHECKSUM = '{"__metadata__":{"checksum":"';
const CHECKSUM_DIGITS = 64;
const NO_CHECKSUM = "0".repeat(CHECKSUM_DIGITS);
const CHECKSUM_AT = LENGTH_BYTES + BEFORE_CHECKSUM.length;

/** `text` is kept in the metadata under the name `nnfit`. */
export function encodeSafetensors(tensors: readonly Tensor[], text: string): Buffer {
  const header = encodeHeader(tensors, NO_CHECKSUM, text);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));

  const file = Buffer.concat([length, header, ...tensors.map(({ data }) => littleEndian(data))]);
  file.write(checksum(file), CHECKSUM_AT, "latin1");
  return file;
}

function encodeHeader(tensors: readonly Tensor[], checksum: string, text: string): Buffer {
  let offset = 0;
  const entries = tensors.map(({ name, shape, data }) => {
    const begin = offset;
    offset += data.byteLength;
    return [name, { dtype: "F32", shape, data_offsets: [begin, offset] }];
  });
  const json = JSON.stringify({ __metadata__: { checksum, nnfit: text }, ...Object.fromEntries(entries) });
  const header = Buffer.from(json);
  return Buffer.concat([header, Buffer.alloc(-header.length & 7, " ")]); // padded, so that the tensors are aligned
}

/** How many bytes tell whether a file can be ours. */
export const HEAD_BYTES = CHECKSUM_AT;

/** Whether a file that begins so can be ours. */
export function isOurs(head: Buffer): boolean {
  return head.toString("latin1", LENGTH_BYTES, CHECKSUM_AT) === BEFORE_CHECKSUM;
}

const headerSchema = z.record(
  z.string(),
  z.union([
    z.strictObject({
      dtype: z.literal("F32"),
      shape: z.array(z.int().min(0)),
      data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
    }),
    z.strictObject({ checksum: z.string(), nnfit: z.string() }),
  ]),
);

/** Reads what `encodeSafetensors` wrote, and nothing else: a file that was changed in any bit is refused. */
export function decodeSafetensors(file: Buffer, name: string): { tensors: Tensor[]; text: string } {
  const broken = (message: string) => new NnfitError("model", message, { at: name });
  if (!isOurs(file)) throw broken("not a model file that nnfit wrote");
  if (checksum(file) !== file.toString("latin1", CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_DIGITS)) {
    throw broken("the model file is damaged or was changed: its checksum does not match");
  }
  const data = LENGTH_BYTES + Number(file.readBigUInt64LE());
  const header = headerSchema.safeParse(parseJson(file.toString("utf8", LENGTH_BYTES, data)));
  if (!header.success) throw broken("the header of the model file is not valid");
  const { __metadata__: metadata, ...entries } = header.data;
  if (!metadata || !("nnfit" in metadata)) throw broken("the model file has no description of the model");

  let offset = 0;
  const tensors = Object.entries(entries).map(([name, entry]) => {
    if (!("shape" in entry)) throw broken("the header of the model file is not valid");
    const { shape, data_offsets } = entry;
    const [begin, end] = data_offsets;
    const size = shape.reduce((product, side) => product * side, 4);
    if (begin !== offset || end - begin !== size || data + end > file.length) {
      throw broken(`the tensor ${name} is not where it should be in the model file`);
    }
    offset = end;
    return { name, shape, data: fromLittleEndian(file.subarray(data + begin, data + end)) };
  });
  if (data + offset !== file.length) throw broken("the model file continues after its last tensor");
  // keys that stand twice, __proto__ and whatever else a parser passes over
  if (!encodeHeader(tensors, metadata.checksum, metadata.nnfit).equals(file.subarray(LENGTH_BYTES, data))) {
    throw broken("the header of the model file contains more than nnfit writes");
  }
  return { tensors, text: metadata.nnfit };
}

function checksum(file: Buffer): string {
  return createHash("sha256")
    .update(file.subarray(0, CHECKSUM_AT))
    .update(NO_CHECKSUM)
    .update(file.subarray(CHECKSUM_AT + CHECKSUM_DIGITS))
    .digest("hex");
}

function littleEndian(values: Float32Array): Buffer {
  const bytes = Buffer.from(values.slice().buffer);
  return endianness() === "LE" ? bytes : bytes.swap32();
}

function fromLittleEndian(bytes: Buffer): Float32Array {
  const { buffer } = Uint8Array.from(bytes); // a copy, aligned
  if (endianness() === "BE") Buffer.from(buffer).swap32();
  return new Float32Array(buffer);
}
