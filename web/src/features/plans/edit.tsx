import { NumberInput, Select } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { NameField } from "../../ui/name_field";
import { useChange } from "../../ui/use_change";
import { LimitFields, PolicyFields } from "../policy/fields";
import { changePlan, createPlan, type Plan } from "./api";
import { planChanges, planDraftOf, type PlanDraft } from "./draft";

/** A new plan, or one as it was when the dialog opened. */
export function EditPlan(props: { of?: Plan; onClose: () => void }) {
  const { of } = props;
  const [before] = useState(() => planDraftOf(of));
  const [draft, setDraft] = useState<PlanDraft>(before);
  const set = (change: Partial<PlanDraft>) => setDraft({ ...draft, ...change });
  const changes = planChanges(before, draft);
  const save = useChange(
    async () => {
      if (of) await changePlan(of, changes);
      else await createPlan({ ...changes, name: draft.name.trim() });
    },
    { said: t.ui.saved, then: props.onClose },
  );
  const cap = (name: "keysMax" | "creationsMax", label: string) => (
    <NumberInput
      label={label}
      placeholder={t.plans.configured}
      value={draft[name]}
      onChange={(value) => set({ [name]: typeof value === "number" ? value : "" })}
      min={1}
      max={1_000_000}
      allowDecimal={false}
      hideControls
    />
  );
  return (
    <FormDialog
      title={of ? t.plans.editTitle(of.name) : t.plans.create}
      size="46rem"
      ready={draft.name.trim() !== "" && Object.keys(changes).length > 0}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <NameField value={draft.name} onChange={(name) => set({ name })} />
      <div className={css.fields}>
        {cap("keysMax", t.team.keysMax)}
        {cap("creationsMax", t.team.creationsMax)}
        <Select
          label={t.plans.spikes}
          placeholder={t.plans.configured}
          data={t.plans.spikeChoices}
          value={draft.spikes || null}
          onChange={(action) => set({ spikes: (action ?? "") as PlanDraft["spikes"] })}
          clearable
        />
      </div>
      <LimitFields
        title={t.plans.defaults}
        help={t.plans.defaultsHelp}
        draft={draft.defaults}
        onChange={(defaults) => set({ defaults })}
      />
      <div className={css.note}>{t.plans.policyHelp}</div>
      <PolicyFields draft={draft.policy} onChange={(policy) => set({ policy })} withKinds />
    </FormDialog>
  );
}
