import { expect, test } from "vitest";
import { period } from "./period";

const NOW = new Date(2026, 10, 21, 9);

test("seven days are today and six before, and the seven before those", () => {
  expect(period("7d", "", "", NOW)).toEqual({
    from: "2026-11-15",
    until: "2026-11-21",
    before: { from: "2026-11-08", until: "2026-11-14" },
    hourly: false,
  });
});

test("a single day is looked at by the hour", () => {
  expect(period("today", "", "", NOW)).toMatchObject({ from: "2026-11-21", hourly: true });
});

test("a month begins on its first", () => {
  expect(period("month", "", "", NOW)).toMatchObject({ from: "2026-11-01", until: "2026-11-21" });
});

test("days of one's own may be given the wrong way round, or in part", () => {
  expect(period("custom", "2026-03-05", "2026-03-01", NOW)).toMatchObject({
    from: "2026-03-01",
    until: "2026-03-05",
    before: { from: "2026-02-24", until: "2026-02-28" },
  });
  expect(period("custom", "2026-11-20", "", NOW)).toMatchObject({ until: "2026-11-21" });
});

test("what is no period is the last thirty days", () => {
  for (const range of ["", "nonsense", "custom"]) {
    expect(period(range, "", "", NOW)).toMatchObject({ from: "2026-10-23", until: "2026-11-21" });
  }
});
