import { expect, test } from "vitest";
import { change, exactUsd, shortUsd, usd } from "./numbers";

test("money is shown in cents, and what is less than a cent exactly", () => {
  expect(usd("12.34")).toBe("$12.34");
  expect(usd("0")).toBe("$0.00");
  expect(usd("0.000000001")).toBe("$0.000000001");
  expect(usd("-3.5")).toBe("-$3.50");
});

test("money is not rounded on its way through a double", () => {
  expect(exactUsd("9007199254740993.123456789")).toBe("$9,007,199,254,740,993.123456789");
  expect(usd("9007199254740993.00")).toBe("$9,007,199,254,740,993.00");
});

test("an axis has room for a few digits", () => {
  expect(shortUsd(0.25)).toBe("$0.25");
  expect(shortUsd(0.000123)).toBe("$0.000123");
  expect(shortUsd(1_250_000)).toBe("$1.3M");
});

test("where there was nothing before, nothing is compared", () => {
  expect(change(150, 100)).toBe(0.5);
  expect(change(3, 0)).toBeNull();
});
