import { t } from "../../text/en";
import { State, type Tone } from "../../ui/bits";
import type { Call } from "./api";

const FAILED_FROM = 400;

export const hasFailed = (call: Call) => call.status === null || call.status >= FAILED_FROM;

const tone = (call: Call): Tone => {
  if (call.status === null) return "warn";
  if (call.status >= 500) return "bad";
  return call.status >= FAILED_FROM ? "warn" : "good";
};

/** "200", "429 rate_limit_exceeded", "Client left". */
export function Outcome(props: { of: Call }) {
  const { status, error } = props.of;
  const text = status === null ? t.requests.left : [status, error].filter(Boolean).join(" ");
  return <State tone={tone(props.of)}>{text}</State>;
}
