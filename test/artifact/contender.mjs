// One of several processes that take a folder's lock again and again: contender.mjs FOLDER NUMBER TIMES.
// In half of the attempts it is "killed" at a random operation on files: from then on it does nothing any more, and the
// others learn that it is gone. While it has the lock, it makes a file exclusively that nobody else may have made.
// It says that it is ready, and begins when its standard input ends: so all of them are there at the same time.
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { systemFiles } from "../../dist/artifact/files.js";
import { takeLock } from "../../dist/artifact/lock.js";

const [folder, number, times] = process.argv.slice(2);
const inside = `${folder}.inside`;
const graveOf = (since) => join(`${folder}.graves.${since.replaceAll(":", "-")}`);
const told = { held: 0, refused: 0, killed: 0, tookOver: 0 };
const graves = [];

console.log("ready");
readFileSync(0); // until the end
for (let attempt = 1; attempt <= Number(times); attempt++) {
  const since = Number(number) * 1e9 + attempt; // tells this attempt from all others
  const grave = graveOf(new Date(since).toISOString());
  const diesAt = Math.random() < 0.5 ? Math.ceil(Math.random() * 16) : Number.POSITIVE_INFINITY;
  let operations = 0;
  let tookOver = 0;
  const mortal =
    (name, operation) =>
    (...operands) => {
      operations++;
      // between making a file and writing its name into it, it is not killed: such a file is respected for a minute
      if (operations >= diesAt && (name !== "write" || existsSync(grave))) {
        if (!existsSync(grave)) {
          writeFileSync(grave, "");
          graves.push(grave);
        }
        throw Object.assign(new Error("killed"), { code: "KILLED" });
      }
      if (name === "rename") tookOver = 1;
      return operation(...operands);
    };
  const files = Object.fromEntries(
    Object.entries(systemFiles).map(([name, operation]) => [name, mortal(name, operation)]),
  );
  const isRunning = (holder) => !existsSync(graveOf(holder.since));
  let lock;
  try {
    lock = takeLock(folder, "folder", { files, now: () => since, isRunning });
  } catch (error) {
    if (existsSync(grave)) told.killed++;
    else if (error.message === "another run is using the output folder") told.refused++;
    else throw error;
    continue;
  }
  closeSync(openSync(inside, "wx")); // throws where somebody else has the lock
  await setTimeout(1); // a few of the others come along meanwhile
  rmSync(inside);
  lock.release();
  if (existsSync(grave)) told.killed++;
  else told.held++;
  told.tookOver += tookOver;
}
console.log(JSON.stringify(told));
process.on("exit", () => graves.slice(0, -1).forEach((grave) => void rmSync(grave)));
