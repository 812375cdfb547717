import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconKey, IconSearch, IconUsers, type Icon } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState, type KeyboardEvent } from "react";
import { useKeysFound } from "../features/keys/api";
import { t } from "../text/en";
import { PAGES } from "./pages";
import css from "./palette.module.css";
import { useHere, useMay } from "./session";
import { SCHEMES, useScheme } from "./user_menu";

interface Choice {
  id: string;
  label: string;
  hint: string;
  icon: Icon;
  run: () => void;
}

const SHOWN_MAX = 9;
const SEARCH_WAIT_MS = 150;

/** Everything there is to go to or to do, by a few letters of its name. */
export function Palette(props: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const shown = useChoices(text.trim())
    .filter((one) => matches(one.label, text))
    .slice(0, SHOWN_MAX);
  const current = shown[Math.min(at, shown.length - 1)];

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    props.onClose();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((before) => (Math.min(before, shown.length - 1) + step + shown.length) % shown.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(current);
    }
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      withCloseButton={false}
      centered={false}
      transitionProps={{ duration: 0 }}
      padding={0}
      size="34rem"
      title={t.shell.search}
      classNames={{ header: "kw-hidden" }}
    >
      <TextInput
        size="md"
        variant="unstyled"
        className={css.input}
        leftSection={<IconSearch size={18} />}
        placeholder={t.palette.placeholder}
        aria-label={t.palette.placeholder}
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={current && `palette-${current.id}`}
        value={text}
        data-autofocus
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div role="listbox" id="palette-list" aria-label={t.shell.search} className={css.list}>
        {shown.map((choice) => (
          <div
            key={choice.id}
            id={`palette-${choice.id}`}
            role="option"
            aria-selected={choice === current}
            className={css.choice}
            onClick={() => run(choice)}
          >
            <choice.icon size={18} stroke={1.7} aria-hidden />
            <span>{choice.label}</span>
            <small>{choice.hint}</small>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className={css.none}>{t.palette.none}</p>}
    </Modal>
  );
}

function useChoices(text: string): Choice[] {
  const navigate = useNavigate();
  const may = useMay();
  const { session, team, setTeam } = useHere();
  const { setColorScheme } = useScheme();
  // The gateway finds one word, and the list here those that have all of them.
  const [longest = ""] = text.split(/\s+/).sort((a, b) => b.length - a.length);
  const [search] = useDebouncedValue(longest, SEARCH_WAIT_MS);
  const keys = useKeysFound({ search }, search !== "" && may("keys.read"));

  const pages = PAGES.flatMap((page) =>
    page.label && page.icon && may(page.permission)
      ? [
          choice(
            page.path,
            page.label,
            t.palette.page,
            page.icon,
            () => void navigate({ to: page.path }),
          ),
        ]
      : [],
  );
  const create = choice(
    "create",
    t.keys.create,
    t.palette.action,
    IconKey,
    () => void navigate({ to: "/keys", search: { create: "1" } }),
  );
  const teams = session.teams
    .filter((one) => one.id !== team?.id)
    .map((one) => choice(one.id, one.name, t.palette.team, IconUsers, () => setTeam(one)));
  const schemes = SCHEMES.map((one) =>
    choice(one.value, one.label, t.shell.appearance, one.icon, () => setColorScheme(one.value)),
  );
  const found = (keys.data ?? []).map((key) =>
    choice(
      key.id,
      key.name,
      t.palette.key,
      IconKey,
      () => void navigate({ to: `/keys/${key.id}` }),
    ),
  );
  return [...pages, ...(may("keys.write") ? [create] : []), ...teams, ...schemes, ...found];
}

const choice = (id: string, label: string, hint: string, icon: Icon, run: () => void): Choice => ({
  id: id.replace(/\W/g, "-"),
  label,
  hint,
  icon,
  run,
});

/** Each word of what is typed begins, or is in, the name. */
export const matches = (name: string, typed: string) =>
  typed
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => name.toLocaleLowerCase().includes(word));
