import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
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
  const conflict = save.error instanceof ApiError && save.error.code === "version_mismatch";
  const takeNewest = async () => {
    const newest = await readKey(base.id);
    // What was changed here stays in the form; the rest is as the other person left it.
    const mine = draftOf(base);
    const kept = Object.fromEntries(
      Object.entries(draft).filter(
        ([name, value]) => String(value) !== String(mine[name as keyof typeof mine]),
      ),
    );
    setDraft({ ...draftOf(newest), ...kept });
    setBase(newest);
    save.reset();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t.keys.editTitle(props.of.name)}
      size="36rem"
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined);
        }}
      >
        <TextInput
          label={t.keys.name}
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          maxLength={100}
          required
          data-autofocus
        />
        <KeyFields draft={draft} onChange={setDraft} />
        <Failure error={save.error} />
        <Group justify="flex-end">
          {conflict && (
            <Button variant="default" onClick={() => void takeNewest()}>
              {t.keys.takeNewest}
            </Button>
          )}
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={conflict}>
            {t.ui.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
