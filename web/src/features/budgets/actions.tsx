import { Menu, TextInput } from "@mantine/core";
import { useState } from "react";
import { daysAgo } from "../../format/times";
import { t } from "../../text/en";
import { Confirm } from "../../ui/confirm";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { RowMenu } from "../../ui/row_menu";
import { useChange } from "../../ui/use_change";
import { deleteBudget, endRaise, raiseBudget, type Budget } from "./api";
import { AMOUNT, EditBudget } from "./edit";

export function BudgetActions(props: { of: Budget }) {
  const budget = props.of;
  const [dialog, setDialog] = useState<"edit" | "raise" | "delete" | null>(null);
  const end = useChange(endRaise, { said: t.budgets.raiseEnded });
  const close = () => setDialog(null);
  const remove = useChange(deleteBudget, { said: t.budgets.deleted, then: close });
  if (budget.scope === "plan") return <span className={css.note}>{t.budgets.ofPlan}</span>;
  return (
    <>
      <RowMenu label={t.budgets.actionsOf(budget.name)}>
        <Menu.Item onClick={() => setDialog("edit")}>{t.ui.edit}</Menu.Item>
        {budget.raise ? (
          <Menu.Item onClick={() => end.mutate(budget)}>{t.budgets.endRaise}</Menu.Item>
        ) : (
          <Menu.Item onClick={() => setDialog("raise")}>{t.budgets.raise}</Menu.Item>
        )}
        <Menu.Item color="var(--kw-bad)" onClick={() => setDialog("delete")}>
          {t.ui.delete}
        </Menu.Item>
      </RowMenu>
      {dialog === "edit" && <EditBudget of={budget} onClose={close} />}
      {dialog === "raise" && <Raise of={budget} onClose={close} />}
      {dialog === "delete" && (
        <Confirm
          title={t.budgets.deleteTitle(budget.name)}
          action={t.ui.delete}
          danger
          change={remove}
          onConfirm={() => remove.mutate(budget)}
          onClose={close}
        >
          {budget.blocks ? t.budgets.deleteBlocks : t.budgets.deleteTells}
        </Confirm>
      )}
    </>
  );
}

function Raise(props: { of: Budget; onClose: () => void }) {
  const [amount, setAmount] = useState("");
  const [until, setUntil] = useState(daysAgo(-7));
  const raise = useChange(() => raiseBudget(props.of, { amount_usd: amount, until }), {
    said: t.ui.saved,
    then: props.onClose,
  });
  return (
    <FormDialog
      title={t.budgets.raiseTitle(props.of.name)}
      action={t.budgets.raise}
      ready={AMOUNT.test(amount)}
      change={raise}
      onSubmit={() => raise.mutate(undefined)}
      onClose={props.onClose}
    >
      <div>{t.budgets.raiseText}</div>
      <TextInput
        label={t.budgets.raiseBy}
        leftSection="$"
        inputMode="decimal"
        value={amount}
        onChange={(event) => setAmount(event.currentTarget.value.trim())}
        required
        data-autofocus
      />
      <TextInput
        type="date"
        label={t.usage.until}
        value={until}
        min={daysAgo(0)}
        onChange={(event) => setUntil(event.currentTarget.value)}
        required
      />
    </FormDialog>
  );
}
