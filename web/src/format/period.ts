import { daysAgo } from "./times";

/** From one day to another, both counted. */
export interface Days {
  from: string;
  until: string;
}

export interface Period extends Days {
  /** The same length of time just before. */
  before: Days;
  /** A single day is looked at by the hour. */
  hourly: boolean;
}

export const RANGES = ["today", "7d", "30d", "90d", "month", "custom"] as const;

const DAY_MS = 86_400_000;
const utc = (day: string) => Date.parse(`${day}T00:00:00Z`);
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** What "30d" means today. `custom` is from and until, as far as they are days. */
export function period(range: string, from: string, until: string, now = new Date()): Period {
  const today = daysAgo(0, now);
  const back = { today: 0, "7d": 6, "30d": 29, "90d": 89 }[range];
  let days: Days = { from: daysAgo(29, now), until: today };
  if (back !== undefined) days = { from: daysAgo(back, now), until: today };
  if (range === "month") days = { from: `${today.slice(0, 8)}01`, until: today };
  if (range === "custom" && !Number.isNaN(utc(from))) {
    const last = Number.isNaN(utc(until)) ? today : until;
    days = last < from ? { from: last, until: from } : { from, until: last };
  }
  const length = Math.round((utc(days.until) - utc(days.from)) / DAY_MS) + 1;
  const before = {
    from: dayOf(utc(days.from) - length * DAY_MS),
    until: dayOf(utc(days.from) - DAY_MS),
  };
  return { ...days, before, hourly: length === 1 };
}
