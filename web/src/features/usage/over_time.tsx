import { Skeleton, UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import type { Period } from "../../format/period";
import { calendarDay, clockHour } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Chart } from "../../ui/chart";
import { Delta } from "../../ui/delta";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useUsageOverTime, type Filter } from "./api";
import { METRIC_NAMES, METRICS, type Metric } from "./metric";
import own from "./usage.module.css";

/** The sums of a period beside those of the one before; the chosen one is drawn over time. */
export function OverTime(props: {
  when: Period;
  filter: Filter;
  metric: Metric;
  onMetric: (metric: Metric) => void;
  beside?: ReactNode;
}) {
  const { when, filter, metric, beside } = props;
  const { from, until } = when;
  const now = useUsageOverTime({ from, until, ...filter }, when.hourly);
  const before = useUsageOverTime({ ...when.before, ...filter }, when.hourly);
  const { of, format } = METRICS[metric];
  return (
    <Async query={now} like={<Outline beside={beside} />}>
      {(list) => {
        const earlier = before.data?.data;
        return (
          <>
            <div className={css.tiles}>
              {METRIC_NAMES.map((name) => {
                const total = METRICS[name].of(list.total);
                const then = before.data && METRICS[name].of(before.data.total);
                return (
                  <UnstyledButton
                    key={name}
                    className={own.tile}
                    aria-pressed={name === metric}
                    onClick={() => props.onMetric(name)}
                  >
                    <span className={own.name}>{t.usage.metrics[name]}</span>
                    <span className={own.value}>{METRICS[name].format(total)}</span>
                    <Delta now={total} before={then} />
                  </UnstyledButton>
                );
              })}
            </div>
            <div className={beside ? css.wideAndNarrow : undefined}>
              <Card title={t.usage.overTime(t.usage.metrics[metric], when.hourly)}>
                <Chart
                  label={t.usage.overTime(t.usage.metrics[metric], when.hourly)}
                  points={(list.data ?? []).map((row, index) => ({
                    name: when.hourly ? clockHour(row.start) : calendarDay(row.date),
                    value: of(row),
                    before: earlier?.[index] && of(earlier[index]),
                  }))}
                  format={format}
                />
                <p className={css.note}>{t.usage.compared(list.time_zone)}</p>
              </Card>
              {beside}
            </div>
          </>
        );
      }}
    </Async>
  );
}

const TILE_HEIGHT = 92;
const CHART_HEIGHT = 322;

/** As high as what will stand there, so that nothing jumps. */
const Outline = (props: { beside: ReactNode }) => (
  <>
    <div className={css.tiles}>
      {METRIC_NAMES.map((name) => (
        <Skeleton key={name} height={TILE_HEIGHT} radius="lg" />
      ))}
    </div>
    <div className={props.beside ? css.wideAndNarrow : undefined}>
      <Skeleton height={CHART_HEIGHT} radius="lg" />
      {props.beside}
    </div>
  </>
);
