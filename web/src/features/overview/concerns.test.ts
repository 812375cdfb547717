import { expect, test } from "vitest";
import { concerns, type Noticed } from "./concerns";

type Budget = Parameters<typeof concerns>[1][number];

const key = (name: string) => ({ name, id: `key_${name}` });
const some = (...names: string[]) => ({ data: names.map(key), has_more: false });
const nothing: Noticed = { quarantined: some(), overdue: some(), expiring: some(), unused: some() };
const budget = (percent: number, blocks = true) =>
  ({ name: "B", blocks, state: { percent } }) as Budget;

test("where all is well, nothing is said", () => {
  expect(concerns(nothing, [budget(74)], [], null)).toEqual([]);
});

test("one key leads to that key, several to the list of them", () => {
  const one = concerns({ ...nothing, unused: some("a") }, [], [], null);
  expect(one).toMatchObject([{ to: "/keys/key_a", tone: "warn" }]);
  const two = concerns({ ...nothing, unused: some("a", "b") }, [], [], null);
  expect(two).toMatchObject([{ to: "/keys", search: { show: "unused" } }]);
  expect(two[0]?.text).toContain("1 more");
});

test("of more keys than were asked for, it is said that there are more", () => {
  const unused = { ...some("a", "b", "c"), has_more: true };
  expect(concerns({ ...nothing, unused }, [], [], null)[0]?.text).toContain("more than 2 others");
});

test("what refuses calls comes before what only may", () => {
  const found = concerns(
    { ...nothing, expiring: some("a"), quarantined: some("q") },
    [budget(80), budget(100)],
    [],
    { mode: "prepaid", spendable_usd: "0.00" },
  );
  expect(found.map((one) => one.tone)).toEqual(["bad", "bad", "bad", "warn", "warn"]);
});

test("a budget that only tells is never worse than a warning", () => {
  expect(concerns(nothing, [budget(120, false)], [], null)).toMatchObject([{ tone: "warn" }]);
});

test("a credential that its provider refused is said", () => {
  const credential = (ok: boolean) => ({
    provider: "openai",
    state: "active" as const,
    last_test: { at: "2026-11-21T00:00:00Z", ok, status: ok ? 200 : 401 },
  });
  expect(concerns(nothing, [], [credential(true)], null)).toEqual([]);
  expect(concerns(nothing, [], [credential(false)], null)).toMatchObject([{ tone: "bad" }]);
});
