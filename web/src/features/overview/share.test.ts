import { expect, test } from "vitest";
import { shareOf } from "./share";

test("half of the values are no greater than the middle one, 95 of 100 than the 95th", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(shareOf(hundred, 0.5)).toBe(50);
  expect(shareOf(hundred, 0.95)).toBe(95);
  expect(shareOf([7], 0.5)).toBe(7);
  expect(shareOf([3, 1, 2], 0.5)).toBe(2);
});
