/** What comes first in a date that ends with its year, such as 3/4/2024. */
export const dayOrders = ["dayFirst", "monthFirst"] as const;
export type DayOrder = (typeof dayOrders)[number];

/** Years have four digits: 1000-01-01, and 10000-01-01. */
export const FIRST_DAY = -354_285;
export const END_OF_DAYS = 2_932_897;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const NAME =
  "(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DAY = String.raw`(?<day>\d{1,2})`;
const DAYTH = `${DAY}(?:st|nd|rd|th)?`;
const MONTH = String.raw`(?<month>\d{1,2})`;
const YEAR = String.raw`(?<year>\d{4})`;
const SHORT_YEAR = String.raw`(?<shortYear>\d{2})`;
const TIME = String.raw`(?:(?:T| +)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}(?:\.\d+)?))?(?: ?(?<half>[ap])m)?(?: ?(?<zone>Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?))?)?`;

const form = (date: string) => new RegExp(`^${date}${TIME}$`, "i");

/** The ways to write a date that can be read in one way only. */
const FORMS = [
  form(String.raw`${YEAR}([-/.])${MONTH}\2${DAY}`), // 2024-03-01, the most frequent one
  form(String.raw`${YEAR}([-/. ])${NAME}\2${DAY}`), // 2024-Mar-01
  form(String.raw`${DAYTH}(?:[-/ ]|\. ?|)${NAME}(?:[-/. ] ?|)${YEAR}`), // 1 Mar 2024, 1st March 2024, 1. March 2024, 01MAR2024
  form(`${NAME}[-/. ] ?${DAYTH}(?:, ?|[-/. ])${YEAR}`), // Mar 1 2024, March 1st, 2024
  form(String.raw`${DAY}([-/ ])${NAME}\2${SHORT_YEAR}`), // 01-MAR-24: so written, the year is last
  form(String.raw`${DAY}\.${MONTH}\.${YEAR}`), // 1.3.2024: between points the day is first
  new RegExp(`^${NAME}[-/ ]${YEAR}$`, "i"), // Mar 2024
  /^(?<year>1[89]\d{2}|2[01]\d{2})-(?<month>\d{2})$/, // 2024-03: of other years it is rather a code
  /^(?<year>1[89]\d{2}|2[01]\d{2})(?<month>\d{2})(?<day>\d{2})$/, // 20240301, in a column that is said to be one of dates
];
/** 3/1/2024 or 3-1-2024, and 3/1/24: the day is first, or the month. */
const YEAR_LAST = form(String.raw`(?<first>\d{1,2})([-/])(?<then>\d{1,2})\2${YEAR}`);
const SHORT_YEAR_LAST = form(String.raw`(?<first>\d{1,2})/(?<then>\d{1,2})/${SHORT_YEAR}`);

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
  const fields = order && fieldsWithYearLast(text);
  if (!fields) return undefined;
  const [day, month] = order === "dayFirst" ? [fields.first, fields.then] : [fields.then, fields.first];
  return daysOf({ ...fields, day, month });
}

type Fields = Readonly<Record<string, string | undefined>>;

function fieldsWithYearLast(text: string): Fields | undefined {
  return (YEAR_LAST.exec(text) ?? SHORT_YEAR_LAST.exec(text))?.groups;
}

const SECONDS = 86_400;

function daysOf(fields: Fields): number | undefined {
  const { name, month, day = 1, hour } = fields;
  const date = {
    year: Number(fields.year ?? inFull(fields.shortYear)),
    month: name ? 1 + MONTHS.indexOf(name.slice(0, 3).toLowerCase()) : Number(month),
    day: Number(day),
  };
  const seconds = hour ? secondsOf(hour, fields) : 0;
  if (!isDate(date) || seconds === undefined) return undefined;
  const days = (Date.UTC(date.year, date.month - 1, date.day) / 1000 + seconds) / SECONDS;
  return days >= FIRST_DAY && days < END_OF_DAYS ? days : undefined; // a zone may carry it beyond
}

function isDate({ year, month, day }: Readonly<Record<"year" | "month" | "day", number>>): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 ? 28 + Number(isLeap) : 30 + ((month + (month >> 3)) % 2); // in July and August 31
  return year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= last;
}

/** A year of two digits is one from 1969 to 2068, as POSIX, Python and pandas have it. */
function inFull(shortYear: string | undefined): number {
  const year = Number(shortYear);
  return year + (year < 69 ? 2000 : 1900);
}

/** From the beginning of the day, by the clock of UTC if there is a zone. */
function secondsOf(text: string, { minute, second = "0", half, zone }: Fields): number | undefined {
  const hour = Number(text);
  if (hour > 23 || Number(minute) > 59 || Number(second) >= 60 || (half && (hour < 1 || hour > 12))) return undefined;
  const isAfternoon = half?.toLowerCase() === "p";
  const hours = half ? (hour % 12) + (isAfternoon ? 12 : 0) : hour;
  return hours * 3600 + Number(minute) * 60 + Number(second) - aheadOf(zone);
}

/** By how many seconds the clocks of a zone such as +01:00 are ahead of UTC. */
function aheadOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = (zone && /^([+-])(\d{2}):?(\d{2})?$/.exec(zone)) || [];
  const seconds = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60;
  return sign === "-" ? -seconds : seconds;
}

/** What comes first in dates such as 3/4/2024, if it is told by one such as 3/13/2024. */
export function dayOrderIn(texts: Iterable<string>): DayOrder | undefined {
  for (const text of texts) {
    const fields = fieldsWithYearLast(text);
    if (Number(fields?.then) > 12) return "monthFirst";
    if (Number(fields?.first) > 12 && fields?.year) return "dayFirst"; // 24/03/01 may begin with its year
  }
  return undefined;
}

/** A number that may be a date, as 20240301 is. */
export function isCompactDate(value: number): boolean {
  const [year, month, day] = [Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100];
  return Number.isInteger(value) && year >= 1800 && year < 2200 && isDate({ year, month, day });
}

/** 2040-01-01: few tables tell of so late a time. */
const LATE = 25_567;

/** A date such as 3/14/52, whose year was completed to a late one, 2052: it may be of the century before. */
export function mayBeOlder(text: string, days: number | undefined): boolean {
  return days !== undefined && days >= LATE && !/\d{4}/.test(text.replace(/[T ]\d+:.*/i, ""));
}

/** 2009-10 and 2010-11: the years of a season, and no months. */
export function isSeason(text: string): boolean {
  const [, year, next] = /^\d{2}(\d{2})[-/](\d{2})$/.exec(text) ?? [];
  return year !== undefined && (Number(year) + 1) % 100 === Number(next);
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
