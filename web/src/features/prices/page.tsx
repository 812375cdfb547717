import { Button, Select } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { usd } from "../../format/numbers";
import { calendarDay } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Mono, State } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { SearchField } from "../../ui/search_field";
import { useChange } from "../../ui/use_change";
import { useView } from "../../ui/view";
import { resetPrice, usePrices, type Price } from "./api";
import { EditPrice } from "./edit";

const USUAL = { q: "", origin: "" };

const amount = (value: string | undefined) => (value === undefined ? "–" : usd(value));

/** What calls cost: the book of this version, and what the operator said over it. */
export function PricesPage() {
  const [view, setView] = useView(USUAL);
  const prices = usePrices();
  const [editing, setEditing] = useState<Price | "new" | null>(null);
  const [resetting, setResetting] = useState<Price | null>(null);
  const reset = useChange(resetPrice, {
    said: t.prices.resetDone,
    then: () => setResetting(null),
  });
  return (
    <Page
      title={t.nav.prices}
      lead={t.prices.lead}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setEditing("new")}>
          {t.prices.create}
        </Button>
      }
    >
      <div className={css.filters}>
        <SearchField label={t.models.search} value={view.q} onChange={(q) => setView({ q })} />
        <Select
          aria-label={t.prices.origin}
          placeholder={t.prices.anyOrigin}
          data={[
            { value: "operator", label: t.prices.origins.operator },
            { value: "book", label: t.prices.origins.book },
          ]}
          value={view.origin || null}
          onChange={(origin) => setView({ origin: origin ?? "" })}
          clearable
        />
      </div>
      <Card flush>
        <Async query={prices}>
          {({ data, book }) => {
            const rows = data
              .filter((price) => !view.origin || price.origin === view.origin)
              .filter((price) => price.model.toLowerCase().includes(view.q.toLowerCase()));
            if (rows.length === 0) return <Empty title={t.ui.nothingFound} />;
            return (
              <DataTable
                label={t.nav.prices}
                rows={rows}
                long
                id={(price) => `${price.origin} ${price.vendor ?? ""} ${price.model}`}
                columns={[
                  {
                    head: t.usage.dimensions.model,
                    cell: (price) => (
                      <span>
                        <Mono>{price.model}</Mono>
                        {price.note && (
                          <>
                            <br />
                            <span className={css.note}>{price.note}</span>
                          </>
                        )}
                      </span>
                    ),
                  },
                  {
                    head: t.prices.origin,
                    cell: (price) =>
                      price.origin === "operator" ? (
                        <State tone="good">{t.prices.origins.operator}</State>
                      ) : (
                        (book.vendors.find((one) => one.name === price.vendor)?.label ??
                        price.vendor ??
                        t.prices.origins.book)
                      ),
                  },
                  { head: t.models.input, right: true, cell: (price) => amount(price.input) },
                  {
                    head: t.models.cached,
                    right: true,
                    cell: (price) => amount(price.cached_input),
                  },
                  { head: t.models.output, right: true, cell: (price) => amount(price.output) },
                  {
                    head: t.ui.actions,
                    bare: true,
                    right: true,
                    cell: (price) => (
                      <span className={css.rowEnd}>
                        {price.origin === "operator" && (
                          <Button
                            variant="default"
                            size="compact-sm"
                            aria-label={t.prices.resetOf(price.model)}
                            onClick={() => setResetting(price)}
                          >
                            {t.prices.reset}
                          </Button>
                        )}
                        <Button
                          variant="default"
                          size="compact-sm"
                          aria-label={t.prices.editTitle(price.model)}
                          onClick={() => setEditing(price)}
                        >
                          {t.ui.edit}
                        </Button>
                      </span>
                    ),
                  },
                ]}
                foot={<span className={css.note}>{t.prices.book(calendarDay(book.date))}</span>}
              />
            );
          }}
        </Async>
      </Card>
      {editing && (
        <EditPrice
          {...(editing === "new" ? {} : { of: editing })}
          onClose={() => setEditing(null)}
        />
      )}
      {resetting && (
        <Confirm
          title={t.prices.resetTitle(resetting.model)}
          action={t.prices.reset}
          danger
          change={reset}
          onConfirm={() => reset.mutate(resetting.model)}
          onClose={() => setResetting(null)}
        >
          {t.prices.resetText}
        </Confirm>
      )}
    </Page>
  );
}
