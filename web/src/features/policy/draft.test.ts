import { expect, test } from "vitest";
import { limitsDraftOf, policyChanges, policyDraftOf } from "./draft";

const POLICY = {
  models: { allow: ["gpt-4o*"], deny: ["gpt-4o-audio*"] },
  limits: { requests_per_day: 100, burst: 5 },
};

test("what was left alone is not sent", () => {
  const draft = policyDraftOf(POLICY);
  expect(policyChanges(draft, policyDraftOf(POLICY))).toEqual({});
});

test("a list is sent as a whole, and one that is emptied is taken away", () => {
  const before = policyDraftOf(POLICY);
  const after = policyDraftOf({
    ...POLICY,
    models: { allow: ["gpt-4o*"] },
    providers: { deny: ["x"] },
  });
  expect(policyChanges(before, after)).toEqual({
    models: { allow: ["gpt-4o*"], deny: null },
    providers: { allow: null, deny: ["x"] },
  });
  expect(policyChanges(before, policyDraftOf({ limits: POLICY.limits }))).toEqual({ models: null });
});

test("a limit that is cleared is null, and others stay", () => {
  const before = policyDraftOf(POLICY);
  const after = { ...before, limits: { ...before.limits, burst: "" as const, body_bytes: 9 } };
  expect(policyChanges(before, after)).toEqual({ limits: { burst: null, body_bytes: 9 } });
  expect(limitsDraftOf(null).burst).toBe("");
});

test("the mode of the selection is sent alone, and null where it is taken away", () => {
  const before = policyDraftOf({ tool_selection: { mode: "shadow", keep_max: 9 } });
  expect(policyChanges(before, { ...before, selection: "on" })).toEqual({
    tool_selection: { mode: "on" },
  });
  expect(policyChanges(before, { ...before, cachePolicy: "leave" })).toEqual({
    tool_selection: { cache_policy: "leave" },
  });
  expect(policyChanges(before, { ...before, selection: "" })).toEqual({
    tool_selection: { mode: null },
  });
});

test("a list that lets nothing through stays so, whatever else of it changes", () => {
  const before = policyDraftOf({ tools: { allow: [] } });
  expect(policyChanges(before, before)).toEqual({});
  const after = policyDraftOf({ tools: { allow: [], deny: ["shell"] } });
  expect(policyChanges(before, after)).toEqual({ tools: { allow: [], deny: ["shell"] } });
});

test("all let through, and nothing let through, are two", () => {
  const all = policyDraftOf({});
  const nothing = policyDraftOf({ tools: { allow: [] } });
  expect(policyChanges(all, nothing)).toEqual({ tools: { allow: [], deny: null } });
  expect(policyChanges(nothing, all)).toEqual({ tools: null });
});
