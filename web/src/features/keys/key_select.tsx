import { Select, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { t } from "../../text/en";
import { useKey, useKeysFound, type Key, type KeyQuestion } from "./api";

const SEARCH_WAIT_MS = 250;

type Passed = "label" | "placeholder" | "required" | "clearable" | "allowDeselect" | "className";

interface Props extends Pick<SelectProps, Passed> {
  value: string;
  onChange: (id: string) => void;
  question?: KeyQuestion;
  /** Which of those that were found there are to choose from. */
  fits?: (key: Key) => boolean;
  /** Where nothing says so beside it. */
  name?: string;
}

/** One of the team's keys, however many there are: the gateway finds those that fit what is typed. */
export function KeySelect(props: Props) {
  const { value, question, fits, onChange, name, ...rest } = props;
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const chosen = useKey(value, value !== "").data;
  const named = chosen?.name ?? value;
  // What stands in the field because it is chosen is nothing that somebody looks for.
  const [search] = useDebouncedValue(typed === named ? "" : typed.trim(), SEARCH_WAIT_MS);
  const found = useKeysFound({ ...question, search }, isOpen);
  const rows = (found.data ?? []).filter((key) => fits?.(key) ?? true);
  const isFound = (id: string) => search === "" || rows.some((key) => key.id === id);
  const isListed = value === "" || rows.some((key) => key.id === value);
  const data = rows.map((key) => ({ value: key.id, label: key.name }));
  // What is chosen has its name also where it is none of those that were found.
  if (!isListed) data.unshift({ value, label: chosen?.name ?? value });
  return (
    <Select
      {...rest}
      aria-label={name}
      data={data}
      value={value || null}
      onChange={(id) => onChange(id ?? "")}
      onDropdownOpen={() => setOpen(true)}
      onSearchChange={setTyped}
      filter={({ options }) => options.filter((one) => "value" in one && isFound(one.value))}
      nothingFoundMessage={found.isPending ? t.ui.loading : t.ui.nothingFound}
      searchable
    />
  );
}
