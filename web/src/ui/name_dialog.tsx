import { useState } from "react";
import { FormDialog, type Change } from "./dialog";
import { NameField } from "./name_field";

/** Asks for a name, new or another one. */
export function NameDialog(props: {
  title: string;
  name?: string;
  change: Change;
  onSave: (name: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(props.name ?? "");
  const { title, change, onClose } = props;
  return (
    <FormDialog
      title={title}
      change={change}
      ready={name.trim() !== "" && name.trim() !== props.name}
      onSubmit={() => props.onSave(name.trim())}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
    </FormDialog>
  );
}
