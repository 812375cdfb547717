import { count, usd } from "../../format/numbers";
import { duration } from "../../format/times";
import { t } from "../../text/en";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Meter } from "../../ui/meter";
import { Card } from "../../ui/page";
import { Side } from "../policy/view";
import type { Key } from "./api";

const limitName = (name: string) => t.limits[name] ?? name.replaceAll("_", " ");

/** All that binds a key, and who says so. */
export function Holds(props: { of: Key }) {
  const { limits = [], lists = {}, budgets = [] } = props.of;
  const listed = Object.entries(lists).flatMap(([name, entries]) =>
    entries.map((entry) => ({ name, ...entry })),
  );
  return (
    <>
      {limits.length > 0 && (
        <Card title={t.keys.limits} flush>
          <DataTable
            label={t.keys.limits}
            rows={limits}
            id={(limit) => `${limit.name} ${limit.scope}`}
            columns={[
              { head: t.keys.limitOf, cell: (limit) => limitName(limit.name) },
              { head: t.keys.counted, cell: (limit) => t.scopes[limit.scope] },
              {
                head: t.keys.setBy,
                cell: (limit) =>
                  limit.default ? t.keys.byDefault(t.scopes[limit.source]) : t.scopes[limit.source],
              },
              { head: t.keys.limit, right: true, cell: (limit) => count(limit.limit) },
              {
                head: t.keys.left,
                right: true,
                cell: (limit) =>
                  limit.remaining === null || limit.used === null ? (
                    t.keys.perRequest
                  ) : (
                    <span>
                      {count(limit.remaining)}
                      {limit.reset_seconds ? (
                        <span className={css.note}>
                          {" "}
                          {t.keys.resetsIn(duration(limit.reset_seconds * 1000))}
                        </span>
                      ) : null}
                      <Meter part={limit.used / limit.limit} label={limitName(limit.name)} />
                    </span>
                  ),
              },
            ]}
          />
        </Card>
      )}
      {budgets.length > 0 && (
        <Card title={t.keys.budgets} flush>
          <DataTable
            label={t.keys.budgets}
            rows={budgets}
            id={(budget) => budget.id}
            columns={[
              { head: t.keys.name, cell: (budget) => budget.name },
              { head: t.keys.counted, cell: (budget) => t.budgetScopes[budget.scope] },
              {
                head: t.budgets.spent,
                right: true,
                cell: (budget) => usd(budget.state?.spent_usd ?? "0"),
              },
              {
                head: t.budgets.amount,
                right: true,
                cell: (budget) => (
                  <span>
                    {usd(budget.state?.limit_usd ?? budget.amount_usd)}
                    <Meter part={(budget.state?.percent ?? 0) / 100} label={budget.name} />
                  </span>
                ),
              },
            ]}
          />
        </Card>
      )}
      {listed.length > 0 && (
        <Card title={t.keys.lists} flush>
          <DataTable
            label={t.keys.lists}
            rows={listed}
            id={(entry) => `${entry.name} ${entry.source}`}
            columns={[
              { head: t.keys.listOf, cell: (entry) => t.lists[entry.name] ?? entry.name },
              { head: t.keys.setBy, cell: (entry) => t.scopes[entry.source] },
              {
                head: t.keys.allowed,
                cell: (entry) => <Side of={entry.allow} usual={t.keys.all} />,
              },
              {
                head: t.keys.denied,
                cell: (entry) => <Side of={entry.deny} usual={t.keys.noneOfIt} />,
              },
            ]}
          />
        </Card>
      )}
    </>
  );
}
