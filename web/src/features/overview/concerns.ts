import type { Schema } from "../../api/client";
import { usd } from "../../format/numbers";
import { t } from "../../text/en";

export interface Concern {
  tone: "warn" | "bad";
  text: string;
  to: string;
  search?: Record<string, string>;
}

type Key = Pick<
  Schema["ApiKey"],
  "name" | "id" | "status" | "unused" | "expires_soon" | "rotation"
>;

const BUDGET_NEAR = 75;

/** What somebody should look at; the worst first. One line for many of a kind. */
export function concerns(
  keys: Key[],
  budgets: Pick<Schema["Budget"], "name" | "state" | "blocks">[],
  credentials: Pick<Schema["ProviderCredential"], "provider" | "state" | "last_test">[],
  balance: Pick<Schema["Balance"], "mode" | "spendable_usd"> | null,
): Concern[] {
  const found: Concern[] = [];
  const say = t.overview.concerns;
  const about = (
    tone: Concern["tone"],
    some: Key[],
    show: string,
    words: (names: string, more: number) => string,
  ) => {
    const [first] = some;
    if (!first) return;
    const one = some.length === 1;
    found.push({
      tone,
      text: words(first.name, some.length - 1),
      to: one ? `/keys/${first.id}` : "/keys",
      ...(one ? {} : { search: { show } }),
    });
  };
  if (balance?.spendable_usd && Number(balance.spendable_usd) <= 0) {
    found.push({ tone: "bad", text: say.balance(usd(balance.spendable_usd)), to: "/budgets" });
  }
  about(
    "bad",
    keys.filter((key) => key.status === "quarantined"),
    "quarantined",
    say.quarantined,
  );
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
  about(
    "warn",
    keys.filter((key) => key.rotation === "overdue"),
    "overdue",
    say.overdue,
  );
  about(
    "warn",
    keys.filter((key) => key.expires_soon),
    "expiring",
    say.expiring,
  );
  about(
    "warn",
    keys.filter((key) => key.unused),
    "unused",
    say.unused,
  );
  return found.sort((a, b) => a.tone.localeCompare(b.tone));
}
