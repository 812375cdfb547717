import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../app/session";
import { usd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Meter } from "../../ui/meter";
import { Card, Empty, Page, Tile } from "../../ui/page";
import { useBalance, useBudgets, type Budget } from "./api";
import { BudgetActions } from "./actions";
import { EditBudget } from "./edit";
import { LedgerCard } from "./ledger";

export function BudgetsPage() {
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const budgets = useBudgets();
  const writes = may("policy.write");
  const create = writes && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {t.budgets.create}
    </Button>
  );
  return (
    <Page title={t.nav.budgets} lead={t.budgets.lead} actions={create}>
      {may("billing.read") && <BalanceTiles />}
      <Card title={t.budgets.title} flush>
        <Async query={budgets}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={t.budgets.none} text={t.budgets.noneHelp} action={create} />
            ) : (
              <DataTable
                label={t.budgets.title}
                rows={rows}
                id={(budget) => budget.id}
                columns={[
                  { head: t.budgets.name, cell: (budget) => <Name of={budget} /> },
                  { head: t.budgets.used, cell: (budget) => <Used of={budget} /> },
                  {
                    head: t.budgets.left,
                    right: true,
                    cell: ({ state }) => (state ? usd(state.remaining_usd) : ""),
                  },
                  {
                    head: t.budgets.resets,
                    cell: ({ state }) => (
                      <Moment at={state?.resets_at} never={t.budgets.neverResets} />
                    ),
                  },
                  {
                    head: t.budgets.then,
                    cell: (budget) => (budget.blocks ? t.budgets.blocks : t.budgets.tells),
                  },
                  writes
                    ? {
                        head: t.ui.actions,
                        bare: true,
                        right: true,
                        cell: (budget) => <BudgetActions of={budget} />,
                      }
                    : null,
                ]}
              />
            )
          }
        </Async>
      </Card>
      {may("billing.read") && <LedgerCard />}
      {creating && <EditBudget onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Name(props: { of: Budget }) {
  const { scope, target, target_name: name, period } = props.of;
  const whose = scope === "team" ? "" : ` ${name ?? target ?? ""}`;
  return (
    <span>
      <strong>{props.of.name}</strong>
      <br />
      <span className={css.note}>
        {t.budgetScopes[scope]}
        {whose} · {t.budgets.periods[period]}
      </span>
    </span>
  );
}

export function Used(props: { of: Budget }) {
  const { state, raise } = props.of;
  if (!state) return null;
  return (
    <span className={css.grow}>
      {t.budgets.usedOf(usd(state.spent_usd), usd(state.limit_usd))}
      {raise && <span className={css.note}> {t.budgets.raised}</span>}
      <Meter part={Number(state.spent_usd) / Number(state.limit_usd)} label={props.of.name} />
    </span>
  );
}

function BalanceTiles() {
  return (
    <Async query={useBalance()} lines={2}>
      {(balance) => (
        <div className={css.tiles}>
          <Tile
            name={t.budgets.balance}
            value={usd(balance.balance_usd)}
            note={t.budgets.modes[balance.mode]}
          />
          <Tile name={t.budgets.held} value={usd(balance.held_usd)} note={t.budgets.heldHelp} />
          <Tile
            name={t.budgets.spendable}
            value={
              balance.spendable_usd === null ? t.budgets.unbounded : usd(balance.spendable_usd)
            }
          />
          {balance.mode === "postpaid" && (
            <Tile name={t.budgets.creditLimit} value={usd(balance.credit_limit_usd)} />
          )}
        </div>
      )}
    </Async>
  );
}
