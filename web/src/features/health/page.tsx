import { count, exactUsd, percent } from "../../format/numbers";
import { ago, duration } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Mono, State, type Tone } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Facts, Page, Tile } from "../../ui/page";
import { useAllCredentials, useMetrics, useReadiness, useVault } from "./api";
import { Incidents } from "./incidents";
import { quantile, total, valuesOf, type Sample } from "./metrics";

/** How the gateway does, as it counts itself. Every few seconds anew. */
export function HealthPage() {
  const metrics = useMetrics();
  return (
    <Page title={t.nav.health} lead={t.health.lead}>
      <Ready />
      <Incidents />
      <Async query={metrics}>
        {(samples) => (
          <>
            <Numbers of={samples} />
            <div className={css.halves}>
              <Checks of={samples} />
              <Machine of={samples} />
            </div>
            <Upstreams of={samples} />
            <Errors of={samples} />
          </>
        )}
      </Async>
      <Vault />
    </Page>
  );
}

function Ready() {
  const ready = useReadiness();
  if (!ready.data) return null;
  return ready.data.ready ? (
    <div role="status" className={css.notice} data-tone="good">
      <strong>{t.health.ready}</strong>
    </div>
  ) : (
    <div role="alert" className={css.failure}>
      <strong>{t.health.notReady}</strong>
      <small>{ready.data.why}</small>
    </div>
  );
}

const seconds = (value: number | null) =>
  value === null ? "–" : value === Infinity ? t.health.beyond : `≤ ${duration(value * 1000)}`;

function Numbers(props: { of: Sample[] }) {
  const { of } = props;
  const calls = total(of, "keywarden_request_duration_seconds_count") ?? 0;
  const errors = total(of, "keywarden_request_errors_total") ?? 0;
  const all = total(of, "keywarden_requests_total") ?? 0;
  return (
    <div className={css.tiles}>
      <Tile name={t.health.calls} value={count(calls)} note={t.health.sinceStart} />
      <Tile
        name={t.health.errors}
        value={count(errors)}
        note={all > 0 ? t.health.ofAll(percent(errors / all)) : undefined}
      />
      <Tile
        name={t.health.overhead}
        value={seconds(quantile(of, "keywarden_request_overhead_seconds", 0.99))}
        note={t.health.overheadHelp}
      />
      <Tile
        name={t.health.took}
        value={seconds(quantile(of, "keywarden_request_duration_seconds", 0.5))}
        note={t.health.tookHelp}
      />
    </div>
  );
}

interface Check {
  name: string;
  tone: Tone;
  state: string;
  note: string;
}

const JOURNAL_NEAR = 0.8;
const WAITING_LONG_S = 60;

function checksOf(of: Sample[]): Check[] {
  const say = t.health.checks;
  const value = (name: string) => total(of, `keywarden_${name}`) ?? 0;
  const filled = value("journal_bytes") / Math.max(value("journal_max_bytes"), 1);
  const waiting = value("journal_rows_waiting");
  const waits = value("journal_oldest_waiting_seconds");
  const check = (name: string, isWell: boolean, note: string, bad: Tone = "bad"): Check => ({
    name,
    tone: isWell ? "good" : bad,
    state: isWell ? t.health.well : t.health.unwell,
    note,
  });
  return [
    check(say.store, value("store_up") === 1, value("store_up") === 1 ? "" : say.storeDown),
    check(
      say.journal,
      value("journal_failing") === 0 && filled < JOURNAL_NEAR,
      value("journal_failing") === 0 ? say.filled(percent(filled)) : say.journalFails,
      value("journal_failing") === 0 ? "warn" : "bad",
    ),
    check(
      say.rows,
      waits < WAITING_LONG_S,
      waiting > 0 ? say.waiting(count(waiting), duration(waits * 1000)) : say.noneWaits,
      "warn",
    ),
    check(say.draining, value("draining") === 0, value("draining") === 0 ? "" : say.drains, "warn"),
  ];
}

const Checks = (props: { of: Sample[] }) => (
  <Card title={t.health.parts} flush>
    <DataTable
      label={t.health.parts}
      rows={checksOf(props.of)}
      id={(check) => check.name}
      columns={[
        { head: t.health.part, cell: (check) => check.name },
        {
          head: t.keys.state,
          cell: (check) => <State tone={check.tone}>{check.state}</State>,
        },
        { head: t.health.note, cell: (check) => <span className={css.note}>{check.note}</span> },
      ]}
    />
  </Card>
);

const MIB = 1 << 20;

function Machine(props: { of: Sample[] }) {
  const { of } = props;
  const start = total(of, "process_start_time_seconds");
  const version = valuesOf(of, "keywarden_build_info", "version")[0] ?? "";
  return (
    <Card title={t.health.process}>
      <Facts
        rows={[
          [t.health.version, <Mono key="version">{version}</Mono>],
          [t.health.started, start ? ago(new Date(start * 1000).toISOString()) : "–"],
          [
            t.health.memory,
            t.health.mib(
              count(Math.round((total(of, "process_resident_memory_bytes") ?? 0) / MIB)),
            ),
          ],
          [
            t.health.files,
            t.health.ofMost(
              count(total(of, "process_open_fds") ?? 0),
              count(total(of, "process_max_fds") ?? 0),
            ),
          ],
          [t.health.processor, duration((total(of, "process_cpu_seconds_total") ?? 0) * 1000)],
        ]}
      />
    </Card>
  );
}

function Upstreams(props: { of: Sample[] }) {
  const { of } = props;
  const credentials = useAllCredentials();
  const providers = valuesOf(of, "keywarden_upstream_requests_total", "provider").sort();
  const failing = (provider: string) =>
    (credentials.data ?? []).filter(
      (one) => one.provider === provider && (one.problem || one.last_test?.ok === false),
    ).length;
  return (
    <Card title={t.health.upstreams} flush>
      <DataTable
        label={t.health.upstreams}
        rows={providers}
        id={(provider) => provider}
        columns={[
          { head: t.usage.dimensions.provider, cell: (provider) => <strong>{provider}</strong> },
          {
            head: t.health.credentials,
            cell: (provider) =>
              failing(provider) > 0 ? (
                <State tone="bad">{t.health.credentialsFail(failing(provider))}</State>
              ) : (
                <State tone="good">{t.health.well}</State>
              ),
          },
          {
            head: t.health.requests,
            right: true,
            cell: (provider) =>
              count(total(of, "keywarden_upstream_requests_total", { provider }) ?? 0),
          },
          {
            head: t.requests.tokens,
            right: true,
            cell: (provider) =>
              count(
                (total(of, "keywarden_tokens_total", { provider, type: "input" }) ?? 0) +
                  (total(of, "keywarden_tokens_total", { provider, type: "output" }) ?? 0),
              ),
          },
          {
            head: t.usage.metrics.cost,
            right: true,
            cell: (provider) =>
              exactUsd(String(total(of, "keywarden_cost_usd_total", { provider }) ?? 0)),
          },
        ]}
      />
    </Card>
  );
}

function Errors(props: { of: Sample[] }) {
  const rows = props.of
    .filter((one) => one.name === "keywarden_request_errors_total" && one.value > 0)
    .sort((a, b) => b.value - a.value);
  if (rows.length === 0) return null;
  return (
    <Card title={t.health.errorsByCode} flush>
      <DataTable
        label={t.health.errorsByCode}
        rows={rows}
        id={(one) => `${one.labels.code} ${one.labels.fault}`}
        columns={[
          { head: t.health.code, cell: (one) => <Mono>{one.labels.code}</Mono> },
          {
            head: t.health.fault,
            cell: (one) => t.health.faults[one.labels.fault ?? ""] ?? one.labels.fault,
          },
          { head: t.usage.metrics.calls, right: true, cell: (one) => count(one.value) },
        ]}
      />
    </Card>
  );
}

function Vault() {
  const vault = useVault();
  return (
    <Card title={t.health.vault}>
      <Async query={vault} lines={2}>
        {(one) => (
          <Facts
            rows={[
              [
                t.health.sealed,
                <span key="sealed">
                  {count(one.sealed)}{" "}
                  {one.unreadable + one.unusable > 0 ? (
                    <State tone="bad">
                      {t.health.unreadable(count(one.unreadable + one.unusable))}
                    </State>
                  ) : (
                    <State tone="good">{t.health.well}</State>
                  )}
                </span>,
              ],
              [t.health.references, count(one.references)],
              [t.health.masterKey, <Mono key="key">{one.master_key}</Mono>],
              ...(one.rotating
                ? [[t.health.rotating, count(one.current)] as [string, string]]
                : []),
            ]}
          />
        )}
      </Async>
    </Card>
  );
}
