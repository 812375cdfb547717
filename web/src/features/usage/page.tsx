import { SegmentedControl, Select, TextInput } from "@mantine/core";
import { period, RANGES } from "../../format/period";
import { t } from "../../text/en";
import { ExportButton } from "../../ui/export_button";
import css from "../../ui/layout.module.css";
import { Card, Page } from "../../ui/page";
import { useView } from "../../ui/view";
import { useApps, useModels } from "../keys/api";
import { KeySelect } from "../keys/key_select";
import { usagePath, type Dimension, type Filter } from "./api";
import { Breakdown } from "./breakdown";
import { metricOf } from "./metric";
import { OverTime } from "./over_time";

const USUAL = {
  range: "30d",
  from: "",
  until: "",
  metric: "cost",
  by: "key",
  key: "",
  app: "",
  model: "",
  provider: "",
};
type View = typeof USUAL;

const DIMENSIONS: Dimension[] = ["key", "app", "model", "provider"];

export const filterOf = (view: Pick<View, "key" | "app" | "model" | "provider">): Filter => ({
  ...(view.key ? { key: view.key } : {}),
  ...(view.app ? { app: view.app } : {}),
  ...(view.model ? { model: view.model } : {}),
  ...(view.provider ? { provider: view.provider } : {}),
});

export function UsagePage() {
  const [view, setView] = useView(USUAL);
  const when = period(view.range, view.from, view.until);
  const by = DIMENSIONS.find((one) => one === view.by) ?? "key";
  const metric = metricOf(view.metric);
  const query = { from: when.from, until: when.until, ...filterOf(view) };
  return (
    <Page
      title={t.nav.usage}
      lead={t.usage.lead}
      actions={
        <ExportButton
          path={usagePath(by)}
          query={query}
          file={`usage-by-${by}-${when.from}-${when.until}.csv`}
        />
      }
    >
      <Filters view={view} setView={setView} />
      <OverTime
        when={when}
        filter={filterOf(view)}
        metric={metric}
        onMetric={(next) => setView({ metric: next })}
      />
      <Card
        title={t.usage.by[by]}
        flush
        actions={
          <SegmentedControl
            size="xs"
            aria-label={t.usage.byWhat}
            data={DIMENSIONS.map((one) => ({ value: one, label: t.usage.dimensions[one] }))}
            value={by}
            onChange={(next) => setView({ by: next })}
          />
        }
      >
        <Breakdown by={by} query={query} onPick={(id) => setView({ [by]: id })} />
      </Card>
    </Page>
  );
}

function Filters(props: { view: View; setView: (change: Partial<View>) => void }) {
  const { view, setView } = props;
  const apps = useApps();
  const models = useModels();
  const listed = models.data?.data ?? [];
  const providers = [...new Set([...listed.map((one) => one.provider), view.provider])];
  const names = [...new Set([...listed.map((one) => one.model), view.model])];
  const pick = (name: "app" | "model" | "provider", data: Choice[]) => (
    <Select
      aria-label={t.usage.dimensions[name]}
      placeholder={t.usage.any[name]}
      data={data}
      value={view[name] || null}
      onChange={(value) => setView({ [name]: value ?? "" })}
      searchable
      clearable
    />
  );
  return (
    <div className={css.filters}>
      <Select
        aria-label={t.usage.range}
        data={RANGES.map((range) => ({ value: range, label: t.usage.ranges[range] }))}
        value={view.range}
        onChange={(range) => setView({ range: range ?? "30d" })}
        allowDeselect={false}
      />
      {view.range === "custom" && (
        <>
          <Day label={t.usage.from} value={view.from} onChange={(from) => setView({ from })} />
          <Day label={t.usage.until} value={view.until} onChange={(until) => setView({ until })} />
        </>
      )}
      <KeySelect
        name={t.usage.dimensions.key}
        placeholder={t.usage.any.key}
        value={view.key}
        onChange={(key) => setView({ key })}
        clearable
      />
      {(apps.data?.length ?? 0) > 0 && pick("app", choices(apps.data ?? [], view.app))}
      {pick("model", plain(names))}
      {pick("provider", plain(providers))}
    </div>
  );
}

type Choice = { value: string; label: string };

const plain = (names: string[]): Choice[] =>
  names.filter(Boolean).map((name) => ({ value: name, label: name }));

/** What is chosen stays a choice, though it may be gone by now. */
const choices = (rows: { id: string; name: string }[], chosen: string): Choice[] => [
  ...rows.map((row) => ({ value: row.id, label: row.name })),
  ...(chosen && !rows.some((row) => row.id === chosen) ? [{ value: chosen, label: chosen }] : []),
];

const Day = (props: { label: string; value: string; onChange: (day: string) => void }) => (
  <TextInput
    type="date"
    aria-label={props.label}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
  />
);
