import { NumberInput, Select } from "@mantine/core";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import { useModels } from "../keys/api";
import {
  LIMITS,
  LISTS,
  CACHE_POLICIES,
  SELECTION_MODES,
  type LimitName,
  type LimitsDraft,
  type ListDraft,
  type ListName,
  type PolicyDraft,
} from "./draft";
import { ListFields } from "./list_fields";
import own from "./policy.module.css";

const CHOICES: Partial<Record<ListName, string[]>> = {
  privacy_classes: ["standard", "zdr", "tee"],
  key_kinds: ["full", "inference", "management"],
  endpoints: ["/v1/chat/*", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/images/*"],
};

/** Lists and limits of a key, a team, a plan or the instance. Each can only narrow. */
export function PolicyFields(props: {
  draft: PolicyDraft;
  onChange: (draft: PolicyDraft) => void;
  /** A key is of one kind: it has no list of them. */
  withKinds?: boolean;
  /** These lists alone, and no limits. */
  only?: readonly ListName[] | undefined;
}) {
  const { draft, onChange } = props;
  const models = useModels();
  const choices = { ...CHOICES, models: models.data?.data.map((model) => model.model) ?? [] };
  const names = props.only ?? LISTS.filter((name) => props.withKinds || name !== "key_kinds");
  const set = (name: ListName, list: ListDraft) =>
    onChange({ ...draft, lists: { ...draft.lists, [name]: list } });
  return (
    <div className={css.stack}>
      {names.map((name) => (
        <ListFields
          key={name}
          name={name}
          draft={draft.lists[name]}
          choices={[...new Set(choices[name])]}
          onChange={(list) => set(name, list)}
        />
      ))}
      {!props.only && (
        <Select
          label={t.policy.selection}
          description={t.policy.selectionHelp}
          placeholder={t.policy.noSelection}
          data={SELECTION_MODES.map((mode) => ({
            value: mode,
            label: t.policy.selectionModes[mode],
          }))}
          value={draft.selection || null}
          onChange={(mode) => onChange({ ...draft, selection: mode ?? "" })}
          clearable
        />
      )}
      {!props.only && (draft.selection || draft.cachePolicy) && (
        <Select
          label={t.policy.cachePolicy}
          description={t.policy.cachePolicyHelp}
          placeholder={t.policy.noSelection}
          data={CACHE_POLICIES.map((policy) => ({
            value: policy,
            label: t.policy.cachePolicies[policy],
          }))}
          value={draft.cachePolicy || null}
          onChange={(policy) => onChange({ ...draft, cachePolicy: policy ?? "" })}
          clearable
        />
      )}
      {!props.only && (
        <LimitFields
          title={t.keys.limits}
          draft={draft.limits}
          onChange={(limits) => onChange({ ...draft, limits })}
        />
      )}
    </div>
  );
}

export function LimitFields(props: {
  title: string;
  help?: string;
  draft: LimitsDraft;
  onChange: (draft: LimitsDraft) => void;
  names?: readonly LimitName[];
}) {
  return (
    <fieldset className={own.limits}>
      <legend>{props.title}</legend>
      {props.help && <p className={css.note}>{props.help}</p>}
      <div className={css.fields}>
        {(props.names ?? LIMITS).map((name) => (
          <NumberInput
            key={name}
            label={t.limits[name]}
            placeholder={t.policy.noLimit}
            value={props.draft[name]}
            onChange={(value) =>
              props.onChange({ ...props.draft, [name]: typeof value === "number" ? value : "" })
            }
            min={1}
            allowDecimal={false}
            allowNegative={false}
            thousandSeparator=" "
            hideControls
          />
        ))}
      </div>
    </fieldset>
  );
}
