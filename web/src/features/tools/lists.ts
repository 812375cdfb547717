import type { Schema } from "../../api/client";
import type { Policy } from "../policy/draft";
import type { Key } from "../keys/api";

export type Scope = "instance" | "plan" | "team" | "app" | "key";

export interface ToolList {
  scope: Scope;
  id: string;
  name: string;
  version: number;
  list: NonNullable<Policy["tools"]>;
  of: Key | null;
}

interface Ruled {
  id: string;
  name: string;
  policy: Policy;
  version: number;
}

interface Everything {
  /** Operators alone see these two. */
  instance: Pick<Schema["Settings"], "policy" | "version"> | undefined;
  plan: Ruled | undefined;
  team: Ruled;
  apps: Ruled[];
  keys: Key[];
}

/** Every place where a list of tools stands or can, from the widest to the narrowest. */
export function listsOf(all: Everything): ToolList[] {
  const row = (scope: Scope, ruled: Ruled, of: Key | null = null): ToolList => ({
    scope,
    id: ruled.id,
    name: ruled.name,
    version: ruled.version,
    list: ruled.policy.tools ?? {},
    of,
  });
  return [
    ...(all.instance ? [row("instance", { id: "instance", name: "", ...all.instance })] : []),
    ...(all.plan ? [row("plan", all.plan)] : []),
    row("team", all.team),
    ...all.apps.map((app) => row("app", app)),
    ...all.keys.filter((key) => key.status !== "revoked").map((key) => row("key", key, key)),
  ];
}

const says = ({ list }: ToolList) => Boolean(list.allow) || (list.deny?.length ?? 0) > 0;

/** What fits the search. Where nothing is searched for, keys that say nothing are counted only. */
export function shown(lists: ToolList[], text: string): { rows: ToolList[]; quiet: number } {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    const rows = lists.filter((one) => one.scope !== "key" || says(one));
    return { rows, quiet: lists.length - rows.length };
  }
  const rows = lists.filter((one) => {
    const all = [one.name, one.id, ...(one.list.allow ?? []), ...(one.list.deny ?? [])];
    const searched = all.join("\n").toLocaleLowerCase();
    return words.every((word) => searched.includes(word));
  });
  return { rows, quiet: 0 };
}
