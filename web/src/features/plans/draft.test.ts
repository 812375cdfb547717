import { expect, test } from "vitest";
import { planChanges, planDraftOf } from "./draft";

test("only what was changed is sent, and what was emptied is null", () => {
  const before = { ...planDraftOf(), name: "Start", keysMax: 5 };
  expect(planChanges(before, before)).toEqual({});
  const after = {
    ...before,
    keysMax: "" as const,
    defaults: { ...before.defaults, requests_per_minute: 10 },
    spikes: "event" as const,
  };
  expect(planChanges(before, after)).toEqual({
    active_keys_max: null,
    key_defaults: { requests_per_minute: 10 },
    spikes: { action: "event" },
  });
});
