/** What a table's error is shifted by in the geometric mean, so that tiny errors don't decide it. */
const SHIFT = 0.01;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const geometricMean = (values) => Math.exp(mean(values.map((value) => Math.log(value + SHIFT))));

/** Score by score, the mean over several measurements. */
export function meansOf(measurements) {
  const keys = Object.keys(measurements[0]);
  return Object.fromEntries(keys.map((key) => [key, mean(measurements.map((each) => each[key]))]));
}

/** The rank of each of some scores, 1 the lowest; equal ones share the mean of their places. */
function ranks(scores) {
  return scores.map((score) => {
    const below = scores.filter((other) => other < score).length;
    const equal = scores.filter((other) => other === score).length;
    return below + (equal + 1) / 2;
  });
}

function markdown(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line), ""].join("\n");
}

/** nnfit's presets beside the peers, a line a table; ranks are among the peers and the one preset. */
export function comparison(measured, peers, names) {
  const presets = Object.keys(measured);
  const of = (score, unit) => {
    const tables = names.filter((name) => peers[score][name]);
    if (tables.length === 0) return "";
    const theirs = (peer) => tables.map((name) => peers[score][name][peer]);
    const ours = (preset) => tables.map((name) => measured[preset][name][score]);
    const rows = tables.map((name) => {
      const best = Math.min(...peers.names.map((peer) => peers[score][name][peer]));
      const cells = presets.map((preset) => {
        const { [score]: value, seconds } = measured[preset][name];
        return `${value < best ? `**${value.toFixed(4)}**` : value.toFixed(4)} (${seconds.toFixed(1)} s)`;
      });
      return [name, ...cells, ...peers.names.map((peer) => peers[score][name][peer].toFixed(4))];
    });
    const rankAgainst = (preset) =>
      tables.map((name) =>
        ranks([measured[preset][name][score], ...peers.names.map((peer) => peers[score][name][peer])]),
      );
    const first = rankAgainst(presets.includes("balanced") ? "balanced" : presets[0]);
    const rankRow = [
      ...presets.map((preset) => mean(rankAgainst(preset).map(([rank]) => rank)).toFixed(2)),
      ...peers.names.map((_, peer) => mean(first.map((all) => all[peer + 1])).toFixed(2)),
    ];
    const geometric = [...presets.map(ours), ...peers.names.map(theirs)].map((values) =>
      geometricMean(values).toFixed(4),
    );
    return [
      `${unit}\n`,
      markdown(
        ["table", ...presets, ...peers.names],
        [...rows, ["mean rank", ...rankRow], ["geometric mean", ...geometric]],
      ),
    ].join("\n");
  };
  return [
    of("error", "Classification error, or RMSE by the deviation of the target; bold where better than every peer:"),
    of("logLoss", "Log-loss:"),
  ].join("\n");
}

/** What changes when one ingredient is left out: the geometric mean of the error, of the log-loss, and table by table. */
export function settingsTable(preset, whole, left, names) {
  const errors = (results) => geometricMean(names.map((name) => results[name].error));
  const classes = names.filter((name) => whole[name].logLoss !== undefined);
  const losses = (results) =>
    classes.length > 0 ? geometricMean(classes.map((name) => results[name].logLoss)) : Number.NaN;
  const change = (value, than) =>
    Number.isNaN(than) ? "" : `${value >= than ? "+" : "−"}${Math.abs(100 * (value / than - 1)).toFixed(1)} %`;
  const rows = Object.entries(left).map(([name, results]) => [
    name,
    change(errors(results), errors(whole)),
    change(losses(results), losses(whole)),
    ...names.map((table) => change(results[table].error + SHIFT, whole[table].error + SHIFT)),
  ]);
  return [
    `What leaving one thing out of ${preset} changes:\n`,
    markdown(["without", "error", "log-loss", ...names], rows),
  ].join("\n");
}
