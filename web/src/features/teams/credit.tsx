import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";

type Kind = Schema["NewCredit"]["kind"];

const SIGNED_AMOUNT = /^-?\d+(\.\d{1,9})?$/;

/** A row in a team's ledger. It can be corrected by another, and never taken back. */
export function AddCredit(props: { to: Schema["Account"]; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>("topup");
  const [amount, setAmount] = useState("");
  const [reason, setReason] = useState("");
  // The same row is not added twice, however often the button is pressed.
  const [once] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const add = useChange(
    () =>
      ok(
        api.POST("/v1/admin/credits", {
          params: { header: { "Idempotency-Key": once } },
          body: {
            team: props.to.id,
            kind,
            amount_usd: amount,
            ...(reason.trim() ? { reason: reason.trim() } : {}),
          },
        }),
      ),
    { said: t.teams.credited, then: props.onClose },
  );
  const kinds = Object.entries(t.budgets.kinds).map(([value, label]) => ({ value, label }));
  return (
    <FormDialog
      title={t.teams.creditOf(props.to.name)}
      action={t.teams.credit}
      ready={SIGNED_AMOUNT.test(amount)}
      change={add}
      onSubmit={() => add.mutate(undefined)}
      onClose={props.onClose}
    >
      <div className={css.fields}>
        <TextInput
          label={t.teams.creditAmount}
          leftSection="$"
          inputMode="decimal"
          value={amount}
          error={amount !== "" && !SIGNED_AMOUNT.test(amount) && t.budgets.amountHelp}
          onChange={(event) => setAmount(event.currentTarget.value.trim())}
          required
          data-autofocus
        />
        <Select
          label={t.budgets.kind}
          data={kinds}
          value={kind}
          onChange={(next) => setKind((next ?? "topup") as Kind)}
          allowDeselect={false}
        />
      </div>
      <TextInput
        label={t.teams.creditReason}
        description={t.teams.creditReasonHelp}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={500}
      />
    </FormDialog>
  );
}
