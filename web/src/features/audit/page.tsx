import { Button } from "@mantine/core";
import { IconDownload, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useHere } from "../../app/session";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import { At, Mono } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { save } from "../../ui/save";
import { SearchField } from "../../ui/search_field";
import { useView } from "../../ui/view";
import { useApps, useKeys, useMembers } from "../keys/api";
import { exportAll, useAudit, verifyAll, type AuditRow } from "./api";
import { Change } from "./change";

const USUAL = { q: "" };

export function AuditPage() {
  const [view, setView] = useView(USUAL);
  const audit = useAudit();
  const nameOf = useNames();
  const verified = useMutation({ mutationFn: verifyAll });
  const exported = useMutation({
    mutationFn: exportAll,
    onSuccess: (text) => save("audit.ndjson", "application/x-ndjson", text),
  });
  return (
    <Page
      title={t.nav.audit}
      lead={t.audit.lead}
      actions={
        <>
          {isSecureContext && (
            <Button
              variant="default"
              leftSection={<IconShieldCheck size={16} />}
              loading={verified.isPending}
              onClick={() => verified.mutate()}
            >
              {t.audit.verify}
            </Button>
          )}
          <Button
            variant="default"
            leftSection={<IconDownload size={16} />}
            loading={exported.isPending}
            onClick={() => exported.mutate()}
          >
            {t.audit.export}
          </Button>
        </>
      }
    >
      <Failure error={verified.error ?? exported.error} />
      {verified.data &&
        (verified.data.brokenAt === null ? (
          <div role="status" className={css.notice} data-tone="good">
            {t.audit.whole(count(verified.data.rows))} <Mono>{verified.data.chain}</Mono>
          </div>
        ) : (
          <div role="alert" className={css.failure}>
            {t.audit.broken(count(verified.data.brokenAt))}
          </div>
        ))}
      <SearchField label={t.audit.search} value={view.q} onChange={(q) => setView({ q })} />
      <Card flush>
        <Async query={audit}>
          {({ pages }) => {
            const rows = pages
              .flatMap((page) => page.data)
              .filter((row) => found(row, view.q, nameOf));
            const more = audit.hasNextPage && (
              <Button
                variant="default"
                loading={audit.isFetchingNextPage}
                onClick={() => void audit.fetchNextPage()}
              >
                {t.audit.older}
              </Button>
            );
            if (rows.length === 0) return <Empty title={t.ui.nothingFound} action={more} />;
            return <Rows rows={rows} nameOf={nameOf} more={more} />;
          }}
        </Async>
      </Card>
    </Page>
  );
}

function Rows(props: { rows: AuditRow[]; nameOf: (id: string) => string; more: React.ReactNode }) {
  const { nameOf } = props;
  const [open, setOpen] = useState<number | null>(null);
  return (
    <DataTable
      label={t.nav.audit}
      rows={props.rows}
      id={(row) => String(row.seq)}
      columns={[
        { head: t.requests.time, cell: (row) => <At moment={row.ts} /> },
        {
          head: t.audit.action,
          cell: (row) => (
            <span className={css.nowrap}>
              {t.audit.actions[row.action] ?? row.action}
              {row.outcome !== "ok" && <span className={css.bad}> {row.outcome}</span>}
            </span>
          ),
        },
        {
          head: t.audit.target,
          cell: (row) => <Named id={row.target.id} name={nameOf(row.target.id)} />,
        },
        {
          head: t.audit.actor,
          cell: (row) => <Named id={row.actor.id} name={nameOf(row.actor.id)} />,
        },
        { head: t.audit.address, cell: (row) => <span className={css.nowrap}>{row.address}</span> },
        {
          head: t.audit.change,
          cell: (row) => (
            <Change
              of={row}
              open={open === row.seq}
              onToggle={() => setOpen(open === row.seq ? null : row.seq)}
            />
          ),
        },
      ]}
      foot={props.more}
    />
  );
}

/** What has no name any more, or never had one, goes by its id. */
const Named = (props: { id: string; name: string }) =>
  props.name === props.id ? (
    <span className={css.nowrap}>
      <Mono>{props.id}</Mono>
    </span>
  ) : (
    <span className={css.short} title={props.name}>
      {props.name}
    </span>
  );

/** Names of people, keys, apps and the team, as far as they are still there. */
function useNames() {
  const { team } = useHere();
  const members = useMembers();
  const keys = useKeys();
  const apps = useApps();
  const names = new Map([
    ...(team ? [[team.id, team.name] as const] : []),
    ...(members.data ?? []).map((member) => [member.user, member.name] as const),
    ...(keys.data?.rows ?? []).map((key) => [key.id, key.name] as const),
    ...(apps.data ?? []).map((app) => [app.id, app.name] as const),
  ]);
  return (id: string) => names.get(id) ?? id;
}

function found(row: AuditRow, text: string, nameOf: (id: string) => string): boolean {
  const all = [
    t.audit.actions[row.action] ?? "",
    JSON.stringify(row),
    nameOf(row.actor.id),
    nameOf(row.target.id),
  ]
    .join("\n")
    .toLocaleLowerCase();
  return text
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
