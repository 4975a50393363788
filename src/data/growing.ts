/** A typed array of numbers that come one by one or many at a time. */
export class Growing<Numbers extends Float64Array | Int32Array> {
  size = 0;
  private data: Numbers;

  constructor(private readonly type: new (length: number) => Numbers) {
    this.data = new type(0); // many hold a single piece, which then fits
  }

  push(value: number): void {
    this.reserve(this.size + 1);
    this.data[this.size++] = value;
  }

  append(values: Numbers): void {
    this.reserve(this.size + values.length);
    this.data.set(values, this.size);
    this.size += values.length;
  }

  /** Goes on in this room, if there is more of it than now. */
  moveTo(room: Numbers): void {
    if (room.length <= this.data.length) return;
    room.set(this.data.subarray(0, this.size));
    this.data = room;
  }

  whole(): Numbers {
    const { data, size } = this;
    return (data.length > 1.1 * size ? data.slice(0, size) : data.subarray(0, size)) as Numbers; // its own type
  }

  private reserve(size: number): void {
    if (size > this.data.length) this.resize(Math.max(size, 2 * this.data.length));
  }

  private resize(length: number): void {
    this.moveTo(new this.type(length));
  }
}
