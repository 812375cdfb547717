import type { Schema } from "../../api/client";

export type Policy = Schema["Policy"];
export type Limits = NonNullable<Schema["Limits"]>;

export const LISTS = [
  "models",
  "providers",
  "privacy_classes",
  "endpoints",
  "ip_ranges",
  "key_kinds",
  "tools",
] as const;
export type ListName = (typeof LISTS)[number];

export const LIMITS = [
  "requests_per_minute",
  "requests_per_day",
  "tokens_per_minute",
  "tokens_in_per_minute",
  "tokens_out_per_minute",
  "concurrent_requests",
  "burst",
  "tokens_per_request",
  "body_bytes",
] as const;
export type LimitName = (typeof LIMITS)[number];

export type LimitsDraft = Record<LimitName, number | "">;

/** A list as a form holds it. No entry under `allow` lets all through, unless `nothing` says so. */
export interface ListDraft {
  allow: string[];
  deny: string[];
  nothing: boolean;
}

export const SELECTION_MODES = ["off", "shadow", "auto", "on"] as const;
export type SelectionMode = (typeof SELECTION_MODES)[number];
export const CACHE_POLICIES = ["auto", "select", "mask", "leave"] as const;
export type CachePolicy = (typeof CACHE_POLICIES)[number];

export interface PolicyDraft {
  lists: Record<ListName, ListDraft>;
  /** Empty: it says nothing of its own. */
  selection: SelectionMode | "";
  /** Of the tools that are left out; empty: as above. */
  cachePolicy: CachePolicy | "";
  limits: LimitsDraft;
}

const table = <Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;

export const limitsDraftOf = (limits: Limits | null | undefined): LimitsDraft =>
  table(LIMITS, (name) => limits?.[name] ?? "");

export const policyDraftOf = (policy: Policy): PolicyDraft => ({
  lists: table(LISTS, (name) => ({
    allow: policy[name]?.allow ?? [],
    deny: policy[name]?.deny ?? [],
    nothing: policy[name]?.allow?.length === 0,
  })),
  selection: policy.tool_selection?.mode ?? "",
  cachePolicy: policy.tool_selection?.cache_policy ?? "",
  limits: limitsDraftOf(policy.limits),
});

const orNull = (entries: string[]) => (entries.length > 0 ? entries : null);
const same = (a: string[], b: string[]) => a.join("\n") === b.join("\n");
const sameList = (a: ListDraft, b: ListDraft) =>
  same(a.allow, b.allow) && same(a.deny, b.deny) && a.nothing === b.nothing;

/** Only what was changed: a limit that was cleared is null. */
export function limitChanges(before: LimitsDraft, after: LimitsDraft): Limits {
  const changed = LIMITS.filter((name) => before[name] !== after[name]);
  return Object.fromEntries(changed.map((name) => [name, after[name] === "" ? null : after[name]]));
}

/** Only what was changed, so that nothing is written back that somebody else may have changed. */
export function policyChanges(before: PolicyDraft, after: PolicyDraft): Policy {
  const lists = LISTS.flatMap((name) => {
    const [was, is] = [before.lists[name], after.lists[name]];
    if (sameList(was, is)) return [];
    const allow = is.nothing ? [] : orNull(is.allow);
    const deny = orNull(is.deny);
    return [[name, allow || deny ? { allow, deny } : null] as const];
  });
  const limits = limitChanges(before.limits, after.limits);
  const selection = {
    ...(before.selection === after.selection ? {} : { mode: after.selection || null }),
    ...(before.cachePolicy === after.cachePolicy
      ? {}
      : { cache_policy: after.cachePolicy || null }),
  };
  return {
    ...Object.fromEntries(lists),
    ...(Object.keys(selection).length > 0 ? { tool_selection: selection } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}
