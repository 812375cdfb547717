import { percent } from "../format/numbers";
import css from "./layout.module.css";

/** How much of something is used. `part`: 0 to 1, or more. `plain`: being full is no warning. */
export function Meter(props: { part: number; label: string; plain?: boolean }) {
  const part = Math.min(1, Math.max(0, props.part));
  const tone = props.plain
    ? undefined
    : props.part >= 1
      ? "bad"
      : props.part >= 0.75
        ? "warn"
        : undefined;
  return (
    <span className={css.meter} role="img" aria-label={`${props.label}: ${percent(props.part)}`}>
      <i style={{ width: `${part * 100}%` }} data-tone={tone} />
    </span>
  );
}
