import { NumberInput, TagsInput } from "@mantine/core";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import { useModels } from "../keys/api";
import { LIMITS, LISTS, type LimitName, type LimitsDraft, type PolicyDraft } from "./draft";
import own from "./policy.module.css";

const CHOICES: Partial<Record<(typeof LISTS)[number], string[]>> = {
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
}) {
  const { draft, onChange } = props;
  const models = useModels();
  const choices = { ...CHOICES, models: models.data?.data.map((model) => model.model) ?? [] };
  const names = LISTS.filter((name) => props.withKinds || name !== "key_kinds");
  return (
    <div className={css.stack}>
      {names.map((name) => (
        <fieldset key={name} className={own.list}>
          <legend>{t.lists[name]}</legend>
          {(["allow", "deny"] as const).map((side) => (
            <TagsInput
              key={side}
              label={t.policy[side]}
              placeholder={draft.lists[name][side].length === 0 ? t.policy.usual[side] : undefined}
              data={[...new Set(choices[name])]}
              value={draft.lists[name][side]}
              onChange={(entries) =>
                onChange({
                  ...draft,
                  lists: { ...draft.lists, [name]: { ...draft.lists[name], [side]: entries } },
                })
              }
              acceptValueOnBlur
            />
          ))}
        </fieldset>
      ))}
      <LimitFields
        title={t.keys.limits}
        draft={draft.limits}
        onChange={(limits) => onChange({ ...draft, limits })}
      />
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
