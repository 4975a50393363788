import type { Job } from "./methods.js";
import type { FinishedJob, Values } from "./trials.js";

/** Trials that drew the same values, as happens among few choices, come out the same: one of them is trained. */
export class Twins {
  private readonly known: Map<string, Promise<FinishedJob | undefined>>;

  constructor(finished: readonly FinishedJob[]) {
    this.known = new Map(finished.map((job) => [keyOfValues(job, job.values), Promise.resolve(job)]));
  }

  /** As the first of them came out, or is about to; else as `anew` does. Undefined, if it was stopped. */
  async train(
    job: Job,
    values: Values,
    anew: () => Promise<FinishedJob | undefined>,
  ): Promise<FinishedJob | undefined> {
    const key = keyOfValues(job, values);
    const twin = this.known.get(key);
    const first = twin && (await twin); // without one nothing is awaited, or the next job would not find this one
    if (first) return { ...first, ...job, seconds: 0 };
    const training = anew();
    this.known.set(key, training);
    return training;
  }
}

function keyOfValues({ share }: Job, values: Values): string {
  return `${share} ${JSON.stringify(values)}`; // drawn, and kept, in the order of their paths
}
