import {
  NumberInput,
  SegmentedControl,
  Select,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { daysAgo } from "../../format/times";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import { useApps, useModels } from "./api";
import type { Draft } from "./draft";

/** All that a key can be told. What is left empty follows its app, team and plan. */
export function KeyFields(props: {
  draft: Draft;
  onChange: (draft: Draft) => void;
  isNew?: boolean;
}) {
  const { draft } = props;
  const set = (change: Partial<Draft>) => props.onChange({ ...draft, ...change });
  const apps = useApps();
  const models = useModels();
  return (
    <div className={css.stack}>
      <Textarea
        label={t.keys.description}
        value={draft.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
        maxLength={500}
        autosize
        minRows={1}
        maxRows={4}
      />
      <div className={css.fields}>
        {props.isNew && (
          <Select
            label={t.keys.kind}
            placeholder={t.keys.kindUsual}
            data={t.keys.kindChoices}
            value={draft.kind || null}
            onChange={(kind) => set({ kind: (kind ?? "") as Draft["kind"] })}
            clearable
          />
        )}
        <Select
          label={t.keys.app}
          placeholder={t.keys.noApp}
          data={apps.data?.map((app) => ({ value: app.id, label: app.name })) ?? []}
          value={draft.app || null}
          onChange={(app) => set({ app: app ?? "" })}
          nothingFoundMessage={t.keys.noApps}
          searchable
          clearable
        />
        <TextInput
          type="date"
          label={t.keys.expires}
          description={t.keys.expiresHelp}
          value={draft.expires}
          min={props.isNew ? daysAgo(0) : undefined}
          onChange={(event) => set({ expires: event.currentTarget.value })}
        />
        <NumberInput
          label={t.keys.rpm}
          description={t.keys.rpmHelp}
          value={draft.rpm}
          onChange={(rpm) => set({ rpm: typeof rpm === "number" ? rpm : "" })}
          min={1}
          allowDecimal={false}
          allowNegative={false}
          hideControls
        />
        <Select
          label={t.keys.rotateEvery}
          description={t.keys.rotateHelp}
          placeholder={t.ui.never}
          data={rotateChoices(draft.rotateEvery)}
          value={draft.rotateEvery || null}
          onChange={(every) => set({ rotateEvery: every ?? "" })}
          clearable
        />
      </div>
      <TagsInput
        label={t.keys.models}
        description={t.keys.modelsHelp}
        placeholder={draft.models.length === 0 ? t.keys.modelsUsual : undefined}
        data={models.data?.data.map((model) => model.model) ?? []}
        value={draft.models}
        onChange={(entries) => set({ models: entries })}
        acceptValueOnBlur
      />
      <TagsInput
        label={t.keys.addresses}
        description={t.keys.addressesHelp}
        placeholder={draft.addresses.length === 0 ? t.keys.addressesUsual : undefined}
        value={draft.addresses}
        onChange={(entries) => set({ addresses: entries })}
        acceptValueOnBlur
      />
      {props.isNew && (
        <SegmentedControl
          aria-label={t.keys.environment}
          data={t.keys.environmentChoices}
          value={draft.environment}
          onChange={(environment) => set({ environment: environment === "test" ? "test" : "live" })}
        />
      )}
    </div>
  );
}

const rotateChoices = (current: string) => [
  ...t.keys.rotateChoices,
  ...(current && !t.keys.rotateChoices.some((one) => one.value === current)
    ? [{ value: current, label: current }]
    : []),
];
