import { IconPlus } from "@tabler/icons-react";
import { useHere, useMay } from "../../app/session";
import { period } from "../../format/period";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Page } from "../../ui/page";
import { useView } from "../../ui/view";
import { useApps } from "../keys/api";
import { useUsageOverTime } from "../usage/api";
import { metricOf } from "../usage/metric";
import { OverTime } from "../usage/over_time";
import { Attention } from "./attention";
import { FirstSteps } from "./first_steps";
import { Latency } from "./latency";
import { Top } from "./top";

const DAYS = "30d";
const USUAL = { metric: "cost" };

export function OverviewPage() {
  const { team } = useHere();
  const may = useMay();
  const [view, setView] = useView(USUAL);
  const apps = useApps();
  const when = period(DAYS, "", "");
  const now = useUsageOverTime({ from: when.from, until: when.until }, false);
  const before = useUsageOverTime(when.before, false);
  const isUnused = now.data?.total.calls === 0 && before.data?.total.calls === 0;
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
      {isUnused && <FirstSteps />}
      <OverTime
        when={when}
        filter={{}}
        metric={metricOf(view.metric)}
        onMetric={(metric) => setView({ metric })}
        beside={<Attention />}
      />
      <div className={css.halves}>
        <Top by="key" days={when} />
        <Top by="model" days={when} />
        {(apps.data?.length ?? 0) > 0 && <Top by="app" days={when} />}
        <Latency />
      </div>
    </Page>
  );
}
