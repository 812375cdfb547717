import { t } from "../../text/en";
import { State, type Tone } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import type { Key, KeyState } from "./api";

const TONES: Record<KeyState, Tone> = {
  active: "good",
  pending: "idle",
  disabled: "idle",
  quarantined: "bad",
  exhausted: "warn",
  expired: "idle",
  revoked: "idle",
};

export const KeyStateBadge = (props: { state: KeyState }) => (
  <State tone={TONES[props.state]}>{t.keys.states[props.state]}</State>
);

/** What a person may want to do something about. */
export function notices(key: Key): string[] {
  return [
    ...(key.rotation === "overdue" ? [t.keys.rotationOverdue] : []),
    ...(key.rotation === "due" ? [t.keys.rotationDue] : []),
    ...(key.expires_soon ? [t.keys.expiresSoon] : []),
    ...(key.unused ? [t.keys.unused] : []),
  ];
}

export function Notices(props: { of: Key }) {
  const said = notices(props.of);
  return said.length > 0 ? <span className={css.warn}>{said.join(" · ")}</span> : null;
}

/** Whether it can be worked on at all: what is revoked stays so. */
export const isOver = (key: Key) => key.status === "revoked";
