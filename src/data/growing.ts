/** A typed array of numbers that come one by one or many at a time. */
export class Growing<Numbers extends Float64Array | Int32Array> {
  size = 0;
  private readonly parts: Numbers[] = [];
  private last: number[] = [];

  constructor(private readonly type: { from(values: ArrayLike<number>): Numbers; new (length: number): Numbers }) {}

  push(value: number): void {
    this.last.push(value);
    this.size++;
  }

  append(values: Numbers): void {
    this.endLast();
    this.parts.push(values.slice() as Numbers); // a slice has the type of the array
    this.size += values.length;
  }

  whole(): Numbers {
    this.endLast();
    const all = new this.type(this.size);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  private endLast(): void {
    if (this.last.length === 0) return;
    this.parts.push(this.type.from(this.last));
    this.last = [];
  }
}
