import { TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import { Fold } from "../../ui/fold";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { setPrice, type Price } from "./api";
import {
  AMOUNTS,
  asPrice,
  COUNTS,
  draftOf,
  isReady,
  isWrong,
  USUAL,
  type Amount,
  type Count,
} from "./draft";

const FURTHER = AMOUNTS.filter((name) => !USUAL.includes(name));

/** The price of a model, over the book's: for calls that are let in from now on. */
export function EditPrice(props: { of?: Price; onClose: () => void }) {
  const { of } = props;
  const [model, setModel] = useState(of?.model ?? "");
  const [draft, setDraft] = useState(() => draftOf(of));
  const save = useChange(() => setPrice(model.trim(), asPrice(draft)), {
    said: t.ui.saved,
    then: props.onClose,
  });
  const field = (name: Amount | Count, isCount = false) => (
    <TextInput
      key={name}
      label={t.prices.fields[name]}
      leftSection={isCount ? undefined : "$"}
      inputMode={isCount ? "numeric" : "decimal"}
      value={draft[name]}
      error={isWrong(name, draft[name]) && t.prices.wrong}
      onChange={(event) => setDraft({ ...draft, [name]: event.currentTarget.value.trim() })}
      required={name === "input" || name === "output"}
    />
  );
  return (
    <FormDialog
      title={of ? t.prices.editTitle(of.model) : t.prices.create}
      size="40rem"
      ready={model.trim() !== "" && isReady(draft)}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <div className={css.note}>{t.prices.help}</div>
      {!of && (
        <TextInput
          label={t.prices.model}
          description={t.prices.modelHelp}
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
          maxLength={256}
          required
          data-autofocus
        />
      )}
      <div className={css.fields}>{USUAL.map((name) => field(name))}</div>
      <Fold label={t.prices.further}>
        <div className={css.fields}>
          {FURTHER.map((name) => field(name))}
          {COUNTS.map((name) => field(name, true))}
        </div>
      </Fold>
    </FormDialog>
  );
}
