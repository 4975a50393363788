/** Targets and the peers' scores, from the README beside the tables: { error, logLoss } by table and peer. */
export function readPeers(text) {
  const tables = text
    .split("\n\n")
    .filter((block) => block.startsWith("| table |"))
    .map(cellsOf);
  const [about, error, logLoss] = tables;
  return {
    targets: Object.fromEntries(about.rows.map(([name, target]) => [name, target])),
    names: error.header.slice(1),
    error: scoresOf(error),
    logLoss: scoresOf(logLoss),
  };
}

function cellsOf(block) {
  const [header, , ...rows] = block
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return { header, rows: rows.filter(([name]) => !/ /.test(name)) }; // the last rows are means
}

function scoresOf({ header, rows }) {
  const scores = (cells) => header.slice(1).map((peer, i) => [peer, Number.parseFloat(cells[i].replaceAll("*", ""))]);
  return Object.fromEntries(rows.map(([name, ...cells]) => [name, Object.fromEntries(scores(cells))]));
}
