import type { Key } from "./api";

export interface Row {
  key: Key;
  app: string;
  owner: string;
  spent: number;
  /** Where that is not told: at most so much. */
  spentMost?: number | null;
}

const ORDERS: Record<string, (a: Row, b: Row) => number> = {
  name: (a, b) => a.key.name.localeCompare(b.key.name),
  created: (a, b) => a.key.created_at.localeCompare(b.key.created_at),
  used: (a, b) => (a.key.last_used_at ?? "").localeCompare(b.key.last_used_at ?? ""),
  spent: (a, b) => a.spent - b.spent,
  owner: (a, b) => a.owner.localeCompare(b.owner),
};

/** The rows in which each word of `text` is found, in the order of `sort` ("name", "-used"). */
export function select(rows: Row[], text: string, sort: string, app: string): Row[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => {
    if (app && row.key.app !== app) return false;
    const all = searched(row);
    return words.every((word) => all.includes(word));
  });
  const down = sort.startsWith("-");
  const order = ORDERS[down ? sort.slice(1) : sort];
  if (!order) return found;
  return [...found].sort((a, b) => (down ? order(b, a) : order(a, b)));
}

const searched = ({ key, app, owner }: Row) =>
  [key.name, key.description ?? "", key.display ?? "", key.id, app, owner, ...(key.tags ?? [])]
    .join("\n")
    .toLocaleLowerCase();
