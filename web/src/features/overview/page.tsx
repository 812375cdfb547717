import { IconPlus } from "@tabler/icons-react";
import { useHere, useMay } from "../../app/session";
import { compact, percent, shortUsd } from "../../format/numbers";
import { period } from "../../format/period";
import { calendarDay } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Chart } from "../../ui/chart";
import { Delta } from "../../ui/delta";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Card, Page, Tile } from "../../ui/page";
import { useUsageOverTime, type Sums } from "../usage/api";
import { Attention } from "./attention";
import { FirstSteps } from "./first_steps";
import { Top } from "./top";

const DAYS = "30d";

export function OverviewPage() {
  const { team } = useHere();
  const may = useMay();
  const when = period(DAYS, "", "");
  const now = useUsageOverTime({ from: when.from, until: when.until }, false);
  const before = useUsageOverTime(when.before, false);
  return (
    <Page
      title={t.nav.overview}
      lead={t.overview.lead(team?.name ?? "")}
      actions={
        may("keys.write") && (
          <LinkButton to="/keys" search={{ create: "1" }} leftSection={<IconPlus size={16} />}>
            {t.keys.create}
          </LinkButton>
        )
      }
    >
      <Async query={now} lines={8}>
        {(list) => (
          <>
            {list.total.calls === 0 && before.data?.total.calls === 0 ? <FirstSteps /> : null}
            <Sum now={list.total} before={before.data?.total} />
            <div className={css.wideAndNarrow}>
              <Card title={t.overview.spend}>
                <Chart
                  label={t.overview.spend}
                  points={(list.data ?? []).map((row, index) => ({
                    name: calendarDay(row.date),
                    value: Number(row.cost_usd),
                    before: before.data?.data && Number(before.data.data[index]?.cost_usd ?? 0),
                  }))}
                  format={shortUsd}
                />
              </Card>
              <Attention />
            </div>
            <div className={css.halves}>
              <Top by="key" days={when} />
              <Top by="model" days={when} />
            </div>
          </>
        )}
      </Async>
    </Page>
  );
}

function Sum(props: { now: Sums; before: Sums | undefined }) {
  const { now, before } = props;
  const failed = now.calls > 0 ? now.failed_calls / now.calls : 0;
  const tokens = (sums: Sums) => sums.input_tokens + sums.output_tokens;
  return (
    <div className={css.tiles}>
      <Tile
        name={t.overview.spent}
        value={shortUsd(Number(now.cost_usd))}
        note={<Delta now={Number(now.cost_usd)} before={before && Number(before.cost_usd)} />}
      />
      <Tile
        name={t.usage.metrics.calls}
        value={compact(now.calls)}
        note={<Delta now={now.calls} before={before?.calls} />}
      />
      <Tile
        name={t.usage.metrics.tokens}
        value={compact(tokens(now))}
        note={<Delta now={tokens(now)} before={before && tokens(before)} />}
      />
      <Tile
        name={t.overview.failed}
        value={percent(failed)}
        note={t.usage.failed(compact(now.failed_calls))}
      />
    </div>
  );
}
