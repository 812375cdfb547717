import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { t } from "../text/en";
import { Failure } from "./async";
import css from "./layout.module.css";

/** Asks before something stops working, and says what. `typed`: the name that has to be typed. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  action: string;
  typed?: string;
  danger?: boolean;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const ready = props.typed === undefined || text.trim() === props.typed;
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
          if (ready) props.onConfirm();
        }}
      >
        <div>{props.children}</div>
        {props.typed !== undefined && (
          <TextInput
            label={t.ui.typeName(props.typed)}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <Failure error={props.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button
            type="submit"
            color={props.danger ? "red.9" : undefined}
            loading={props.busy}
            disabled={!ready}
          >
            {props.action}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
