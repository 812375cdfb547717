import { Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { t } from "../text/en";
import css from "./layout.module.css";

/** A page: its heading, what one can do here, and what it holds. */
export function Page(props: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = t.shell.documentTitle(props.title);
  }, [props.title]);
  return (
    <div className={css.page}>
      <header className={css.head}>
        <div>
          <Title order={1}>{props.title}</Title>
          {props.lead && <div className={css.lead}>{props.lead}</div>}
        </div>
        {props.actions && <div className={css.row}>{props.actions}</div>}
      </header>
      <div className={css.stack}>{props.children}</div>
    </div>
  );
}

/** A part of a page, on a surface of its own. `flush`: a table that reaches its edges. */
export function Card(props: {
  title?: string;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={css.card}>
      {(props.title || props.actions) && (
        <div className={css.cardHead}>
          {props.title && <h2>{props.title}</h2>}
          {props.actions && <div className={css.row}>{props.actions}</div>}
        </div>
      )}
      <div className={props.flush ? css.flush : css.cardBody}>{props.children}</div>
    </section>
  );
}

export function Empty(props: { title: string; text?: string; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{props.title}</h2>
      {props.text && <p>{props.text}</p>}
      {props.action}
    </div>
  );
}

/** Names and what they are: [["Created", <Moment …/>]]. */
export function Facts(props: { rows: [string, ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {props.rows.map(([name, value]) => (
        <div key={name} className={css.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Tile(props: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <dl className={css.tile}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
      {props.note && <dd className={css.note}>{props.note}</dd>}
    </dl>
  );
}
