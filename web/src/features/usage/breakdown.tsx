import { UnstyledButton } from "@mantine/core";
import { compact, count, percent, shortUsd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Meter } from "../../ui/meter";
import { Empty } from "../../ui/page";
import { useUsageBy, type Dimension, type Part, type UsageQuery } from "./api";

const ROWS_MAX = 100;

/** Who or what used how much. A click looks at that one alone. */
export function Breakdown(props: {
  by: Dimension;
  query: UsageQuery;
  onPick: (id: string) => void;
}) {
  const { by } = props;
  const parts = useUsageBy(by, { ...props.query, limit: ROWS_MAX });
  return (
    <Async query={parts}>
      {(rows) => {
        if (rows.length === 0) return <Empty title={t.usage.none} text={t.usage.noneHelp} />;
        const total = rows.reduce((sum, row) => sum + Number(row.sums.cost_usd), 0);
        const share = (row: Part) => (total > 0 ? Number(row.sums.cost_usd) / total : 0);
        return (
          <DataTable
            label={t.usage.by[by]}
            rows={rows}
            id={(row) => row.id ?? "none"}
            columns={[
              {
                head: t.usage.dimensions[by],
                cell: ({ id, name }) =>
                  id ? (
                    <UnstyledButton className={css.textLink} onClick={() => props.onPick(id)}>
                      {name}
                    </UnstyledButton>
                  ) : (
                    <span className={css.note}>{t.usage.without[by]}</span>
                  ),
              },
              { head: t.usage.metrics.calls, right: true, cell: (row) => count(row.sums.calls) },
              {
                head: t.usage.metrics.failed,
                right: true,
                cell: (row) => count(row.sums.failed_calls),
              },
              {
                head: t.usage.input,
                right: true,
                cell: (row) => compact(row.sums.input_tokens),
              },
              {
                head: t.usage.output,
                right: true,
                cell: (row) => compact(row.sums.output_tokens),
              },
              {
                head: t.usage.metrics.cost,
                right: true,
                cell: (row) => shortUsd(Number(row.sums.cost_usd)),
              },
              {
                head: t.usage.share,
                right: true,
                cell: (row) => (
                  <span>
                    {percent(share(row))}
                    <Meter part={share(row)} plain label={row.name} />
                  </span>
                ),
              },
            ]}
            foot={
              rows.length === ROWS_MAX && (
                <span className={css.note}>{t.usage.costliest(count(ROWS_MAX))}</span>
              )
            }
          />
        );
      }}
    </Async>
  );
}
