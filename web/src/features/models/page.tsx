import { Select } from "@mantine/core";
import type { Schema } from "../../api/client";
import { compact, percent, usd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Mono } from "../../ui/bits";
import { DataTable, type Column } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { SearchField } from "../../ui/search_field";
import { useView } from "../../ui/view";
import { useModels } from "../keys/api";
import { useListedModels, type ListedModel } from "./api";
import { Routes } from "./routes";

type Model = Schema["AccountPrice"];

const USUAL = { q: "", provider: "", sort: "model" };

const ORDERS: Record<string, (a: Model, b: Model) => number> = {
  model: (a, b) => a.model.localeCompare(b.model),
  provider: (a, b) => a.provider.localeCompare(b.provider),
  input: (a, b) => Number(a.input ?? 0) - Number(b.input ?? 0),
  output: (a, b) => Number(a.output ?? 0) - Number(b.output ?? 0),
  context: (a, b) => (a.context_tokens_max ?? 0) - (b.context_tokens_max ?? 0),
};

export function ModelsPage() {
  const [view, setView] = useView(USUAL);
  const models = useModels();
  const listed = useListedModels();
  const classes = new Map(listed.models.map((model) => [model.id, model.privacy]));
  const providers = [...new Set(models.data?.data.map((model) => model.provider))].sort();
  return (
    <Page title={t.nav.models} lead={t.models.lead}>
      <div className={css.filters}>
        <SearchField label={t.models.search} value={view.q} onChange={(q) => setView({ q })} />
        <Select
          aria-label={t.usage.dimensions.provider}
          placeholder={t.usage.any.provider}
          data={providers}
          value={view.provider || null}
          onChange={(provider) => setView({ provider: provider ?? "" })}
          clearable
        />
      </div>
      <Card flush>
        <Async query={models}>
          {({ data, markup_basis_points: markup }) => {
            const down = view.sort.startsWith("-");
            const order = ORDERS[down ? view.sort.slice(1) : view.sort];
            const rows = data
              .filter((model) => !view.provider || model.provider === view.provider)
              .filter((model) => model.model.toLowerCase().includes(view.q.toLowerCase()))
              .sort((a, b) => (order ? (down ? order(b, a) : order(a, b)) : 0));
            if (rows.length === 0) return <Empty title={t.ui.nothingFound} />;
            return (
              <DataTable
                label={t.nav.models}
                rows={rows}
                long
                id={(model) => `${model.provider}/${model.model}`}
                columns={columns(classes)}
                sort={view.sort}
                onSort={(sort) => setView({ sort })}
                foot={
                  markup > 0 && (
                    <span className={css.note}>{t.models.markup(percent(markup / 10_000))}</span>
                  )
                }
              />
            );
          }}
        </Async>
      </Card>
      <Routes of={listed.models} />
      {listed.keyName && <p className={css.note}>{t.models.seenAs(listed.keyName)}</p>}
    </Page>
  );
}

const price = (amount: string | undefined) => (amount === undefined ? "" : usd(amount));

type Classes = Map<string, ListedModel["privacy"]>;

const columns = (classes: Classes): Column<Model>[] => [
  { head: t.usage.dimensions.model, sort: "model", cell: (model) => <Mono>{model.model}</Mono> },
  { head: t.usage.dimensions.provider, sort: "provider", cell: (model) => model.provider },
  {
    head: t.models.class,
    cell: (model) => {
      const found = classes.get(model.model);
      return found ? t.models.classes[found] : "";
    },
  },
  {
    head: t.models.input,
    sort: "input",
    right: true,
    cell: (model) => (model.priced ? price(model.input) : t.models.unpriced),
  },
  { head: t.models.cached, right: true, cell: (model) => price(model.cached_input) },
  { head: t.models.output, sort: "output", right: true, cell: (model) => price(model.output) },
  {
    head: t.models.context,
    sort: "context",
    right: true,
    cell: (model) => (model.context_tokens_max ? compact(model.context_tokens_max) : ""),
  },
  {
    head: t.models.outputMax,
    right: true,
    cell: (model) => (model.output_tokens_max ? compact(model.output_tokens_max) : ""),
  },
];
