import { Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { NameField } from "../../ui/name_field";
import { useChange } from "../../ui/use_change";
import { useApps, useModels } from "../keys/api";
import { KeySelect } from "../keys/key_select";
import { changeBudget, createBudget, type Budget } from "./api";

type Scope = Exclude<Budget["scope"], "plan">;

const THRESHOLDS = ["50", "75", "100"];
export const AMOUNT = /^\d+(\.\d{1,9})?$/;

/** A new budget, or one that there is: then whose it is and its period stay as they are. */
export function EditBudget(props: { of?: Budget; onClose: () => void }) {
  const { of } = props;
  const [name, setName] = useState(of?.name ?? "");
  const [amount, setAmount] = useState(of?.amount_usd ?? "");
  const [scope, setScope] = useState<Scope>("team");
  const [target, setTarget] = useState("");
  const [period, setPeriod] = useState<Budget["period"]>("month");
  const [blocks, setBlocks] = useState(of?.blocks ?? true);
  const [thresholds, setThresholds] = useState(of?.thresholds.map(String) ?? THRESHOLDS);
  const save = useChange(
    () => {
      const same = { name, amount_usd: amount, blocks, thresholds: thresholds.map(Number) };
      return of
        ? changeBudget(of, same)
        : createBudget({ ...same, scope, period, target: scope === "team" ? null : target });
    },
    { said: t.ui.saved, then: props.onClose },
  );
  const ready = name.trim() && AMOUNT.test(amount) && (of || scope === "team" || target);
  return (
    <FormDialog
      title={of ? t.budgets.editTitle(of.name) : t.budgets.create}
      size="32rem"
      ready={Boolean(ready)}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <NameField value={name} onChange={setName} />
      <div className={css.fields}>
        <TextInput
          label={t.budgets.amount}
          leftSection="$"
          inputMode="decimal"
          value={amount}
          error={amount !== "" && !AMOUNT.test(amount) && t.budgets.amountHelp}
          onChange={(event) => setAmount(event.currentTarget.value.trim())}
          required
        />
        {!of && (
          <Select
            label={t.budgets.period}
            data={Object.entries(t.budgets.periods).map(([value, label]) => ({ value, label }))}
            value={period}
            onChange={(next) => setPeriod((next ?? "month") as Budget["period"])}
            allowDeselect={false}
          />
        )}
        {!of && (
          <Select
            label={t.budgets.scope}
            data={(["team", "app", "key", "model", "tag"] as const).map((value) => ({
              value,
              label: t.budgetScopes[value],
            }))}
            value={scope}
            onChange={(next) => {
              setScope(next ?? "team");
              setTarget("");
            }}
            allowDeselect={false}
          />
        )}
        {!of && scope !== "team" && (
          <Target key={scope} scope={scope} value={target} onChange={setTarget} />
        )}
      </div>
      <TagsInput
        label={t.budgets.thresholds}
        description={t.budgets.thresholdsHelp}
        value={thresholds}
        onChange={(next) =>
          setThresholds(next.filter((one) => Number(one) >= 1 && Number(one) <= 100))
        }
        acceptValueOnBlur
      />
      <Switch
        label={t.budgets.blocksLabel}
        description={t.budgets.blocksHelp}
        checked={blocks}
        onChange={(event) => setBlocks(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}

function Target(props: {
  scope: Exclude<Scope, "team">;
  value: string;
  onChange: (target: string) => void;
}) {
  const apps = useApps();
  const models = useModels();
  if (props.scope === "key") {
    return (
      <KeySelect
        label={t.budgetScopes.key}
        value={props.value}
        onChange={props.onChange}
        required
      />
    );
  }
  if (props.scope === "tag") {
    return (
      <TextInput
        label={t.budgetScopes.tag}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        required
      />
    );
  }
  const data = {
    app: apps.data?.map((app) => ({ value: app.id, label: app.name })),
    model: [...new Set(models.data?.data.map((model) => model.model))].map((name) => ({
      value: name,
      label: name,
    })),
  }[props.scope];
  return (
    <Select
      label={t.budgetScopes[props.scope]}
      data={data ?? []}
      value={props.value || null}
      onChange={(target) => props.onChange(target ?? "")}
      searchable
      required
    />
  );
}
