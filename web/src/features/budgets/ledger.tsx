import { Button } from "@mantine/core";
import { usd } from "../../format/numbers";
import { dateTime } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { DataTable } from "../../ui/data_table";
import { ExportButton } from "../../ui/export_button";
import { Card, Empty } from "../../ui/page";
import { useLedger } from "./api";

/** What was paid in. Rows are only ever added. */
export function LedgerCard() {
  const ledger = useLedger();
  return (
    <Card
      title={t.budgets.ledger}
      flush
      actions={<ExportButton path="/v1/account/ledger" query={{}} file="ledger.csv" />}
    >
      <Async query={ledger}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.data);
          if (rows.length === 0) {
            return <Empty title={t.budgets.ledgerNone} text={t.budgets.ledgerNoneHelp} />;
          }
          return (
            <DataTable
              label={t.budgets.ledger}
              rows={rows}
              id={(credit) => credit.id}
              columns={[
                { head: t.requests.time, cell: (credit) => dateTime(credit.created_at) },
                { head: t.budgets.kind, cell: (credit) => t.budgets.kinds[credit.kind] },
                { head: t.budgets.reason, cell: (credit) => credit.reason ?? "" },
                { head: t.budgets.amount, right: true, cell: (credit) => usd(credit.amount_usd) },
              ]}
              foot={
                ledger.hasNextPage && (
                  <Button
                    variant="default"
                    loading={ledger.isFetchingNextPage}
                    onClick={() => void ledger.fetchNextPage()}
                  >
                    {t.ui.loadMore}
                  </Button>
                )
              }
            />
          );
        }}
      </Async>
    </Card>
  );
}
