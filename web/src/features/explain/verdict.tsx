import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { Steps, type Step } from "../../ui/steps";

type Explanation = Schema["Explanation"];

const scopeName = (scope: string) => (t.scopes as Record<string, string>)[scope] ?? scope;

const stepOf = (step: Explanation["steps"][number]): Step => ({
  title: `${t.explain.rules[step.rule] ?? step.rule}${step.value ? `: ${step.value}` : ""}`,
  text: [step.message, step.entry && t.explain.entry(step.entry), step.removes && t.explain.removes]
    .filter(Boolean)
    .join(" "),
  at: step.scope && scopeName(step.scope),
  tone: step.allowed ? "good" : step.removes ? "warn" : "bad",
});

/** The whole decision, as the path that the call would take. */
export function Verdict(props: { of: Explanation }) {
  const { of } = props;
  return (
    <>
      {of.allowed ? (
        <div role="status" className={css.notice} data-tone="good">
          <strong>{t.explain.passes}</strong>
          {of.removed.length > 0 && (
            <small>
              {t.explain.without(
                of.removed.map((each) => `${each.tool} (${scopeName(each.denied_by)})`).join(", "),
              )}
            </small>
          )}
        </div>
      ) : (
        <div role="alert" className={css.failure}>
          <strong>{t.explain.refused(of.code)}</strong>
          {of.message && <small>{of.message}</small>}
          {of.denied_by && <small>{t.explain.deniedBy(scopeName(of.denied_by))}</small>}
        </div>
      )}
      <div className={css.halves}>
        <Card title={t.explain.path}>
          <Steps steps={of.steps.map(stepOf)} />
          {of.not_checked.length > 0 && (
            <p className={css.note}>{t.explain.notChecked(of.not_checked.join(", "))}</p>
          )}
        </Card>
        {of.limits.length > 0 && (
          <Card title={t.keys.limits} flush>
            <DataTable
              label={t.keys.limits}
              rows={of.limits}
              id={(limit) => `${limit.name} ${limit.scope}`}
              columns={[
                {
                  head: t.keys.limitOf,
                  cell: (limit) => (
                    <span className={limit.allowed ? undefined : css.bad}>
                      {t.limits[limit.name] ?? limit.name}
                    </span>
                  ),
                },
                { head: t.keys.counted, cell: (limit) => scopeName(limit.scope) },
                { head: t.explain.wanted, right: true, cell: (limit) => count(limit.wanted) },
                { head: t.keys.left, right: true, cell: (limit) => count(limit.remaining) },
              ]}
            />
          </Card>
        )}
      </div>
      {"id" in of.key && typeof of.key.id === "string" && (
        <p>
          <Link to="/keys/$id" params={{ id: of.key.id }}>
            {t.explain.toKey}
          </Link>
        </p>
      )}
    </>
  );
}
