import { exactUsd } from "../../format/numbers";
import { clockTime, duration } from "../../format/times";
import { t } from "../../text/en";
import type { Step } from "../../ui/steps";
import type { Call } from "./api";
import { hasFailed } from "./parts";

/** What happened to a call, in order, as far as its row says. */
export function life(call: Call): Step[] {
  const say = t.requests.steps;
  const failed = hasFailed(call);
  return [
    {
      title: say.came(call.endpoint ?? ""),
      text: say.cameText(call.key?.name ?? call.key?.id ?? t.requests.operator, call.stream),
      at: clockTime(call.created_at),
      tone: "good",
    },
    {
      title: say.held(exactUsd(call.held_usd)),
      text: say.heldText(call.price_version),
      tone: "good",
    },
    call.attempts > 0
      ? {
          title: say.sent([call.provider, call.model].filter(Boolean).join("/")),
          text: say.attempts(call.attempts),
          tone: "good",
        }
      : { title: say.notSent, tone: "warn" },
    ...(call.first_byte_ms === null
      ? []
      : [
          {
            title: say.firstByte,
            at: say.after(duration(call.first_byte_ms)),
            tone: "good" as const,
          },
        ]),
    {
      title: call.client_left ? say.clientLeft : failed ? say.failed(call.status) : say.answered,
      ...(call.error ? { text: call.error } : {}),
      at: say.after(duration(call.duration_ms)),
      tone: failed ? "bad" : call.client_left ? "warn" : "good",
    },
    {
      title: say.outcome[call.outcome](exactUsd(call.cost_usd)),
      text: say.outcomeText[call.outcome],
      at: clockTime(call.ended_at),
      tone: call.outcome === "expired" ? "warn" : "good",
    },
  ];
}
