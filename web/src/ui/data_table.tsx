import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { t } from "../text/en";
import css from "./data_table.module.css";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand on the right, so that they can be compared. */
  right?: boolean;
  /** The name that the list is sorted by, where it can be. */
  sort?: string;
  /** The head is for those who cannot see the column, such as one of buttons. */
  bare?: boolean;
}

/** "name" or "-name": which column, and whether the other way round. */
export type Sort = string;

/** Drawn at once: more rows than a window is high, and few enough to be there at once. */
export const ROWS_STEP = 50;

interface Props<Row> {
  label: string;
  rows: Row[];
  id: (row: Row) => string;
  columns: (Column<Row> | null)[];
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  foot?: ReactNode;
  /** A long list, of which the rest is drawn when it is asked for. */
  long?: boolean;
}

/** Rows of a kind; on a phone each is a card. */
export function DataTable<Row>(props: Props<Row>) {
  const columns = props.columns.filter((column) => column !== null);
  const [drawn, setDrawn] = useState(ROWS_STEP);
  const hasMore = props.long === true && props.rows.length > drawn;
  return (
    <div className={css.wrap}>
      <table className={css.table} aria-label={props.label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.head} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {(hasMore ? props.rows.slice(0, drawn) : props.rows).map((row) => (
            <tr key={props.id(row)}>
              {columns.map((column) => (
                <td
                  key={column.head}
                  data-head={column.head}
                  data-right={column.right || undefined}
                  data-bare={column.bare || undefined}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {hasMore && (
        <div className={css.foot}>
          <Button variant="default" onClick={() => setDrawn(drawn + ROWS_STEP)}>
            {t.ui.loadMore}
          </Button>
        </div>
      )}
      {props.foot && <div className={css.foot}>{props.foot}</div>}
    </div>
  );
}

function Head<Row>(props: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const { column, sort, onSort } = props;
  const up = sort === column.sort;
  const down = sort === `-${column.sort}`;
  const sorted = column.sort !== undefined && (up || down);
  const Arrow = down ? IconArrowDown : IconArrowUp;
  return (
    <th
      scope="col"
      data-right={column.right || undefined}
      aria-sort={sorted ? (down ? "descending" : "ascending") : undefined}
    >
      {column.sort && onSort ? (
        <button
          type="button"
          className={css.sort}
          onClick={() => onSort(down ? (column.sort ?? "") : `-${column.sort}`)}
        >
          {column.head}
          {sorted && <Arrow size={14} aria-hidden />}
        </button>
      ) : column.bare ? (
        <span className="kw-hidden">{column.head}</span>
      ) : (
        column.head
      )}
    </th>
  );
}
