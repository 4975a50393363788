/** A date in ISO 8601, as far as it goes, with or without a time of day: in this form the earlier is the lesser text. */
const DATE = /^(\d{4}-\d{2}(?:-\d{2})?)(?:(?<=-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.(\d+))?Z?)?$/;

/** The same for all ways to write a moment, or undefined for what is no date. A date alone is where its day begins. */
export function normalDate(text: string): string | undefined {
  const [isDate, date, time = "00:00", seconds = ":00", fraction = ""] = DATE.exec(text) ?? [];
  return isDate === undefined ? undefined : `${date} ${time}${seconds}.${fraction.replace(/0+$/, "")}`;
}

/** Day, month and year in any order, the month in digits or letters, with or without a time of day. */
const OTHER_DATE =
  /^(?:\d{4}([-/. ])(?:\d{1,2}|[A-Za-z]{3,9})\1\d{1,2}|(?:\d{1,2}|[A-Za-z]{3,9})([-/. ])(?:\d{1,2}|[A-Za-z]{3,9}),?\2(?:\d{4}|\d{2}))(?:[T ]+\d{1,2}:\d{2}.*)?$/;

/** A person would take it for a date, though which one may be anybody's guess. */
export function looksLikeDate(text: string): boolean {
  return OTHER_DATE.test(text) || normalDate(text) !== undefined;
}
