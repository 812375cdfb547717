import type { ReactNode } from "react";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Mono } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { Facts } from "../../ui/page";
import { LIMITS, LISTS, type Limits, type Policy } from "./draft";

const limitRows = (limits: Limits | null | undefined): [string, string][] =>
  LIMITS.flatMap((name) => {
    const limit = limits?.[name];
    return limit ? [[t.limits[name] ?? name, count(limit)] as [string, string]] : [];
  });

/** What a policy says: each list and limit that is there. */
export function PolicyView(props: { of: Policy }) {
  const lists = LISTS.flatMap((name) => {
    const list = props.of[name];
    if (!list?.allow && !list?.deny?.length) return [];
    return [[t.lists[name] ?? name, <Entries key={name} of={list} />] as [string, ReactNode]];
  });
  const mode = props.of.tool_selection?.mode;
  const selection: [string, string][] = mode
    ? [[t.policy.selection, t.policy.selectionModes[mode]]]
    : [];
  const cachePolicy = props.of.tool_selection?.cache_policy;
  if (cachePolicy) selection.push([t.policy.cachePolicy, t.policy.cachePolicies[cachePolicy]]);
  const rows = [...lists, ...selection, ...limitRows(props.of.limits)];
  if (rows.length === 0) return <span className={css.note}>{t.policy.none}</span>;
  return <Facts rows={rows} />;
}

export function LimitsView(props: { of: Limits | null | undefined }) {
  const rows = limitRows(props.of);
  if (rows.length === 0) return <span className={css.note}>{t.policy.noLimit}</span>;
  return <Facts rows={rows} />;
}

function Entries(props: { of: { allow?: string[] | null; deny?: string[] | null } }) {
  const { allow, deny } = props.of;
  return (
    <span>
      {allow && (
        <span>
          {t.policy.only} <Mono>{allow.length > 0 ? allow.join(", ") : t.keys.noneOfIt}</Mono>
        </span>
      )}
      {allow && deny?.length ? ", " : ""}
      {deny && deny.length > 0 && (
        <span>
          {t.policy.never} <Mono>{deny.join(", ")}</Mono>
        </span>
      )}
    </span>
  );
}

/** One side of a list; `usual`: what holds where the list has no such side. */
export function Side(props: { of: string[] | null | undefined; usual: string }) {
  if (!props.of) return <span className={css.note}>{props.usual}</span>;
  if (props.of.length === 0) return <span className={css.note}>{t.keys.noneOfIt}</span>;
  return <Mono>{props.of.join(", ")}</Mono>;
}
