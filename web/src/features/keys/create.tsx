import { Button, Collapse, Modal, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { createKey } from "./api";
import { asNewKey, usualDraft } from "./draft";
import { KeyFields } from "./fields";
import { Secret } from "./secret";

/** A name is enough; what else there is to say is folded away. Then the secret, this once. */
export function CreateKey(props: { onClose: () => void }) {
  const [draft, setDraft] = useState(usualDraft);
  const [open, setOpen] = useState(false);
  const create = useChange(createKey);
  const made = create.data;
  if (made) {
    return (
      <Modal
        opened
        onClose={props.onClose}
        title={t.keys.made(made.name)}
        size="40rem"
        closeOnClickOutside={false}
        closeButtonProps={{ "aria-label": t.ui.close }}
      >
        <Secret id={made.id} secret={made.key ?? ""} onDone={props.onClose} />
      </Modal>
    );
  }
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t.keys.create}
      size="36rem"
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(asNewKey(draft));
        }}
      >
        <TextInput
          label={t.keys.name}
          description={t.keys.nameHelp}
          placeholder={t.keys.namePlaceholder}
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          maxLength={100}
          required
          data-autofocus
        />
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Chevron size={16} />}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {t.keys.moreOptions}
          </Button>
          {!open && <p className={css.note}>{t.keys.defaults}</p>}
        </div>
        <Collapse expanded={open}>
          <KeyFields draft={draft} onChange={setDraft} isNew />
        </Collapse>
        <Failure error={create.error} />
        <div className={css.between}>
          <span />
          <div className={css.row}>
            <Button variant="default" onClick={props.onClose}>
              {t.ui.cancel}
            </Button>
            <Button type="submit" loading={create.isPending} disabled={draft.name.trim() === ""}>
              {t.keys.createAction}
            </Button>
          </div>
        </div>
      </form>
    </Modal>
  );
}
