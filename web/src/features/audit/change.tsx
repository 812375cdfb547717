import { UnstyledButton } from "@mantine/core";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Mono } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import type { AuditRow } from "./api";

/** What was before, and what is after; and the row's place in the chain. */
export function Change(props: { of: AuditRow; open: boolean; onToggle: () => void }) {
  const { of, open } = props;
  const fields = Object.entries(of.diff ?? {});
  const names = namesOf(fields.map(([name]) => name));
  return (
    <span className={css.anywhere}>
      <UnstyledButton className={css.textLink} aria-expanded={open} onClick={props.onToggle}>
        {names || t.audit.details}
      </UnstyledButton>
      {open && (
        <span className={css.stack}>
          {fields.map(([name, [before, after]]) => (
            <span key={name} className={css.seen}>
              {name}: <Mono>{shown(before)}</Mono> → <Mono>{shown(after)}</Mono>
            </span>
          ))}
          <span className={css.note}>
            {t.audit.row(of.seq)} · <Mono>{of.chain}</Mono>
            {of.request_id && (
              <>
                {" · "}
                {t.errors.request(of.request_id)}
              </>
            )}
          </span>
        </span>
      )}
    </span>
  );
}

const NAMES_MAX = 2;

function namesOf(names: string[]): string {
  const first = names.slice(0, NAMES_MAX).join(", ");
  const more = names.length - NAMES_MAX;
  return more > 0 ? t.audit.changed(first, count(more)) : first;
}

const shown = (value: unknown) =>
  typeof value === "string" ? value : JSON.stringify(value ?? null);
