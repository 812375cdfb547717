import { t } from "../../text/en";
import { Mono } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import { Card } from "../../ui/page";
import type { ListedModel } from "./api";

/** Names behind which several models stand. */
export function Routes(props: { of: ListedModel[] }) {
  const rows = props.of.filter((one) => one.route);
  if (rows.length === 0) return null;
  return (
    <Card title={t.models.routes} flush>
      <DataTable
        label={t.models.routes}
        rows={rows}
        id={(one) => one.id}
        columns={[
          { head: t.models.route, cell: (one) => <Mono>{one.id}</Mono> },
          {
            head: t.models.strategy,
            cell: ({ route }) => (route ? t.models.strategies[route.strategy] : ""),
          },
          { head: t.models.targets, cell: ({ route }) => route?.targets.join(", ") ?? "" },
        ]}
      />
    </Card>
  );
}
