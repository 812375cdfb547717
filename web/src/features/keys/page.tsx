import { Button, Select } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ok } from "../../api/client";
import { useMay } from "../../app/session";
import { count, shortUsd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono } from "../../ui/bits";
import { DataTable, ROWS_STEP, type Column } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { SearchField } from "../../ui/search_field";
import { useView } from "../../ui/view";
import { KEYS_MAX, useApps, useKeys, useMembers, type KeyQuestion, type KeyState } from "./api";
import { CreateKey } from "./create";
import { KeyStateBadge, Notices } from "./parts";
import { select, type Row } from "./select";

const SEARCH_WAIT_MS = 250;
const USUAL = { q: "", show: "", app: "", sort: "-created", rows: "", create: "" };

/** The choices of "show", and what each asks of the API. */
const SHOWN: Record<string, KeyQuestion> = {
  unused: { unused: true },
  expiring: { expires_soon: true },
  due: { rotation: "due" },
  overdue: { rotation: "overdue" },
};

const question = (show: string): KeyQuestion =>
  SHOWN[show] ?? (show ? { status: show as KeyState } : {});

const SPENDERS_MAX = 1000;

/** What each key cost since the month began. `others`: each of those that are not told cost so much at most. */
const useSpent = () =>
  useQuery({
    queryKey: ["usage", "by-key", "month"],
    queryFn: async () => {
      const query = { limit: SPENDERS_MAX };
      const list = await ok(api.GET("/v1/account/usage/by-key", { params: { query } }));
      const rows = list.data ?? [];
      return {
        of: new Map(rows.map((row) => [row.key?.id ?? "", Number(row.cost_usd)])),
        others: list.has_more ? Number(rows.at(-1)?.cost_usd ?? 0) : 0,
      };
    },
  });

export function KeysPage() {
  const [view, setView] = useView(USUAL);
  const may = useMay();
  const newest = useKeys(question(view.show));
  // Where not all of them are here, the gateway is asked for those that fit.
  const [search] = useDebouncedValue(view.q.trim(), SEARCH_WAIT_MS);
  const isBeyond = newest.data?.more === true && view.q.trim() !== "" && search !== "";
  const found = useKeys({ ...question(view.show), search }, isBeyond);
  const keys = isBeyond ? found : newest;
  const apps = useApps();
  const members = useMembers();
  const spent = useSpent();

  const appName = new Map(apps.data?.map((app) => [app.id, app.name]));
  const memberName = new Map(members.data?.map((one) => [one.user, one.name]));
  const drawn = Number(view.rows) || ROWS_STEP;
  const isPlain = !view.q && !view.show && !view.app;
  const create = may("keys.write") && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setView({ create: "1" })}>
      {t.keys.create}
    </Button>
  );
  return (
    <Page title={t.nav.keys} lead={t.keys.lead} actions={create}>
      <div className={css.filters}>
        <SearchField label={t.keys.search} value={view.q} onChange={(q) => setView({ q })} />
        <Select
          aria-label={t.keys.show}
          placeholder={t.keys.showAll}
          data={t.keys.showChoices}
          value={view.show || null}
          onChange={(show) => setView({ show: show ?? "" })}
          clearable
        />
        {(apps.data?.length ?? 0) > 0 && (
          <Select
            aria-label={t.keys.app}
            placeholder={t.keys.anyApp}
            data={apps.data?.map((app) => ({ value: app.id, label: app.name }))}
            value={view.app || null}
            onChange={(app) => setView({ app: app ?? "" })}
            clearable
          />
        )}
      </div>
      <Card flush>
        <Async query={keys}>
          {({ rows, more }) => {
            const all = rows.map((key) => ({
              key,
              app: appName.get(key.app ?? "") ?? "",
              owner: memberName.get(key.user ?? "") ?? "",
              spent: spent.data?.of.get(key.id) ?? 0,
              spentMost: spent.data?.of.has(key.id) ? null : (spent.data?.others ?? 0),
            }));
            const shown = select(all, view.q, view.sort, view.app);
            if (shown.length === 0) {
              return isPlain ? (
                <Empty title={t.keys.none} text={t.keys.noneHelp} action={create} />
              ) : (
                <Empty
                  title={t.ui.nothingFound}
                  action={
                    <Button variant="default" onClick={() => setView({ q: "", show: "", app: "" })}>
                      {t.ui.showAll}
                    </Button>
                  }
                />
              );
            }
            return (
              <DataTable
                label={t.nav.keys}
                rows={shown.slice(0, drawn)}
                id={(row) => row.key.id}
                columns={columns(appName.size > 0)}
                sort={view.sort}
                onSort={(sort) => setView({ sort })}
                foot={
                  shown.length > drawn ? (
                    <Button
                      variant="default"
                      onClick={() => setView({ rows: String(drawn + ROWS_STEP) })}
                    >
                      {t.ui.loadMore}
                    </Button>
                  ) : (
                    more &&
                    rows.length >= KEYS_MAX && (
                      <span className={css.note}>{t.keys.onlyNewest(count(KEYS_MAX))}</span>
                    )
                  )
                }
              />
            );
          }}
        </Async>
      </Card>
      {view.create && may("keys.write") && <CreateKey onClose={() => setView({ create: "" })} />}
    </Page>
  );
}

const Owner = (props: { of: Row }) =>
  props.of.key.user ? (
    <span className={css.short} title={props.of.owner}>
      {props.of.owner}
    </span>
  ) : (
    <span className={css.nowrap}>{t.keys.ofTheTeam}</span>
  );

const columns = (withApps: boolean): (Column<Row> | null)[] => [
  {
    head: t.keys.name,
    sort: "name",
    cell: ({ key }) => (
      <span>
        <Link to="/keys/$id" params={{ id: key.id }}>
          {key.name}
        </Link>
        <br />
        <span className={css.note}>
          <span className={css.nowrap}>
            <Mono>{key.display}</Mono>
          </span>{" "}
          <Notices of={key} />
        </span>
      </span>
    ),
  },
  { head: t.keys.state, cell: ({ key }) => <KeyStateBadge state={key.status} /> },
  { head: t.keys.owner, sort: "owner", cell: (row) => <Owner of={row} /> },
  withApps ? { head: t.keys.app, cell: (row) => row.app } : null,
  {
    head: t.keys.lastUse,
    sort: "used",
    cell: ({ key }) => <Moment at={key.last_used_at} />,
  },
  {
    head: t.keys.created,
    sort: "created",
    cell: ({ key }) => <Moment at={key.created_at} />,
  },
  {
    head: t.keys.limit,
    right: true,
    cell: ({ key }) => (key.rate_limit_rpm ? t.keys.perMinute(count(key.rate_limit_rpm)) : ""),
  },
  { head: t.keys.spent, sort: "spent", right: true, cell: spentOf },
];

const spentOf = ({ spent, spentMost }: Row) =>
  spentMost ? t.keys.atMost(shortUsd(spentMost)) : shortUsd(spent);
