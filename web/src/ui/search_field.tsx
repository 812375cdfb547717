import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import css from "./layout.module.css";

/** What a list is searched for; it takes the room that the filters beside it leave. */
export function SearchField(props: {
  label: string;
  value: string;
  onChange: (text: string) => void;
}) {
  return (
    <TextInput
      className={css.grow}
      aria-label={props.label}
      placeholder={props.label}
      leftSection={<IconSearch size={16} />}
      value={props.value}
      maxLength={100}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}
