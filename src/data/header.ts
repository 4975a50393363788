import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";

const MOST_LISTED = 40;
const LONGEST_LISTED = 80;

/** A row as it is written, and the line that it begins on. */
export interface WrittenRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/** The place of each column in a header; of a name that stands twice the last. */
export function placesOf(header: readonly string[]): ReadonlyMap<string, number> {
  return new Map(header.map((name, place) => [name, place]));
}

/** The names in a header. Every column that matters has one of its own. */
export function checkHeader(cells: readonly string[], at: string, matters: (name: string) => boolean): string[] {
  const names = cells.map((cell) => cell.trim());
  if (/^sep=.?$/i.test(names[0] ?? "") && names.slice(1).every((name) => name === "")) {
    throw new NnfitError(
      "data",
      `the first line begins with "${names[0]}": it sets the delimiter for a spreadsheet and is not the header`,
      {
        at,
        try: "data.skipLines: 1",
      },
    );
  }
  const places = placesOf(names);
  const twice = names.find((name, index) => places.get(name) !== index && matters(name));
  if (twice !== undefined) {
    const columns = names.flatMap((name, index) => (name === twice ? [String(index + 1)] : []));
    throw new NnfitError("data", `the header names "${twice}" more than once: columns ${listed(columns, " and ")}`, {
      at,
      try: "renaming all of them but one",
    });
  }
  if (names.includes("__proto__") && matters("__proto__")) {
    throw new NnfitError("data", 'the header has a column "__proto__", a name that JavaScript reserves', {
      at,
      try: "another name for the column",
    });
  }
  return names;
}

/** That each column has a name to learn from it by. */
export function checkNamed(names: readonly string[], at: string): void {
  const empty = names.indexOf("");
  if (empty < 0) return;
  throw new NnfitError("data", `column ${empty + 1} of the header has no name`, {
    at,
    have: listed(names.map((name) => name || '""')),
    try: isTitle(names)
      ? "data.skipLines, if there is a title above the header"
      : 'a name for it, or data.ignore: [""], which leaves it out; pandas writes none with index=False, R with row.names=FALSE',
  });
}

/** A first line with hardly a cell in it. */
function isTitle(names: readonly string[]): boolean {
  return names.filter((name) => name !== "").length <= names.length / 2;
}

/** That each of the names, which stand in a setting of the config, is a column of the table `source`. */
export function checkNames(
  names: readonly string[],
  header: readonly string[],
  setting: string,
  source: string,
  /** what to try, whatever names are near */
  way?: string,
): void {
  const known = new Set(header);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const similar = nearest(unknown, header);
  throw new NnfitError("usage", `no column "${unknown}" in ${source}`, {
    setting,
    have: listed(header),
    try: way ?? (similar ? `"${similar}"` : wayToHeader(header)),
  });
}

/** What to try where the row below the header has names that the header lacks, as then it is the header itself. */
export function wayToNames(names: readonly string[], below: WrittenRow | undefined): string | undefined {
  const cells = new Set(below?.cells.map((cell) => cell.trim()));
  return below && names.every((name) => cells.has(name)) ? `data.skipLines: ${below.line - 1}` : undefined;
}

function wayToHeader(header: readonly string[]): string | undefined {
  if (!isTitle(header) && header.length > 1) return undefined;
  const blanks = header.length === 1 && /\S \S/.test(header[0]!);
  return `data.skipLines, if that is a title above the header${blanks ? '; data.delimiter: " ", if spaces separate its cells' : ""}`;
}

/** In an error, as many names as a person reads. */
export function listed(names: readonly string[], between = ", "): string {
  const shown = names.slice(0, MOST_LISTED).map(shownName).join(between);
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown;
}

/** In quotes where it would not be told from its neighbours. */
function shownName(name: string): string {
  const short = name.length > LONGEST_LISTED ? `${name.slice(0, LONGEST_LISTED)}…` : name;
  return /, |[\n\r\t]|^\s|\s$/.test(short) && !short.startsWith('"') ? JSON.stringify(short) : short;
}

/** `wanted`: the columns that a model or a config needs, which others may be by another name */
export function lacksColumns(
  lacking: readonly string[],
  header: readonly string[],
  wanted: readonly { readonly name: string }[],
  at: string,
  below?: WrittenRow,
): NnfitError {
  const [first, ...others] = lacking;
  const extra = header.filter((column) => !wanted.some(({ name }) => name === column));
  const inOtherCase = lacking.map((name) => extra.find((column) => column.toLowerCase() === name.toLowerCase()));
  const nearby = others.length === 0 ? [nearest(first!, extra)] : [];
  const similar = inOtherCase.some((column) => column !== undefined) ? inOtherCase : nearby;
  const renamings = similar.flatMap((column, i) => (column === undefined ? [] : `"${column}" to "${lacking[i]}"`));
  const way =
    renamings.length > 0
      ? `renaming ${listed(renamings)}, if ${renamings.length > 1 ? "they are" : "it is"} the same`
      : undefined;
  return lacks(lacking, header, at, wayToNames(lacking, below) ?? way);
}

/** `kept`: the columns that somebody wants to see beside the predictions, by names that may be misspelt */
export function lacksKept(
  lacking: readonly string[],
  header: readonly string[],
  kept: readonly string[],
  at: string,
): NnfitError {
  const others = header.filter((column) => !kept.includes(column));
  const near = kept.map((name) => (lacking.includes(name) ? nearest(name, others) : name));
  if (near.some((name) => name === undefined || /[",]/.test(name))) return lacks(lacking, header, at);
  const names = near.join(",");
  return lacks(lacking, header, at, `--with ${/\s/.test(names) ? `"${names}"` : names}`);
}

function lacks(lacking: readonly string[], header: readonly string[], at: string, way?: string): NnfitError {
  const names = listed(lacking.map((name) => `"${name}"`));
  return new NnfitError("data", `the table lacks the ${lacking.length === 1 ? "column" : "columns"} ${names}`, {
    at,
    have: listed(header),
    try: way ?? wayToHeader(header),
  });
}
