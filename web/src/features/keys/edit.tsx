import { Button } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { FormDialog, isConflict } from "../../ui/dialog";
import { NameField } from "../../ui/name_field";
import { useChange } from "../../ui/use_change";
import { changeKey, readKey, type Key } from "./api";
import { changes, draftOf } from "./draft";
import { KeyFields } from "./fields";

/** Changes a key as it was when the dialog opened: who comes second is told, and loses nothing. */
export function EditKey(props: { of: Key; onClose: () => void }) {
  const [base, setBase] = useState(props.of);
  const [draft, setDraft] = useState(() => draftOf(props.of));
  const save = useChange(() => changeKey(base.id, base.version, changes(draftOf(base), draft)), {
    said: t.ui.saved,
    then: props.onClose,
  });
  const takeNewest = async () => {
    const newest = await readKey(base.id);
    // What was changed here stays in the form; the rest is as the other person left it.
    const mine = draftOf(base);
    const kept = Object.fromEntries(
      Object.entries(draft).filter(
        ([name, value]) =>
          JSON.stringify(value) !== JSON.stringify(mine[name as keyof typeof mine]),
      ),
    );
    setDraft({ ...draftOf(newest), ...kept });
    setBase(newest);
    save.reset();
  };
  return (
    <FormDialog
      title={t.keys.editTitle(props.of.name)}
      size="36rem"
      change={save}
      also={
        isConflict(save) && (
          <Button variant="default" onClick={() => void takeNewest()}>
            {t.keys.takeNewest}
          </Button>
        )
      }
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <NameField value={draft.name} onChange={(name) => setDraft({ ...draft, name })} />
      <KeyFields draft={draft} onChange={setDraft} />
    </FormDialog>
  );
}
