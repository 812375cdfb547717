import { change, percent } from "../format/numbers";
import { t } from "../text/en";
import css from "./layout.module.css";

/** "12% more than in the 30 days before". */
export function Delta(props: { now: number; before: number | undefined }) {
  if (props.before === undefined) return null;
  const by = change(props.now, props.before);
  if (by === null) return <span className={css.note}>{t.ui.nothingBefore}</span>;
  if (Math.abs(by) < 0.005) return <span className={css.note}>{t.ui.asBefore}</span>;
  const size = percent(Math.abs(by));
  return <span className={css.note}>{by > 0 ? t.ui.more(size) : t.ui.less(size)}</span>;
}
