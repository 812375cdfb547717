import css from "./steps.module.css";

export interface Step {
  title: string;
  text?: string | undefined;
  /** When, or after how long. */
  at?: string | undefined;
  tone: "good" | "warn" | "bad" | "idle";
}

/** What happens one after the other. */
export function Steps(props: { steps: Step[] }) {
  return (
    <ol className={css.steps}>
      {props.steps.map((step, index) => (
        <li key={index} data-tone={step.tone}>
          <div className={css.head}>
            <strong>{step.title}</strong>
            {step.at && <span>{step.at}</span>}
          </div>
          {step.text && <p>{step.text}</p>}
        </li>
      ))}
    </ol>
  );
}
