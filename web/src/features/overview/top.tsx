import { Link } from "@tanstack/react-router";
import type { Days } from "../../format/period";
import { compact, shortUsd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { Meter } from "../../ui/meter";
import { Card } from "../../ui/page";
import { useUsageBy, type Dimension } from "../usage/api";

const SHOWN = 5;

/** The costliest of a kind, with the way to all of them. */
export function Top(props: { by: Dimension; days: Days }) {
  const { from, until } = props.days;
  const parts = useUsageBy(props.by, { from, until, limit: SHOWN });
  return (
    <Card
      title={t.overview.top[props.by]}
      actions={
        <Link to="/usage" search={{ by: props.by }}>
          {t.overview.all[props.by]}
        </Link>
      }
    >
      <Async query={parts}>
        {(rows) => {
          const most = Math.max(...rows.map((row) => Number(row.sums.cost_usd)), 0);
          if (rows.length === 0) return <span className={css.note}>{t.overview.nothingYet}</span>;
          return (
            <ul className={css.plain}>
              {rows.map((row) => (
                <li key={row.id ?? "none"}>
                  <span className={css.between}>
                    <span>{row.name || t.usage.without[props.by]}</span>
                    <span className={css.figures}>
                      {shortUsd(Number(row.sums.cost_usd))}
                      <span className={css.note}> {t.usage.calls(compact(row.sums.calls))}</span>
                    </span>
                  </span>
                  <Meter
                    part={most > 0 ? Number(row.sums.cost_usd) / most : 0}
                    plain
                    label={row.name}
                  />
                </li>
              ))}
            </ul>
          );
        }}
      </Async>
    </Card>
  );
}
