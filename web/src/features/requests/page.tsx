import { Button, Select, Switch, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { compact, count, usd } from "../../format/numbers";
import { period, RANGES } from "../../format/period";
import { dateTime, duration } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { DataTable, type Column } from "../../ui/data_table";
import { ExportButton } from "../../ui/export_button";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { useView } from "../../ui/view";
import { KeySelect } from "../keys/key_select";
import { useCalls, type Call, type CallQuery } from "./api";
import { Outcome } from "./parts";

const USUAL = { range: "7d", key: "", model: "", status: "", session: "", live: "" };
const CHOSEN_RANGES = RANGES.filter((range) => range !== "custom");

export function RequestsPage() {
  const [view, setView] = useView(USUAL);
  const { from } = period(view.range, "", "");
  const question: CallQuery = {
    from,
    ...(view.key ? { key: view.key } : {}),
    ...(view.model ? { model: view.model } : {}),
    ...(view.session ? { session: view.session } : {}),
    ...(view.status === "failed" || view.status === "ok" ? { status: view.status } : {}),
  };
  const calls = useCalls(question, view.live === "1");
  return (
    <Page
      title={t.nav.requests}
      lead={t.requests.lead}
      actions={
        <>
          <Switch
            label={t.requests.live}
            checked={view.live === "1"}
            onChange={(event) => setView({ live: event.currentTarget.checked ? "1" : "" })}
          />
          <ExportButton
            path="/v1/account/requests"
            query={{ ...question }}
            file={`requests-since-${from}.csv`}
          />
        </>
      }
    >
      <div className={css.filters}>
        <Select
          aria-label={t.usage.range}
          data={CHOSEN_RANGES.map((range) => ({ value: range, label: t.usage.ranges[range] }))}
          value={view.range}
          onChange={(range) => setView({ range: range ?? "7d" })}
          allowDeselect={false}
        />
        <KeySelect
          name={t.usage.dimensions.key}
          placeholder={t.usage.any.key}
          value={view.key}
          onChange={(key) => setView({ key })}
          clearable
        />
        <Select
          aria-label={t.requests.outcome}
          placeholder={t.requests.anyOutcome}
          data={t.requests.outcomeChoices}
          value={view.status || null}
          onChange={(status) => setView({ status: status ?? "" })}
          clearable
        />
        <TextInput
          aria-label={t.usage.dimensions.model}
          placeholder={t.usage.any.model}
          defaultValue={view.model}
          onBlur={(event) => setView({ model: event.currentTarget.value.trim() })}
          onKeyDown={(event) =>
            event.key === "Enter" && setView({ model: event.currentTarget.value.trim() })
          }
        />
        {view.session && (
          <Button variant="default" onClick={() => setView({ session: "" })}>
            {t.requests.everySession}
          </Button>
        )}
      </div>
      <Card flush>
        <Async query={calls}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.data);
            if (rows.length === 0) {
              return <Empty title={t.requests.none} text={t.requests.noneHelp} />;
            }
            return (
              <DataTable
                label={t.nav.requests}
                rows={rows}
                id={(call) => call.id}
                columns={COLUMNS}
                foot={
                  calls.hasNextPage && (
                    <Button
                      variant="default"
                      loading={calls.isFetchingNextPage}
                      onClick={() => void calls.fetchNextPage()}
                    >
                      {t.ui.loadMore}
                    </Button>
                  )
                }
              />
            );
          }}
        </Async>
      </Card>
    </Page>
  );
}

const COLUMNS: Column<Call>[] = [
  {
    head: t.requests.time,
    cell: (call) => (
      <Link to="/requests/$id" params={{ id: call.id }}>
        {dateTime(call.created_at)}
      </Link>
    ),
  },
  { head: t.requests.outcome, cell: (call) => <Outcome of={call} /> },
  { head: t.usage.dimensions.key, cell: (call) => call.key?.name ?? call.key?.id ?? "" },
  {
    head: t.usage.dimensions.model,
    cell: (call) => [call.provider, call.model].filter(Boolean).join("/"),
  },
  {
    head: t.requests.tokens,
    right: true,
    cell: ({ usage }) => (
      <span title={`${count(usage.input_tokens ?? 0)} → ${count(usage.output_tokens ?? 0)}`}>
        {compact(usage.input_tokens ?? 0)} → {compact(usage.output_tokens ?? 0)}
      </span>
    ),
  },
  { head: t.requests.took, right: true, cell: (call) => duration(call.duration_ms) },
  { head: t.usage.metrics.cost, right: true, cell: (call) => usd(call.cost_usd) },
];
