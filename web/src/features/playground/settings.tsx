import { Button, NumberInput, Textarea } from "@mantine/core";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import type { Settings } from "./chat";
import { checkFields, checkTools, EXAMPLE } from "./check";
import own from "./playground.module.css";

/** What is typed: JSON stays text until it is right. */
export interface Draft {
  system: string;
  temperature: number | "";
  topP: number | "";
  tokensMax: number | "";
  tools: string;
  fields: string;
}

export const usualDraft: Draft = {
  system: "",
  temperature: "",
  topP: "",
  tokensMax: "",
  tools: "",
  fields: "",
};

const orNull = (value: number | "") => (value === "" ? null : value);

/** null: something in it is wrong, and is said beside it. */
export function settingsOf(draft: Draft): Settings | null {
  const tools = checkTools(draft.tools);
  const fields = checkFields(draft.fields);
  if (tools.problem !== null || fields.problem !== null) return null;
  return {
    system: draft.system,
    temperature: orNull(draft.temperature),
    topP: orNull(draft.topP),
    tokensMax: orNull(draft.tokensMax),
    tools: tools.value,
    fields: fields.value,
  };
}

export function SettingsCard(props: { draft: Draft; onChange: (draft: Draft) => void }) {
  const { draft } = props;
  const set = (change: Partial<Draft>) => props.onChange({ ...draft, ...change });
  const numbers = (
    name: "temperature" | "topP" | "tokensMax",
    label: string,
    most: number,
    step: number,
  ) => (
    <NumberInput
      label={label}
      placeholder={t.playground.usual}
      value={draft[name]}
      onChange={(value) => set({ [name]: typeof value === "number" ? value : "" })}
      min={step === 1 ? 1 : 0}
      max={most}
      step={step}
      allowDecimal={step !== 1}
      hideControls
    />
  );
  const tools = checkTools(draft.tools);
  const fields = checkFields(draft.fields);
  return (
    <Card title={t.playground.settings}>
      <div className={css.stack}>
        <Textarea
          label={t.playground.system}
          placeholder={t.playground.systemPlaceholder}
          rows={4}
          value={draft.system}
          onChange={(event) => set({ system: event.currentTarget.value })}
        />
        {numbers("temperature", t.playground.temperature, 2, 0.1)}
        {numbers("topP", t.playground.topP, 1, 0.05)}
        {numbers("tokensMax", t.playground.tokens, 10_000_000, 1)}
        <Textarea
          label={t.playground.tools}
          description={t.playground.toolsHelp}
          classNames={{ input: own.json ?? "" }}
          rows={6}
          spellCheck={false}
          value={draft.tools}
          error={tools.problem}
          onChange={(event) => set({ tools: event.currentTarget.value })}
        />
        {draft.tools === "" && (
          <div>
            <Button variant="default" size="compact-sm" onClick={() => set({ tools: EXAMPLE })}>
              {t.playground.toolsExample}
            </Button>
          </div>
        )}
        <Textarea
          label={t.playground.fields}
          description={t.playground.fieldsHelp}
          classNames={{ input: own.json ?? "" }}
          rows={3}
          spellCheck={false}
          value={draft.fields}
          error={fields.problem}
          onChange={(event) => set({ fields: event.currentTarget.value })}
        />
      </div>
    </Card>
  );
}
