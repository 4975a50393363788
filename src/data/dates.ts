/** What comes first in a date that ends with its year, such as 3/4/2024. */
export const dayOrders = ["dayFirst", "monthFirst"] as const;
export type DayOrder = (typeof dayOrders)[number];

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const NAME =
  "(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DAY = String.raw`(?<day>\d{1,2})`;
const MONTH = String.raw`(?<month>\d{1,2})`;
const YEAR = String.raw`(?<year>\d{4})`;
const TIME = String.raw`(?:(?:T| +)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}(?:\.\d+)?))?(?: ?(?<half>[ap])m)?(?: ?(?<zone>Z|UTC|[+-]\d{2}:?\d{2}))?)?`;

const form = (date: string) => new RegExp(`^${date}${TIME}$`, "i");

/** The ways to write a date that can be read in one way only. */
const FORMS = [
  form(String.raw`${YEAR}([-/.])${MONTH}\2${DAY}`), // 2024-03-01, the most frequent one
  form(String.raw`${YEAR}([-/. ])${NAME}\2${DAY}`), // 2024-Mar-01
  form(String.raw`${DAY}(?:[-/ ]|\. ?)${NAME}[-/. ] ?${YEAR}`), // 1 Mar 2024, 1. March 2024
  form(`${NAME}[-/. ] ?${DAY}(?:, ?|[-/. ])${YEAR}`), // Mar 1 2024, March 1, 2024
  form(String.raw`${DAY}\.${MONTH}\.${YEAR}`), // 1.3.2024: between points the day is first
  new RegExp(String.raw`^${YEAR}[-/](?<month>\d{2})$`), // 2024-03
];
/** 3/1/2024 or 3-1-2024: the day is first, or the month. */
const YEAR_LAST = form(String.raw`(?<first>\d{1,2})([-/])(?<then>\d{1,2})\2${YEAR}`);

/** Day, month and year in any order, the month in digits or letters, the year perhaps of two digits. */
const LIKE_A_DATE =
  /^(?:\d{4}([-/. ])(?:\d{1,2}|[A-Za-z]{3,9})\1\d{1,2}|(?:\d{1,2}|[A-Za-z]{3,9})([-/. ])(?:\d{1,2}|[A-Za-z]{3,9}),?\2(?:\d{4}|\d{2}))(?:[T ]+\d{1,2}:\d{2}.*)?$/;

/**
 * A moment in days since the beginning of 1970, by UTC's clock if it names a time zone and else by its own; undefined for what
 * is no date, or one that can be read in two ways.
 */
export function daysIn(text: string, order?: DayOrder): number | undefined {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups;
    if (fields) return daysOf(fields);
  }
  const fields = order && YEAR_LAST.exec(text)?.groups;
  if (!fields) return undefined;
  const [day, month] = order === "dayFirst" ? [fields.first, fields.then] : [fields.then, fields.first];
  return daysOf({ ...fields, day, month });
}

const SECONDS = 86_400;

function daysOf({
  year,
  name,
  month = name && String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1),
  day = "1",
  hour = "0",
  minute = "0",
  second = "0",
  half,
  zone,
}: Readonly<Record<string, string | undefined>>): number | undefined {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDay = Number(year) >= 1000 && date.getUTCDate() === Number(day) && date.getUTCMonth() === Number(month) - 1;
  const hours = half ? (Number(hour) % 12) + (half.toLowerCase() === "p" ? 12 : 0) : Number(hour);
  const isTime =
    hours < 24 && Number(minute) < 60 && Number(second) < 60 && !(half && (hour === "0" || Number(hour) > 12));
  if (!isDay || !isTime) return undefined;
  return (
    date.getTime() / (1000 * SECONDS) + (hours * 3600 + Number(minute) * 60 + Number(second) - aheadOf(zone)) / SECONDS
  );
}

/** By how many seconds the clocks of a zone such as +01:00 are ahead of UTC. */
function aheadOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "") ?? [];
  return Number(`${sign ?? ""}1`) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60);
}

/** What comes first in dates such as 3/4/2024, if it is told by one such as 3/13/2024. */
export function dayOrderIn(texts: Iterable<string>): DayOrder | undefined {
  for (const text of texts) {
    const { first, then } = YEAR_LAST.exec(text)?.groups ?? {};
    if (Number(first) > 12) return "dayFirst";
    if (Number(then) > 12) return "monthFirst";
  }
  return undefined;
}

/** A person would take it for a date, though which one may be anybody's guess. */
export function looksLikeDate(text: string): boolean {
  return LIKE_A_DATE.test(text) || daysIn(text) !== undefined;
}

/** 2024-03-01, and where it is not the beginning of a day 2024-03-01 17:30 and, if need be, its seconds. */
export function dateText(days: number): string {
  const [date, time] = new Date(Math.round(days * SECONDS * 1000)).toISOString().split("T") as [string, string];
  const clock = time
    .replace(/Z$/, "")
    .replace(/\.000$/, "")
    .replace(/:00$/, "");
  return clock === "00:00" ? date : `${date} ${clock}`;
}
