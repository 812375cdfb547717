import { Button, Group, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { t } from "../text/en";
import { Failure } from "./async";
import css from "./layout.module.css";

/** What stands over a page until it is done with. `keep`: a click beside it does not close it. */
export function Dialog(props: {
  title: string;
  size?: string;
  keep?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      {...(props.size ? { size: props.size } : {})}
      closeOnClickOutside={!props.keep}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      {props.children}
    </Modal>
  );
}

/** What a dialog waits for, and what became of it. */
export interface Change {
  isPending: boolean;
  error: unknown;
}

/** Whether somebody else changed it since: then saving again would be refused again. */
export const isConflict = (change: Change) =>
  change.error instanceof ApiError && change.error.code === "version_mismatch";

interface FormProps {
  change: Change;
  /** What its button does. */
  action?: string;
  /** Whether there is enough to send. */
  ready?: boolean;
  danger?: boolean;
  /** Further buttons, before those two. */
  also?: ReactNode;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Fields, what went wrong, and two buttons. */
export function DialogForm(props: FormProps) {
  const { change } = props;
  const isReady = (props.ready ?? true) && !isConflict(change);
  return (
    <form
      className={css.stack}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) props.onSubmit();
      }}
    >
      {props.children}
      <Failure error={change.error} />
      <Group justify="flex-end">
        {props.also}
        <Button variant="default" onClick={props.onClose}>
          {t.ui.cancel}
        </Button>
        <Button
          type="submit"
          {...(props.danger ? { color: "red.9" } : {})}
          loading={change.isPending}
          disabled={!isReady}
        >
          {props.action ?? t.ui.save}
        </Button>
      </Group>
    </form>
  );
}

/** A dialog that is one form. */
export function FormDialog(props: FormProps & { title: string; size?: string }) {
  const { title, size, ...form } = props;
  return (
    <Dialog title={title} {...(size ? { size } : {})} onClose={props.onClose}>
      <DialogForm {...form} />
    </Dialog>
  );
}

/** What is shown this once: a click beside it does not take it away. */
export function OnceDialog(props: {
  title: string;
  size?: string;
  notice: string;
  good?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const { title, size } = props;
  return (
    <Dialog title={title} {...(size ? { size } : {})} keep onClose={props.onClose}>
      <div className={css.stack}>
        <div className={css.notice} role="status" data-tone={props.good ? "good" : undefined}>
          {props.notice}
        </div>
        {props.children}
        <Group justify="flex-end">
          <Button onClick={props.onClose}>{t.keys.done}</Button>
        </Group>
      </div>
    </Dialog>
  );
}
