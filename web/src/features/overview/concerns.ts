import type { Schema } from "../../api/client";
import { usd } from "../../format/numbers";
import { t } from "../../text/en";

export interface Concern {
  tone: "warn" | "bad";
  text: string;
  to: string;
  search?: Record<string, string>;
}

/** The newest of a kind; `has_more`: there are others. */
interface Some {
  data: Pick<Schema["ApiKey"], "name" | "id">[];
  has_more: boolean;
}
export type Noticed = Record<"quarantined" | "overdue" | "expiring" | "unused", Some>;

const BUDGET_NEAR = 75;

/** What somebody should look at; the worst first. One line for many of a kind. */
export function concerns(
  keys: Noticed,
  budgets: Pick<Schema["Budget"], "name" | "state" | "blocks">[],
  credentials: Pick<Schema["ProviderCredential"], "provider" | "state" | "last_test">[],
  balance: Pick<Schema["Balance"], "mode" | "spendable_usd"> | null,
): Concern[] {
  const found: Concern[] = [];
  const say = t.overview.concerns;
  const about = (
    tone: Concern["tone"],
    show: keyof Noticed,
    words: (first: string, more: number, atLeast: boolean) => string,
  ) => {
    const { data, has_more: hasMore } = keys[show];
    const [first] = data;
    if (!first) return;
    const one = data.length === 1 && !hasMore;
    found.push({
      tone,
      text: words(first.name, data.length - 1, hasMore),
      to: one ? `/keys/${first.id}` : "/keys",
      ...(one ? {} : { search: { show } }),
    });
  };
  if (balance?.spendable_usd && Number(balance.spendable_usd) <= 0) {
    found.push({ tone: "bad", text: say.balance(usd(balance.spendable_usd)), to: "/budgets" });
  }
  about("bad", "quarantined", say.quarantined);
  for (const one of credentials) {
    if (["unusable", "not_configured"].includes(one.state) || one.last_test?.ok === false) {
      found.push({ tone: "bad", text: say.credential(one.provider), to: "/providers" });
    }
  }
  for (const budget of budgets) {
    const percent = budget.state?.percent ?? 0;
    if (percent < BUDGET_NEAR) continue;
    const over = percent >= 100;
    found.push({
      tone: over && budget.blocks ? "bad" : "warn",
      text: over ? say.budgetOver(budget.name) : say.budgetNear(budget.name, percent),
      to: "/budgets",
    });
  }
  about("warn", "overdue", say.overdue);
  about("warn", "expiring", say.expiring);
  about("warn", "unused", say.unused);
  return found.sort((a, b) => a.tone.localeCompare(b.tone));
}
