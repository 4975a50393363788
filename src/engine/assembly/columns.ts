import { PART_BYTES, Part } from "./opcodes";
import { cut, cutRows, first, last } from "./threads";

/** Each row of Y from the parts, one after the other. */
export function arrange(y: usize, width: usize, parts: usize, count: usize, rows: usize): void {
  const end = parts + count * PART_BYTES;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    const row = y + ((r * width) << 2);
    for (let part = parts; part < end; part += PART_BYTES) perform(part, row, r);
  }
}

function perform(part: usize, row: usize, r: usize): void {
  const to = row + ((load<u32>(part, 4) as usize) << 2);
  const columns = load<u32>(part, 8) as usize;
  const from = (load<u32>(part, 12) as usize) + ((r * (load<u32>(part, 16) as usize)) << 2);
  const bytes = columns << 2;
  switch (load<u32>(part) as i32) {
    case Part.Copy:
      if (columns == 1) store<f32>(to, load<f32>(from));
      else memory.copy(to, from, bytes);
      break;
    case Part.Repeat: {
      const x = load<f32>(from);
      for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, x);
      break;
    }
    case Part.OneHot: {
      memory.fill(to, 0, bytes);
      const code = load<f32>(from) as i32;
      if (code >= 0 && (code as usize) < columns) store<f32>(to + ((code as usize) << 2), 1);
      break;
    }
    case Part.Sign: {
      const code = load<f32>(from) as i32;
      store<f32>(to, code == 0 ? -1 : code == 1 ? 1 : 0);
      break;
    }
    case Part.Lookup: {
      const table = load<u32>(part, 20) as usize;
      const code = load<f32>(from) as i32;
      if (code >= 0 && (code as u32) < load<u32>(part, 24)) memory.copy(to, table + (code as usize) * bytes, bytes);
      else memory.fill(to, 0, bytes);
      break;
    }
  }
}

/** T[p, :] = Σ dY[r, :] over the rows r of code p, from the first row to the last */
export function sumByCode(
  t: usize,
  codes: usize,
  dY: usize,
  codeStep: usize,
  step: usize,
  width: usize,
  places: usize,
  rows: usize,
): void {
  const bytes = width << 2;
  cut(places, 1);
  memory.fill(t + first * bytes, 0, (last - first) * bytes);
  for (let r: usize = 0; r < rows; r++) {
    const code = load<f32>(codes + ((r * codeStep) << 2)) as i32;
    if (code < (first as i32) || code >= (last as i32)) continue;
    const sum = t + (code as usize) * bytes;
    const row = dY + ((r * step) << 2);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(sum + at, f32x4.add(v128.load(sum + at), v128.load(row + at)));
    for (; at < bytes; at += 4) store<f32>(sum + at, load<f32>(sum + at) + load<f32>(row + at));
  }
}
