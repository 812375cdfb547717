import { expect, test } from "vitest";
import { ago, daysAgo, duration } from "./times";

const NOW = Date.parse("2026-11-21T12:00:00Z");

test.each([
  ["2026-11-21T11:59:40Z", "now"],
  ["2026-11-21T11:58:10Z", "1 minute ago"],
  ["2026-11-21T15:30:00Z", "in 3 hours"],
  ["2026-11-20T11:00:00Z", "yesterday"],
  ["2024-11-20T11:00:00Z", "2 years ago"],
])("%s is %s", (moment, said) => {
  expect(ago(moment, NOW)).toBe(said);
});

test("a duration is as long as it has to be", () => {
  expect(duration(840)).toBe("840ms");
  expect(duration(2400)).toBe("2.4s");
  expect(duration(600_000)).toBe("10m");
  expect(duration(86_280_000)).toBe("24h");
  expect(duration(9 * 86_400_000)).toBe("9d");
});

test("days back go over the end of a month", () => {
  expect(daysAgo(3, new Date(2026, 2, 2))).toBe("2026-02-27");
});
