import { expect, test } from "vitest";
import { asPrice, draftOf, isReady, isWrong } from "./draft";

test("a price goes out as it came in, to the last digit", () => {
  const price = { input: "0.000000001", output: "10", context_tokens_max: 128000 };
  expect(asPrice(draftOf(price as never))).toEqual(price);
});

test("what is no amount is not sent", () => {
  for (const text of ["-1", "1e3", "1,5", "1.", "x"]) expect(isWrong("input", text)).toBe(true);
  expect(isWrong("context_tokens_max", "1.5")).toBe(true);
  const draft = draftOf();
  expect(isReady(draft)).toBe(false);
  expect(isReady({ ...draft, input: "1", output: "2" })).toBe(true);
  expect(isReady({ ...draft, input: "1", output: "2", per_image: "?" })).toBe(false);
});
