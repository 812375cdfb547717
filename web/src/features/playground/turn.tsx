import { Button, Loader, Textarea } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { count, exactUsd } from "../../format/numbers";
import { duration } from "../../format/times";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Code } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { useCost } from "./api";
import type { Answer, Asked, ToolCall } from "./chat";
import own from "./playground.module.css";

export const Question = (props: { of: Asked }) => (
  <div className={own.question}>
    <span className="kw-hidden">{t.playground.you}: </span>
    {props.of.pictures.length > 0 && (
      <div className={own.pictures}>
        {props.of.pictures.map((picture) => (
          <img key={picture.url} src={picture.url} alt={t.playground.picture(picture.name)} />
        ))}
      </div>
    )}
    {props.of.text}
  </div>
);

/** What a model says is text: it is shown as it came, and nothing of it is markup. */
export function Reply(props: {
  of: Answer;
  isLast: boolean;
  onAgain: () => void;
  onGoOn: () => void;
  onResult: (call: number, result: string) => void;
}) {
  const { of } = props;
  const isRunning = of.state === "running";
  const isWaiting = isRunning && of.text === "" && of.reasoning === "" && of.calls.length === 0;
  const saidNothing = of.state === "done" && of.text === "" && of.calls.length === 0;
  return (
    <div className={own.reply}>
      {of.reasoning !== "" && (
        <details className={own.thinking}>
          <summary>{t.playground.thinking}</summary>
          <div className={own.words}>{of.reasoning}</div>
        </details>
      )}
      {isWaiting && (
        <span className={css.row}>
          <Loader size="xs" aria-hidden />
          <span className={css.note}>{t.playground.waiting}</span>
        </span>
      )}
      {of.text !== "" && (
        <div className={own.words} data-running={isRunning || undefined}>
          {of.text}
        </div>
      )}
      {of.calls.map((call, index) => (
        <Call
          key={`${index} ${call.id}`}
          of={call}
          isOpen={props.isLast && !isRunning}
          onResult={(result) => props.onResult(index, result)}
        />
      ))}
      {props.isLast && of.state === "done" && of.calls.length > 0 && (
        <div>
          <Button size="compact-sm" variant="default" onClick={props.onGoOn}>
            {t.playground.goOn}
          </Button>
        </div>
      )}
      {saidNothing && <p className={css.note}>{t.playground.answeredEmpty}</p>}
      {of.finish === "length" && <p className={css.note}>{t.playground.cut}</p>}
      {of.state === "stopped" && <p className={css.note}>{t.playground.stopped}</p>}
      <Failure error={of.error} {...(props.isLast ? { again: props.onAgain } : {})} />
      {!isRunning && <Facts of={of} />}
    </div>
  );
}

function Call(props: { of: ToolCall; isOpen: boolean; onResult: (result: string) => void }) {
  const { of } = props;
  return (
    <div className={own.call}>
      <b>{t.playground.calls(of.name)}</b>
      <Code text={pretty(of.arguments)} what={t.playground.calls(of.name)} />
      <Textarea
        label={t.playground.result(of.name)}
        rows={2}
        value={of.result}
        readOnly={!props.isOpen}
        onChange={(event) => props.onResult(event.currentTarget.value)}
      />
    </div>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** Cost, tokens and time, and where the rest of it stands. */
function Facts(props: { of: Answer }) {
  const { of } = props;
  const row = useCost(of);
  const tokens = of.tokens ?? {
    input: row.data?.usage.input_tokens ?? null,
    output: row.data?.usage.output_tokens ?? null,
  };
  const said = [
    of.firstMs !== null && t.playground.first(duration(of.firstMs)),
    of.totalMs !== null && t.playground.took(duration(of.totalMs)),
    tokens.input !== null &&
      tokens.output !== null &&
      t.playground.tokensOf(count(tokens.input), count(tokens.output)),
    of.began && cost(row.data?.cost_usd, row.isError),
  ].filter((one) => one !== false);
  if (said.length === 0) return null;
  return (
    <p className={css.note}>
      {said.join(" · ")}
      {of.began && of.requestId && row.data && (
        <>
          {" · "}
          <Link to="/requests/$id" params={{ id: of.requestId }}>
            {t.playground.toRequest}
          </Link>
        </>
      )}
    </p>
  );
}

const cost = (amount: string | undefined, hasFailed: boolean) =>
  amount !== undefined
    ? exactUsd(amount)
    : hasFailed
      ? t.playground.costUnknown
      : t.playground.costPending;
