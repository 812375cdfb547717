import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useHere, useMay } from "../../app/session";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Card, Empty, Page } from "../../ui/page";
import { SearchField } from "../../ui/search_field";
import { useView } from "../../ui/view";
import { useAccount, useApps, useKeys } from "../keys/api";
import { useInstance, usePlans } from "../plans/api";
import { Side } from "../policy/view";
import { EditTools } from "./edit";
import { ToolHealth } from "./health";
import { listsOf, shown, type ToolList } from "./lists";

const USUAL = { q: "" };

/** Every list of tools that binds this team, as far as one may see it, and where it is set. */
export function ToolsPage() {
  const [view, setView] = useView(USUAL);
  const [editing, setEditing] = useState<ToolList | null>(null);
  const { session } = useHere();
  const isOperator = session.user.is_operator;
  const may = useMay();
  const mayEdit = useMayEdit();
  const instance = useInstance(isOperator);
  const plans = usePlans(isOperator);
  const account = useAccount();
  const apps = useApps();
  const keys = useKeys();
  return (
    <Page
      title={t.nav.tools}
      lead={isOperator ? t.tools.lead : `${t.tools.lead} ${t.tools.leadMore}`}
      actions={
        <LinkButton to="/explain" variant="default">
          {t.tools.explain}
        </LinkButton>
      }
    >
      <div className={css.filters}>
        <SearchField label={t.tools.search} value={view.q} onChange={(q) => setView({ q })} />
      </div>
      <Card title={t.tools.lists} flush>
        <Async query={account}>
          {(team) => (
            <Async query={keys}>
              {(found) => {
                const all = listsOf({
                  instance: instance.data,
                  plan: plans.data?.find((plan) => plan.id === team.plan.id),
                  team,
                  apps: apps.data ?? [],
                  keys: found.rows,
                });
                const { rows, quiet } = shown(all, view.q);
                if (rows.length === 0) return <Empty title={t.ui.nothingFound} />;
                return (
                  <DataTable
                    label={t.tools.lists}
                    rows={rows}
                    id={(one) => one.id}
                    columns={[
                      { head: t.tools.whose, cell: (one) => <Whose of={one} /> },
                      {
                        head: t.keys.allowed,
                        cell: (one) => <Side of={one.list.allow} usual={t.keys.all} />,
                      },
                      {
                        head: t.keys.denied,
                        cell: (one) => <Side of={one.list.deny} usual={t.keys.noneOfIt} />,
                      },
                      {
                        head: t.ui.actions,
                        bare: true,
                        right: true,
                        cell: (one) =>
                          mayEdit(one) && (
                            <Button
                              variant="default"
                              size="compact-sm"
                              aria-label={t.tools.editTitle(nameOf(one))}
                              onClick={() => setEditing(one)}
                            >
                              {t.ui.edit}
                            </Button>
                          ),
                      },
                    ]}
                    foot={quiet > 0 && <span className={css.note}>{unseen(quiet)}</span>}
                  />
                );
              }}
            </Async>
          )}
        </Async>
      </Card>
      {may("usage.read") && <ToolHealth like={view.q} />}
      {editing && (
        <EditTools
          of={editing}
          title={t.tools.editTitle(nameOf(editing))}
          onClose={() => setEditing(null)}
        />
      )}
    </Page>
  );
}

const unseen = (quiet: number) =>
  quiet === 1 ? t.tools.withoutOne : t.tools.without(count(quiet));

const nameOf = (one: ToolList) =>
  one.scope === "instance" ? t.tools.instance : `${t.tools.scopes[one.scope]} ${one.name}`;

function Whose(props: { of: ToolList }) {
  const one = props.of;
  return (
    <span>
      {one.of ? (
        <Link to="/keys/$id" params={{ id: one.id }}>
          {one.name}
        </Link>
      ) : (
        one.name || t.tools.instance
      )}
      <br />
      <span className={css.note}>{t.tools.scopes[one.scope]}</span>
    </span>
  );
}

/** As where the other lists of each are edited. */
function useMayEdit() {
  const may = useMay();
  return ({ scope, of }: ToolList) => {
    if (scope === "key") return may("keys.write", of?.user ?? of?.created_by);
    if (scope === "app") return may("apps.write");
    return may(scope === "team" ? "policy.write" : "operator");
  };
}
