import { expect, test } from "vitest";
import type { Call } from "./api";
import { life } from "./life";

const call = (more: Partial<Call>): Call =>
  ({
    created_at: "2026-11-21T08:00:00Z",
    ended_at: "2026-11-21T08:00:02Z",
    key: { id: "key_1", name: "Billing" },
    endpoint: "/v1/chat/completions",
    model: "gpt-4o",
    provider: "openai",
    status: 200,
    error: null,
    outcome: "settled",
    stream: false,
    client_left: false,
    attempts: 1,
    cost_usd: "0.01",
    held_usd: "0.02",
    price_version: 3,
    duration_ms: 2000,
    first_byte_ms: 300,
    ...more,
  }) as Call;

const tones = (more: Partial<Call>) => life(call(more)).map((step) => step.tone);

test("a call that went well is good from end to end", () => {
  expect(tones({})).toEqual(["good", "good", "good", "good", "good", "good"]);
});

test("a call that never got an answer has no first byte, and says so", () => {
  const steps = life(call({ status: 502, error: "upstream_error", first_byte_ms: null }));
  expect(steps.map((step) => step.tone)).toEqual(["good", "good", "good", "bad", "good"]);
  expect(steps[3]).toMatchObject({ title: "Failed with 502", text: "upstream_error" });
});

test("a client that left is neither", () => {
  expect(tones({ client_left: true })[4]).toBe("warn");
});

test("what was sent nowhere cost nothing", () => {
  const steps = life(
    call({ attempts: 0, first_byte_ms: null, outcome: "voided", status: 503, cost_usd: "0.00" }),
  );
  expect(steps[2]?.title).toBe("Not sent to any provider");
  expect(steps.at(-1)?.title).toBe("Cost nothing");
});
