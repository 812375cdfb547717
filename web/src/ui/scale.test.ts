import { expect, test } from "vitest";
import { compact, shortUsd } from "../format/numbers";
import { scaleOf } from "./scale";

test.each([
  [0, 1],
  [0.18, 0.2],
  [7, 8],
  [10, 10],
  [101, 150],
  [0.00003, 0.00003],
])("what reaches up to %d is drawn up to %d", (max, top) => {
  expect(scaleOf(max).top).toBeCloseTo(top, 9);
});

test("no axis has too many marks, and none ends below what is drawn", () => {
  for (let max = 0.000001; max < 1e9; max *= 1.7) {
    const { top, ticks } = scaleOf(max);
    expect(top).toBeGreaterThanOrEqual(max * (1 - 1e-9));
    expect(ticks.length).toBeLessThanOrEqual(6);
  }
});

test.each([
  ["dollars", shortUsd, 0.00001],
  ["counts", compact, 20],
])("no two marks of %s are written alike", (_, format, least) => {
  for (let max = least; max < 1e7; max *= 1.3) {
    const written = scaleOf(max).ticks.map(format);
    expect(new Set(written).size, written.join(" ")).toBe(written.length);
  }
});
