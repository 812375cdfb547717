import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useBalance, useBudgets } from "../budgets/api";
import { useNoticedKeys } from "../keys/api";
import { useCredentials } from "../providers/api";
import { concerns } from "./concerns";

/** What somebody should look at, each with the way to it. */
export function Attention() {
  const may = useMay();
  const keys = useNoticedKeys(may("keys.read"));
  const budgets = useBudgets(may("usage.read"));
  const credentials = useCredentials(may("account.read"));
  const balance = useBalance(may("billing.read"));
  return (
    <Card title={t.overview.attention}>
      <Async query={keys}>
        {(noticed) => {
          const found = concerns(
            noticed,
            budgets.data ?? [],
            credentials.data ?? [],
            balance.data ?? null,
          );
          if (found.length === 0) {
            return (
              <span className={css.row}>
                <IconCircleCheck size={20} className={css.good} aria-hidden />
                {t.overview.allWell}
              </span>
            );
          }
          return (
            <ul className={css.plain}>
              {found.map((one) => (
                <li key={one.text} className={css.concern}>
                  <IconAlertTriangle
                    size={18}
                    className={one.tone === "bad" ? css.bad : css.warn}
                    aria-hidden
                  />
                  <Link to={one.to} search={one.search ?? {}}>
                    {one.text}
                  </Link>
                </li>
              ))}
            </ul>
          );
        }}
      </Async>
    </Card>
  );
}
