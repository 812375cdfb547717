import { expect, test } from "vitest";
import { concerns } from "./concerns";

type Key = Parameters<typeof concerns>[0][number];
type Budget = Parameters<typeof concerns>[1][number];

const key = (name: string, more: Partial<Key> = {}): Key => ({
  name,
  id: `key_${name}`,
  status: "active",
  unused: false,
  expires_soon: false,
  rotation: null,
  ...more,
});
const budget = (percent: number, blocks = true) =>
  ({ name: "B", blocks, state: { percent } }) as Budget;

test("where all is well, nothing is said", () => {
  expect(concerns([key("a")], [budget(74)], [], null)).toEqual([]);
});

test("one key leads to that key, several to the list of them", () => {
  const one = concerns([key("a", { unused: true })], [], [], null);
  expect(one).toMatchObject([{ to: "/keys/key_a", tone: "warn" }]);
  const two = concerns([key("a", { unused: true }), key("b", { unused: true })], [], [], null);
  expect(two).toMatchObject([{ to: "/keys", search: { show: "unused" } }]);
  expect(two[0]?.text).toContain("1 more");
});

test("what refuses calls comes before what only may", () => {
  const found = concerns(
    [key("a", { expires_soon: true }), key("q", { status: "quarantined" })],
    [budget(80), budget(100)],
    [],
    { mode: "prepaid", spendable_usd: "0.00" },
  );
  expect(found.map((one) => one.tone)).toEqual(["bad", "bad", "bad", "warn", "warn"]);
});

test("a budget that only tells is never worse than a warning", () => {
  expect(concerns([], [budget(120, false)], [], null)).toMatchObject([{ tone: "warn" }]);
});

test("a credential that its provider refused is said", () => {
  const credential = (ok: boolean) => ({
    provider: "openai",
    state: "active" as const,
    last_test: { at: "2026-11-21T00:00:00Z", ok, status: ok ? 200 : 401 },
  });
  expect(concerns([], [], [credential(true)], null)).toEqual([]);
  expect(concerns([], [], [credential(false)], null)).toMatchObject([{ tone: "bad" }]);
});
