import { useQuery } from "@tanstack/react-query";
import { api, ok } from "../../api/client";
import { compact, shortUsd } from "../../format/numbers";
import { calendarDay, daysAgo } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Chart } from "../../ui/chart";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";

const DAYS = 30;

/** What a key did in the last thirty days. */
export function KeyUsage(props: { id: string }) {
  const usage = useQuery({
    queryKey: ["usage", "daily", props.id],
    queryFn: () =>
      ok(
        api.GET("/v1/account/usage/daily", {
          params: { query: { key: props.id, from: daysAgo(DAYS - 1) } },
        }),
      ),
  });
  return (
    <Card title={t.keys.lastDays(DAYS)}>
      <Async query={usage}>
        {(list) => {
          const rows = list.data ?? [];
          const sum = (of: (row: (typeof rows)[number]) => number) =>
            rows.reduce((total, row) => total + of(row), 0);
          return (
            <div className={css.stack}>
              <div className={css.row}>
                <strong>{shortUsd(sum((row) => Number(row.cost_usd)))}</strong>
                <span className={css.note}>
                  {t.usage.calls(compact(sum((row) => row.calls)))} ·{" "}
                  {t.usage.failed(compact(sum((row) => row.failed_calls)))}
                </span>
              </div>
              <Chart
                label={t.usage.costPerDay}
                points={rows.map((row) => ({
                  name: calendarDay(row.date),
                  value: Number(row.cost_usd),
                }))}
                format={shortUsd}
                height={150}
              />
            </div>
          );
        }}
      </Async>
    </Card>
  );
}
