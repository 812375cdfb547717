// Moments as the reader's locale and time zone write them.

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const hourOnly = new Intl.DateTimeFormat(undefined, { hour: "numeric" });
const short = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  timeZone: "UTC",
});
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const date = (moment: string) => day.format(new Date(moment));
export const dateTime = (moment: string) => minute.format(new Date(moment));
export const toTheSecond = (moment: string) => second.format(new Date(moment));
export const exactTime = (moment: string) => exact.format(new Date(moment));
export const clockHour = (moment: string) => hourOnly.format(new Date(moment));
export const clockTime = (moment: string) => hour.format(new Date(moment));
/** A calendar day, "2026-11-21", of whichever time zone it was counted in. */
export const calendarDay = (text: string) => short.format(new Date(`${text}T00:00:00Z`));

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 hours ago", "in 2 days". */
export function ago(moment: string, now = Date.now()): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(0, "second");
}

const span = (value: number, unit: string) =>
  new Intl.NumberFormat(undefined, {
    style: "unit",
    unit,
    unitDisplay: "narrow",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);

/** "840ms", "2.4s", "3m", "24h", "9d". */
export function duration(ms: number): string {
  if (ms < 1000) return span(ms, "millisecond");
  if (ms < 120_000) return span(ms / 1000, "second");
  const minutes = ms / 60_000;
  if (minutes < 120) return span(minutes, "minute");
  if (minutes < 48 * 60) return span(minutes / 60, "hour");
  return span(minutes / (24 * 60), "day");
}

/** The day `back` days before `now`, as the API takes it: "2026-11-21". */
export const daysAgo = (back: number, now = new Date()) => {
  const then = new Date(now);
  then.setDate(then.getDate() - back);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${then.getFullYear()}-${pad(then.getMonth() + 1)}-${pad(then.getDate())}`;
};
