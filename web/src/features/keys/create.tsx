import { useState } from "react";
import { t } from "../../text/en";
import { Dialog, FormDialog } from "../../ui/dialog";
import { Fold } from "../../ui/fold";
import { NameField } from "../../ui/name_field";
import { useChange } from "../../ui/use_change";
import { createKey } from "./api";
import { asNewKey, usualDraft } from "./draft";
import { KeyFields } from "./fields";
import { Secret } from "./secret";

/** A name is enough; what else there is to say is folded away. Then the secret, this once. */
export function CreateKey(props: { onClose: () => void }) {
  const [draft, setDraft] = useState(usualDraft);
  const create = useChange(createKey);
  const made = create.data;
  if (made) {
    return (
      <Dialog title={t.keys.made(made.name)} size="40rem" keep onClose={props.onClose}>
        <Secret id={made.id} secret={made.key ?? ""} onDone={props.onClose} />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={t.keys.create}
      size="36rem"
      action={t.keys.createAction}
      ready={draft.name.trim() !== ""}
      change={create}
      onSubmit={() => create.mutate(asNewKey(draft))}
      onClose={props.onClose}
    >
      <NameField
        help={t.keys.nameHelp}
        placeholder={t.keys.namePlaceholder}
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
      />
      <Fold label={t.keys.moreOptions} closed={t.keys.defaults}>
        <KeyFields draft={draft} onChange={setDraft} isNew />
      </Fold>
    </FormDialog>
  );
}
