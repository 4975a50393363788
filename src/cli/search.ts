import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { systemFiles } from "../artifact/files.js";
import { isResolved } from "../artifact/folder.js";
import { headOf } from "../artifact/head.js";
import { type Lock, takeLock } from "../artifact/lock.js";
import { quietly, writeWhole } from "../artifact/write.js";
import { displayPath, type LoadedConfig, loadConfig, resolvedConfig } from "../config/load.js";
import { threadsOf } from "../engine/threads.js";
import { fileError, NnfitError } from "../errors.js";
import { make } from "../family.js";
import { SearchLog } from "../search/log.js";
import { type Job, methods } from "../search/methods.js";
import { DEFAULT_RUNS, type SearchOptions } from "../search/options.js";
import { TrialPool } from "../search/pool.js";
import { BEST_FILE, scoreNameFor, TRIALS_FILE, TRIALS_HEADER, trialsTable } from "../search/results.js";
import { search } from "../search/search.js";
import {
  badnessOf,
  drawValues,
  type FinishedJob,
  finishedJobOf,
  isRefused,
  rankJobs,
  refusedJobOf,
  type ScoreName,
  shortened,
  type Values,
} from "../search/trials.js";
import { Twins } from "../search/twins.js";
import type { TaskOptions } from "../train/prepare.js";
import { awaitFolder } from "./awaitFolder.js";
import { failureOf, printResult, stoppedFailure } from "./failure.js";
import { located } from "./located.js";
import { endWith } from "./report.js";
import { findMaterial, isOfValues, originOf } from "./searchMaterial.js";
import { searchDisplay } from "./searchProgress.js";
import { concludeSearch, describeSearch, searchResult } from "./searchStory.js";
import { type SignalWatch, watchSignals } from "./signals.js";
import { shellWord } from "./text.js";
import { example, folderName, setOption, threadsOption } from "./usage.js";
import { workTime } from "./workTime.js";

interface SearchCommandOptions {
  readonly set?: string[];
  readonly out?: string;
  readonly runs?: number;
  readonly minutes?: number;
  readonly threads: number | "auto";
  readonly json?: boolean;
}

export function configure(command: Command): Command {
  return command
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
      "\nA stopped search continues when started again.\n--runs includes the trials already done, so a larger number adds trials.",
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
  const question = await understand(path, options);
  const { folder, name, wanted, material, judgedRows, by } = question;
  makeFolder(folder, name);
  const lock = takeLock(folder, name);
  process.once("exit", lock.release); // whatever comes, it is this process's no longer
  keepForeign(question);
  const log = openLog(question);
  const earlier = log.finished.filter((job) => !isRefused(job)).length;
  describeSearch(material.task.table, { wanted, by, judgedRows, earlier });
  const { jobs, isWhole, stoppedBy, seconds, failure } = await runTrials(question, { log, lock }, options);
  if (failure && jobs.length === 0) throw failure.error;

  const { ranked, best } = writeResults(question, jobs);
  if (failure) throw failure.error;
  const conclusion = { ranked, best, by, folder: name, isWhole, stoppedBy, seconds };
  const command = ["nnfit", ...process.argv.slice(2).map(shellWord)].join(" ");
  concludeSearch({ ...conclusion, earlier, command });
  const stopped = stoppedBy && stoppedFailure(stoppedBy, command);
  const without = best || stopped ? undefined : withoutBest(jobs, by, name);
  if (options.json) printResult(searchResult(conclusion), stopped ?? failureOf(without));
  if (stopped) endWith(stopped);
  if (without) throw without;
}

/** What is searched, for what, and where the results go. */
interface Question extends Awaited<ReturnType<typeof findMaterial>> {
  readonly loaded: LoadedConfig;
  readonly wanted: SearchOptions;
  readonly by: ScoreName;
  readonly folder: string;
  /** the folder, as people are told it */
  readonly name: string;
  /** the config file */
  readonly source: string;
}

async function understand(path: string, { set = [], out, ...options }: SearchCommandOptions): Promise<Question> {
  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set, workingDirectory });
  const wanted = wantedSearch(loaded, options, path);
  const folder = out === undefined ? folderBeside(loaded.config.output) : resolve(workingDirectory, out);
  const name = displayPath(workingDirectory, folder);
  await awaitFolder(folder, name);
  const found = await located({ locate: loaded.locateDrawn }, () => findMaterial(loaded, wanted));
  const by = await located(loaded, () => scoreNameFor(wanted, found.config.training.bestBy, found.target));
  return { ...found, loaded, wanted, by, folder, name, source: path };
}

function makeFolder(folder: string, name: string): void {
  try {
    systemFiles.makeFolder(folder);
  } catch (error) {
    throw fileError("write to the output folder", name, error);
  }
}

const LOG = "trials.jsonl";

/** Files of the same names may be somebody else's, such as the table or the config: they are not written over. */
function keepForeign({ folder, name, source }: Question): void {
  const isOurs = (file: string, path: string) => {
    if (!statSync(path).isFile()) return false;
    const header = TRIALS_HEADER.join();
    if (file === TRIALS_FILE) return headOf(path, header.length).toString() === header; // it may be any table, and large
    return isResolved(readFileSync(path, "utf8")) && realpathSync(path) !== realpathSync(source);
  };
  const foreign = [TRIALS_FILE, BEST_FILE].find((file) => {
    const path = join(folder, file);
    return existsSync(path) && !isOurs(file, path);
  });
  if (foreign === undefined) return;
  throw new NnfitError("usage", `the folder holds a ${foreign} that was not written by a search`, {
    at: `${name}/${foreign}`,
    try: "another folder with --out, or moving the file away",
  });
}

function openLog({ folder, name, config, wanted, material }: Question): SearchLog {
  return new SearchLog(join(folder, LOG), `${name}/${LOG}`, originOf(config, wanted, material));
}

const BETWEEN_RESULTS_MILLISECONDS = 3_000;

/** What came of the trials. */
interface Trials {
  /** all that were finished, also by an earlier search that had more */
  readonly jobs: readonly FinishedJob[];
  /** nothing is left to train */
  readonly isWhole: boolean;
  readonly stoppedBy: SignalWatch["received"];
  readonly seconds: number;
  /** what ended the search */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Trains the trials on threads, as long as time and signals allow. What came of them is written now and then: the process may be killed. */
async function runTrials(
  question: Question,
  { log, lock }: { readonly log: SearchLog; readonly lock: Lock },
  { threads }: SearchCommandOptions,
): Promise<Trials> {
  const { loaded, wanted, material, facts, config, target, by } = question;
  const { ranges, seed, runs, minutes, judge } = wanted;
  const method = make(methods, wanted.method);
  const jobs = runs === undefined ? undefined : method.jobs(runs);
  const isBlas = config.training.backend === "blas"; // which has threads of its own
  const engine = { threads: isBlas ? threads : 1, blasLibrary: process.env.NNFIT_BLAS };
  const lanes = isBlas ? 1 : threadsOf(threads);
  const pool = new TrialPool({ material, judge, engine });
  const display = searchDisplay({ jobs, by, minutes });
  const signals = watchSignals(() => void pool.close());
  const twins = new Twins(log.finished);
  const begun = workTime();
  const secondsSince = (moment: number) => (workTime() - moment) / 1000;

  const trainAnew = async (job: Job, values: Values): Promise<FinishedJob | undefined> => {
    const begun = workTime();
    try {
      const outcome = await located({ locate: loaded.locateDrawn }, () => {
        const { data, scale, model, training } = loaded.configFor(facts, values);
        const task: TaskOptions = { data, scale, model, training: shortened(training, job.share) };
        return pool.train(task, (share) => {
          lock.beat();
          display.progress(job, share);
        });
      });
      return outcome && finishedJobOf(job, values, outcome, secondsSince(begun));
    } catch (error) {
      if (isOfValues(error)) return refusedJobOf(job, values, error);
      throw error;
    }
  };
  const ended: FinishedJob[] = [];
  const all = () => [...new Set([...ended, ...log.finished])];
  let written = Number.NEGATIVE_INFINITY;
  const writeSoFar = () => {
    if (performance.now() - written < BETWEEN_RESULTS_MILLISECONDS) return;
    quietly(() => writeResults(question, all())); // what fails at the end too is told then
    written = performance.now();
  };
  let isWhole = false;
  let failure: Trials["failure"];
  try {
    isWhole = await search({
      rungs: method.rungs(runs),
      lanes: Math.min(lanes, jobs ?? lanes),
      finished: log.finished,
      badness: (job) => badnessOf(job, by, target),
      isOver: () => signals.received !== undefined || (minutes !== undefined && secondsSince(begun) >= 60 * minutes),
      train(job) {
        const values = drawValues(ranges, seed, job.trial);
        return twins.train(job, values, () => trainAnew(job, values));
      },
      done(job, isNew) {
        if (isNew) log.append(job);
        ended.push(job);
        display.done(job, badnessOf(job, by, target), isNew);
        if (isNew) writeSoFar();
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
  return { jobs: all(), isWhole, stoppedBy: signals.received, seconds: secondsSince(begun), failure };
}

/** Writes the table of the trials, and the best config: ready to train, into a folder of its own. */
function writeResults({ loaded, facts, wanted, by, target, folder, name }: Question, jobs: readonly FinishedJob[]) {
  const ranked = rankJobs(jobs, by, target);
  const [best] = ranked.filter(({ badness }) => Number.isFinite(badness));
  const table = trialsTable(
    ranked.map(({ job }) => job),
    [...wanted.ranges.keys()],
  );
  const write = (file: string, text: string) =>
    writeWhole(join(folder, file), Buffer.from(text), systemFiles, `${name}/${file}`);
  write(TRIALS_FILE, table);
  if (best) {
    const config = { ...loaded.configFor(facts, best.job.values), output: join(folder, "best") };
    write(BEST_FILE, resolvedConfig(config, folder));
  }
  return { ranked, best };
}

/** "runs/iris-search" beside "runs/iris" */
function folderBeside(output: string): string {
  return output.endsWith("-search") ? output : `${output}-search`;
}

/** What the config and the command line say of the search. */
function wantedSearch(
  { search }: LoadedConfig,
  { runs = search.runs, minutes = search.minutes }: Pick<SearchCommandOptions, "runs" | "minutes">,
  path: string,
): SearchOptions {
  if (search.ranges.size === 0) {
    throw new NnfitError("usage", "the config has no ranges to search", {
      at: path,
      try: '"search": { "training.optimizer.learningRate": { "log": [0.003, 0.3] } }',
    });
  }
  return { ...search, minutes, runs: runs ?? (minutes === undefined ? DEFAULT_RUNS : undefined) };
}

/** No training has the score that they are compared by. */
function withoutBest(jobs: readonly FinishedJob[], by: ScoreName, folder: string): NnfitError {
  const at = `${folder}/${TRIALS_FILE}`;
  const trained = jobs.filter((job) => !isRefused(job));
  if (trained.length === 0 && jobs[0]) {
    return new NnfitError("usage", "every trial of the search drew values that don't go together", {
      at,
      have: `trial ${jobs[0].trial}: ${jobs[0].reason}`,
      try: "other ranges, or more --runs",
    });
  }
  if (trained.every(({ stopped }) => stopped === "diverged")) {
    return new NnfitError("diverged", "every training of the search diverged", {
      at,
      try: "ranges with smaller learning rates",
    });
  }
  return new NnfitError("data", `no training of the search has the score ${by}`, {
    at,
    have: `${by} is not defined for the rows that judge, for example as they lack a class`,
    try: "another search.by, or more rows to judge by",
  });
}
