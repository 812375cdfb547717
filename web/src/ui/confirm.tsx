import { TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { t } from "../text/en";
import { FormDialog, type Change } from "./dialog";

/** Asks before something stops working, and says what. `typed`: the name that has to be typed. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  action: string;
  typed?: string;
  danger?: boolean;
  change: Change;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const { title, action, danger, change, onClose } = props;
  return (
    <FormDialog
      title={title}
      action={action}
      danger={danger ?? false}
      change={change}
      ready={props.typed === undefined || text.trim() === props.typed.trim()}
      onSubmit={props.onConfirm}
      onClose={onClose}
    >
      <div>{props.children}</div>
      {props.typed !== undefined && <TypeName name={props.typed} value={text} onChange={setText} />}
    </FormDialog>
  );
}

/** What cannot be undone waits until the name is typed. */
export const TypeName = (props: {
  name: string;
  value: string;
  onChange: (text: string) => void;
}) => (
  <TextInput
    label={t.ui.typeName(props.name)}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
    autoComplete="off"
    spellCheck={false}
    data-autofocus
  />
);
