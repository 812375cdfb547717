import { Checkbox, TagsInput } from "@mantine/core";
import { t } from "../../text/en";
import type { ListDraft, ListName } from "./draft";
import own from "./policy.module.css";

/** Of tools and models "A" and "a" are two. */
const isTwice = (entry: string, entries: string[]) => entries.includes(entry);

/** The two sides of one list. */
export function ListFields(props: {
  name: ListName;
  draft: ListDraft;
  choices: string[];
  onChange: (draft: ListDraft) => void;
}) {
  const { name, draft, onChange } = props;
  const usual = { ...t.policy.usual, ...(draft.nothing ? { allow: t.policy.nothing } : {}) };
  return (
    <fieldset className={own.list}>
      <legend>{t.lists[name]}</legend>
      {(["allow", "deny"] as const).map((side) => (
        <TagsInput
          key={side}
          label={t.policy[side]}
          placeholder={draft[side].length === 0 ? usual[side] : undefined}
          data={props.choices}
          value={draft[side]}
          onChange={(entries) => onChange({ ...draft, [side]: entries })}
          disabled={side === "allow" && draft.nothing}
          isDuplicate={isTwice}
          acceptValueOnBlur
        />
      ))}
      {(name === "tools" || draft.nothing) && (
        <Checkbox
          className={own.wide}
          label={name === "tools" ? t.policy.noTool : t.policy.nothing}
          checked={draft.nothing}
          onChange={(event) =>
            onChange({ ...draft, allow: [], nothing: event.currentTarget.checked })
          }
        />
      )}
    </fieldset>
  );
}
