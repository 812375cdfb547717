import { expect, test } from "vitest";
import { different, parseSearch, stringifySearch } from "./view";

test("only what differs from the usual stands in the address", () => {
  expect(different({ q: "", sort: "-used", app: "7" }, { q: "", sort: "-created" })).toEqual({
    sort: "-used",
    app: "7",
  });
});

test("text goes into the address and comes back unchanged", () => {
  for (const text of ["7", "true", "null", "a b&c=d", "“x”", "<script>", "100%"]) {
    expect(parseSearch(stringifySearch({ q: text }))).toEqual({ q: text });
  }
  expect(stringifySearch({})).toBe("");
});
