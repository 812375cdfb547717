import { expect, test } from "vitest";
import type { Key } from "./api";
import { asNewKey, changes, dayOf, draftOf, usualDraft } from "./draft";

const key = {
  name: "a",
  description: "",
  app: "app_1",
  expires_at: "2026-12-01T12:00:00Z",
  rotate_every: null,
  policy: { models: { allow: ["gpt-*"] }, limits: { requests_per_minute: 5 } },
} as unknown as Key;

test("a name is enough", () => {
  expect(asNewKey({ ...usualDraft(), name: " Billing " })).toEqual({ name: "Billing" });
});

test("a key expires at the end of its day, where the reader is", () => {
  const made = asNewKey({ ...usualDraft(), name: "a", expires: "2026-12-31" });
  expect(dayOf(made.expires_at ?? "")).toBe("2026-12-31");
  expect(new Date(made.expires_at ?? "").getHours()).toBe(23);
});

test("what was not changed is not written back", () => {
  expect(changes(draftOf(key), draftOf(key))).toEqual({});
  expect(changes(draftOf(key), { ...draftOf(key), name: "b" })).toEqual({ name: "b" });
});

test("what is emptied is cleared, not left", () => {
  const emptied = { ...draftOf(key), app: "", expires: "", rpm: "" as const, models: [] };
  expect(changes(draftOf(key), emptied)).toEqual({
    app: null,
    expires_at: null,
    rate_limit_rpm: null,
    policy: { models: null },
  });
});

test("what a list refuses stays refused when what it allows is changed", () => {
  const models = { allow: ["gpt-*"], deny: ["gpt-4o-audio*"] };
  const before = draftOf({ ...key, policy: { models } });
  expect(changes(before, { ...before, models: ["gpt-5*"] }).policy).toEqual({
    models: { allow: ["gpt-5*"], deny: ["gpt-4o-audio*"] },
  });
  expect(changes(before, { ...before, models: [] }).policy).toEqual({
    models: { deny: ["gpt-4o-audio*"] },
  });
});
