import { Link } from "@tanstack/react-router";
import { dateTime, duration } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Chart } from "../../ui/chart";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useLatestCalls } from "../requests/api";
import { shareOf } from "./share";

const CHART_HEIGHT = 132;

/** How long the latest calls took, one after the other. */
export function Latency() {
  const calls = useLatestCalls();
  return (
    <Card title={t.overview.latency} actions={<Link to="/requests">{t.overview.allCalls}</Link>}>
      <Async query={calls}>
        {(rows) => {
          if (rows.length === 0) return <span className={css.note}>{t.overview.nothingYet}</span>;
          const took = rows.map((call) => call.duration_ms);
          const say = (part: number) => duration(shareOf(took, part));
          return (
            <>
              <p className={css.note}>{t.overview.took(took.length, say(0.5), say(0.95))}</p>
              <Chart
                label={t.overview.latency}
                points={[...rows].reverse().map((call) => ({
                  name: dateTime(call.created_at),
                  value: call.duration_ms,
                }))}
                format={duration}
                height={CHART_HEIGHT}
              />
            </>
          );
        }}
      </Async>
    </Card>
  );
}
