import { expect, test } from "vitest";
import { checkFields, checkTools, EXAMPLE } from "./check";

const tool = (more: object) => JSON.stringify([{ type: "function", function: more }]);

test("nothing and the example are fine", () => {
  expect(checkTools("  ")).toEqual({ value: [], problem: null });
  expect(checkTools(EXAMPLE).problem).toBe(null);
  expect(checkTools(EXAMPLE).value).toHaveLength(1);
});

test.each([
  ["[", "no JSON"],
  ["{}", "a list"],
  ["[1]", "Entry 1 must be"],
  [tool({}), "Entry 1 needs a “name”"],
  [tool({ name: "two words" }), "Entry 1 needs a “name”"],
  [tool({ name: "a", parameters: [] }), "“parameters” of a"],
  [`[${tool({ name: "a" }).slice(1, -1)},${tool({ name: "a" }).slice(1)}`, "two tools called a"],
])("%s is said to be wrong", (text, words) => {
  const { value, problem } = checkTools(text);
  expect(problem).toContain(words);
  expect(value).toEqual([]);
});

test("further fields are an object, and none that the page sets itself", () => {
  expect(checkFields('{"seed":7}')).toEqual({ value: { seed: 7 }, problem: null });
  expect(checkFields("[]").problem).toContain("an object");
  expect(checkFields('{"model":"x"}').problem).toContain("“model”");
});
