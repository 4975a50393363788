import { NnfitError } from "../errors.js";
import { type DayOrder, dayOrderIn, daysIn, looksLikeDate } from "./dates.js";
import type { CategoryColumn, DateColumn } from "./table.js";

/** What comes first in dates such as 3/4/2024: auto is what the other dates tell; if it is not said, they are none. */
export type DayOrderChoice = DayOrder | "auto" | undefined;

/** A column of words as one of dates: words that are none are its `unreadable`. */
export function asDates({ name, codes, categories }: CategoryColumn, choice: DayOrderChoice): DateColumn {
  const order = choice === "auto" ? dayOrderIn(categories) : choice;
  const days = categories.map((text) => daysIn(text, order));
  const unreadable = new Map<number, string>();
  if (days.includes(undefined)) {
    for (const [row, code] of codes.entries()) {
      if (code >= 0 && days[code] === undefined) unreadable.set(row, categories[code]!);
    }
  }
  return {
    type: "date",
    name,
    values: Float64Array.from(codes, (code) => days[code] ?? Number.NaN),
    ...(order && { order }),
    ...(unreadable.size > 0 && { unreadable }),
  };
}

/** The same, if all of its words, one at least, are dates. */
export function datesOf(words: CategoryColumn, order: DayOrderChoice): DateColumn | undefined {
  const [first] = words.categories;
  if (first === undefined || !looksLikeDate(first)) return undefined;
  const column = asDates(words, order);
  return column.unreadable ? undefined : column;
}

/** A cell of a column that should be one of dates, in whose dates `order` is what comes first. */
export function notDate(text: string, order: DayOrder | undefined, at: string, what = "not a date"): NnfitError {
  const isAmbiguous = order === undefined && daysIn(text, "dayFirst") !== undefined;
  return new NnfitError("data", isAmbiguous ? `"${text}" may be one date or another` : `"${text}" is ${what}`, {
    at,
    try: isAmbiguous
      ? 'data.dates: "dayFirst" or "monthFirst"'
      : "dates such as 2024-03-01, with or without a time of day: 2024-03-01 17:30",
  });
}
