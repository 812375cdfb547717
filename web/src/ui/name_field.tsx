import { TextInput } from "@mantine/core";
import { t } from "../text/en";

/** What something is called, as long as the API takes it; the keyboard is there at first. */
export const NameField = (props: {
  value: string;
  onChange: (name: string) => void;
  help?: string;
  placeholder?: string;
}) => (
  <TextInput
    label={t.keys.name}
    description={props.help}
    placeholder={props.placeholder}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
    maxLength={100}
    required
    data-autofocus
  />
);
