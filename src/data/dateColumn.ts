import { NnfitError } from "../errors.js";
import { type DayOrder, dayOrderIn, daysIn, isSeason, looksLikeDate, mayBeOlder } from "./dates.js";
import { deletingRows } from "./mistakes.js";
import type { CategoryColumn, DateColumn } from "./table.js";

/** What comes first in dates such as 3/4/2024: auto is what the other dates of the column tell. */
export type DayOrderChoice = DayOrder | "auto";

/**
 * A column of words as one of dates: words that are none are its `unreadable`. Without a choice each is read by itself,
 * so that a part of a table is read as the whole.
 */
export function asDates({ name, codes, categories }: CategoryColumn, choice?: DayOrderChoice): DateColumn {
  const order = choice === "auto" ? dayOrderIn(categories) : choice;
  const days = categories.map((text) => daysIn(text, choice === undefined ? dayOrderIn([text]) : order));
  const unreadable = new Map<number, string>();
  if (days.includes(undefined)) {
    for (const [row, code] of codes.entries()) {
      if (code >= 0 && days[code] === undefined) unreadable.set(row, categories[code]!);
    }
  }
  const withLateYear = categories.find((text, code) => mayBeOlder(text, days[code]));
  return {
    type: "date",
    name,
    values: Float64Array.from(codes, (code) => days[code] ?? Number.NaN),
    ...(order && { order }),
    ...(withLateYear !== undefined && { withLateYear }),
    ...(unreadable.size > 0 && { unreadable }),
  };
}

/** So many of its words say whether it may be one of dates. */
const FEW = 10;

/** The same, if at least this share of its words, and one, are dates. */
export function datesOf(
  words: CategoryColumn,
  order: DayOrderChoice | undefined,
  share: number,
): DateColumn | undefined {
  const { codes, categories } = words;
  if (!categories.slice(0, FEW).some(looksLikeDate) || categories.every(isSeason)) return undefined;
  const column = asDates(words, order);
  const present = codes.reduce((count, code) => count + Number(code >= 0), 0);
  const wrong = column.unreadable?.size ?? 0;
  return present - wrong >= share * present ? column : undefined;
}

/** A cell of a column that should be one of dates, in whose dates `order` is what comes first. */
export function notDate(
  text: string,
  { name, order }: { readonly name: string; readonly order?: DayOrder | undefined },
  at: string,
  what = "not a date",
): NnfitError {
  const isAmbiguous = order === undefined && daysIn(text, "dayFirst") !== undefined;
  const isOtherWay =
    order !== undefined && daysIn(text, order === "dayFirst" ? "monthFirst" : "dayFirst") !== undefined;
  const first = order === "dayFirst" ? "the day" : "the month";
  const deleting = deletingRows([text], { name, cells: 1 });
  return new NnfitError(
    "data",
    isAmbiguous
      ? `"${text}" could be either of two dates`
      : `"${text}" is ${what}${isOtherWay ? ` with ${first} first` : ""}`,
    {
      at,
      try: isAmbiguous
        ? "writing it as 2024-03-01, or dayFirst or monthFirst in data.dates of a config, or in --dates with a model"
        : `${deleting}${deleting && "or "}a date such as 2024-03-01 or 2024-03-01 17:30`,
      unreadable: !isAmbiguous,
    },
  );
}
