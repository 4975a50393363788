import { workTime } from "./workTime.js";

/** Before so many milliseconds nobody can tell: what runs for the first time is slow. */
const WARM_UP = 1000;
const MOST_SAMPLES = 200;

/** How long the rest will take, by how fast it went in the later half of the time so far. */
export class TimeLeft {
  private samples: { readonly time: number; readonly done: number }[] = [];

  /** In seconds, when so much is `done` and so much `remains`; undefined as long as nobody can tell. Times in milliseconds. */
  after(done: number, remains: number, now = workTime()): number | undefined {
    this.samples.push({ time: now, done });
    if (this.samples.length > MOST_SAMPLES) this.samples = this.samples.filter((_, place) => place % 2 === 0);
    const begun = this.samples[0]!.time;
    const half = this.samples.findLast(({ time }) => time - begun <= (now - begun) / 2)!; // the first is one
    const more = done - half.done;
    return now - begun >= WARM_UP && more > 0 ? (((now - half.time) / more) * remains) / 1000 : undefined;
  }
}
