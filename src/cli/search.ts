import { Command, InvalidArgumentError } from "commander";
import type { LoadedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import type { Job } from "../search/methods.js";
import type { SearchOptions } from "../search/options.js";
import type { FinishedJob, Values } from "../search/trials.js";
import type { TaskOptions } from "../train/prepare.js";
import { failureOf, printResult, stoppedFailure } from "./failure.js";
import { located } from "./located.js";
import { endWith } from "./report.js";
import { watchSignals } from "./signals.js";
import { shellWord } from "./text.js";
import { example, folderName, setOption, threadsOption } from "./usage.js";

interface SearchCommandOptions {
  readonly set?: string[];
  readonly out?: string;
  readonly runs?: number;
  readonly minutes?: number;
  readonly threads: number | "auto";
  readonly json?: boolean;
}

export function searchCommand(): Command {
  return new Command("search")
    .description("search the ranges in a config for the best settings, and write the best config, ready to train")
    .argument("<config>", "a JSON file with ranges in its `search`; all other settings are the same for all trials")
    .option("--runs <n>", "total number of trials; overrides the config's `search.runs`", positiveWhole)
    .option(
      "--minutes <n>",
      "start no training after this many minutes; overrides the config's `search.minutes`",
      positive,
    )
    .option(...setOption)
    .option("--out <folder>", "folder for the trials; default: the config's `output` with -search", folderName)
    .option(...threadsOption)
    .option("--json", "print one JSON object at the end: the best trial, its scores and values")
    .addHelpText(
      "before",
      example(
        "nnfit search configs/diabetes-search.json",
        "nnfit search configs/diabetes-search.json --minutes 10",
        "nnfit train runs/diabetes-search/best.json",
      ),
    )
    .addHelpText(
      "after",
      "\nA search that was stopped continues when it is started again.\n--runs counts the trials that are done, so a larger number adds trials.",
    )
    .action(searchAction);
}

function positiveWhole(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It takes a whole number from 1 to 999999.");
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a number above 0.");
}

async function searchAction(path: string, options: SearchCommandOptions): Promise<void> {
  const { join, resolve } = await import("node:path");
  const { displayPath, loadConfig } = await import("../config/load.js");
  const { fileError } = await import("../errors.js");
  const { make } = await import("../family.js");
  const { systemFiles } = await import("../artifact/files.js");
  const { takeLock } = await import("../artifact/lock.js");
  const { SearchLog } = await import("../search/log.js");
  const { methods } = await import("../search/methods.js");
  const { TrialPool } = await import("../search/pool.js");
  const { scoreNameFor, trialsTable } = await import("../search/results.js");
  const { search } = await import("../search/search.js");
  const { Twins } = await import("../search/twins.js");
  const { badnessOf, drawValues, epochsFor, finishedJobOf, rankJobs } = await import("../search/trials.js");
  const { mostThreads } = await import("../train/parallel.js");
  const { findMaterial, originOf } = await import("./searchMaterial.js");
  const { searchDisplay } = await import("./searchDisplay.js");
  const { concludeSearch, describeSearch, searchResult } = await import("./searchStory.js");

  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set: options.set ?? [], workingDirectory });
  const wanted = await wantedSearch(loaded, options, path);
  const { material, facts, config, target, judgedRows } = await located({ locate: loaded.locateDrawn }, () =>
    findMaterial(loaded, wanted),
  );
  const { training, output } = config;
  const by = await located(loaded, async () => scoreNameFor(wanted, training.bestBy, facts.task));

  const folder = options.out === undefined ? folderBeside(output) : resolve(workingDirectory, options.out);
  const name = displayPath(workingDirectory, folder);
  try {
    systemFiles.makeFolder(folder);
  } catch (error) {
    throw fileError("write to the output folder", name, error);
  }
  const lock = takeLock(folder, name);
  process.once("exit", lock.release); // whatever comes, it is this process's no longer
  const log = new SearchLog(
    join(folder, "trials.jsonl"),
    `${name}/trials.jsonl`,
    await originOf(config, wanted, material),
  );
  const method = make(methods, wanted.method);
  const jobs = wanted.runs === undefined ? undefined : method.jobs(wanted.runs);
  describeSearch(material.task.table, { wanted, by, judgedRows, earlier: log.finished.length });

  const lanes = training.backend === "blas" ? 1 : options.threads === "auto" ? mostThreads() : options.threads;
  const engine = { threads: training.backend === "blas" ? options.threads : 1, blasLibrary: process.env.NNFIT_BLAS };
  const pool = new TrialPool({ material, judge: wanted.judge, engine });
  const display = await searchDisplay({ jobs, by, minutes: wanted.minutes });
  const ended: FinishedJob[] = [];
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const signals = watchSignals(() => void pool.close());
  const twins = new Twins(log.finished);
  const trainAnew = async (job: Job, values: Values): Promise<FinishedJob | undefined> => {
    const begun = performance.now();
    const outcome = await located({ locate: loaded.locateDrawn }, () => {
      const { data, scale, model, training } = loaded.configFor(facts, values);
      const epochs = epochsFor(training.epochs, job.share);
      const task: TaskOptions = { data, scale, model, training: { ...training, epochs } };
      return pool.train(task, (share) => {
        lock.beat();
        display.progress(job, share);
      });
    });
    return outcome && finishedJobOf(job, values, outcome, (performance.now() - begun) / 1000);
  };
  let isWhole = false;
  let failure: { readonly error: unknown } | undefined;
  try {
    isWhole = await search({
      rungs: method.rungs(wanted.runs),
      lanes: Math.min(lanes, jobs ?? lanes),
      finished: log.finished,
      badness: (job) => badnessOf(job, by, target),
      isOver: () =>
        signals.received !== undefined || (wanted.minutes !== undefined && seconds() >= 60 * wanted.minutes),
      train(job) {
        const values = drawValues(wanted.ranges, wanted.seed, job.trial);
        return twins.train(job, values, () => trainAnew(job, values));
      },
      done(job, isNew) {
        if (isNew) log.append(job);
        ended.push(job);
        display.done(job, badnessOf(job, by, target), isNew);
      },
    });
  } catch (error) {
    failure = { error }; // to be told when what was found is written
  } finally {
    display.stop();
    signals.stop();
    await pool.close();
    log.close();
  }

  const all = new Set([...ended, ...log.finished]); // also trials of an earlier search that had more
  if (failure && all.size === 0) throw failure.error;
  const ranked = rankJobs([...all], by, target);
  const [best] = ranked.filter(({ badness }) => Number.isFinite(badness));
  const jobsInOrder = ranked.map(({ job }) => job);
  await writeResults(
    folder,
    trialsTable(jobsInOrder, [...wanted.ranges.keys()]),
    best && loaded.configFor(facts, best.job.values),
  );
  if (failure) throw failure.error;
  const conclusion = { ranked, best, by, folder: name, isWhole, stoppedBy: signals.received, seconds: seconds() };
  concludeSearch({ ...conclusion, earlier: log.finished.length, source: path });
  const stopped =
    signals.received && stoppedFailure(signals.received, `nnfit search ${shellWord(path)} with the same options`);
  const diverged = best || stopped ? undefined : await allDiverged(name);
  if (options.json) printResult(searchResult(conclusion), stopped ?? failureOf(diverged));
  if (stopped) endWith(stopped);
  if (diverged) throw diverged;
}

/** The table, and the best config: ready to train, into a folder of its own. */
async function writeResults(folder: string, table: string, best: Config | undefined): Promise<void> {
  const { join } = await import("node:path");
  const { writeWhole } = await import("../artifact/write.js");
  const { resolvedConfig } = await import("../config/load.js");
  writeWhole(join(folder, "trials.csv"), Buffer.from(table));
  if (!best) return;
  const resolved = resolvedConfig({ ...best, output: join(folder, "best") }, folder);
  writeWhole(join(folder, "best.json"), Buffer.from(resolved));
}

/** "runs/iris-search" beside "runs/iris" */
function folderBeside(output: string): string {
  return output.endsWith("-search") ? output : `${output}-search`;
}

/** What the config and the command line say of the search. */
async function wantedSearch(
  { search }: LoadedConfig,
  { runs = search.runs, minutes = search.minutes }: SearchCommandOptions,
  path: string,
): Promise<SearchOptions> {
  const { NnfitError } = await import("../errors.js");
  const { DEFAULT_RUNS } = await import("../search/options.js");
  if (search.ranges.size === 0) {
    throw new NnfitError("usage", "the config has no ranges to search", {
      at: path,
      try: '"search": { "training.optimizer.learningRate": { "log": [0.003, 0.3] } }',
    });
  }
  return { ...search, minutes, runs: runs ?? (minutes === undefined ? DEFAULT_RUNS : undefined) };
}

async function allDiverged(folder: string) {
  const { NnfitError } = await import("../errors.js");
  return new NnfitError("diverged", "every training of the search diverged", {
    have: `${folder}/trials.csv`,
    try: "ranges with smaller learning rates",
  });
}
