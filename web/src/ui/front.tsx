import type { ReactNode } from "react";
import css from "./front.module.css";
import { Mark } from "./mark";

/** A page of its own, before anybody is signed in. */
export function Front(props: { title: string; lead?: string; children: ReactNode }) {
  return (
    <main className={css.front}>
      <div className={css.sheet}>
        <div className={css.brand}>
          <Mark size={36} />
          <span>Keywarden</span>
        </div>
        <h1>{props.title}</h1>
        {props.lead && <p>{props.lead}</p>}
        {props.children}
      </div>
    </main>
  );
}
