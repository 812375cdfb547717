import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../text/en";
import { Failure } from "./async";
import css from "./layout.module.css";

/** Asks for a name, new or another one. */
export function NameDialog(props: {
  title: string;
  name?: string;
  busy: boolean;
  error: unknown;
  onSave: (name: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(props.name ?? "");
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          props.onSave(name.trim());
        }}
      >
        <TextInput
          label={t.keys.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={100}
          required
          data-autofocus
        />
        <Failure error={props.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button type="submit" loading={props.busy} disabled={name.trim() === ""}>
            {t.ui.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
