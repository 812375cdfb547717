import { Link } from "@tanstack/react-router";
import { count, exactUsd } from "../../format/numbers";
import { duration, exactTime } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Copy, Mono } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { Card, Facts, Page, Tile } from "../../ui/page";
import { Steps } from "../../ui/steps";
import { useId } from "../../ui/view";
import { useMembers } from "../keys/api";
import { useCall, type Call } from "./api";
import { life } from "./life";
import { Outcome } from "./parts";

export function RequestPage() {
  return <Async query={useCall(useId())}>{(call) => <Details of={call} />}</Async>;
}

function Details(props: { of: Call }) {
  const call = props.of;
  const members = useMembers();
  const user = members.data?.find((member) => member.user === call.user)?.name ?? call.user;
  return (
    <Page
      title={t.requests.title(call.model ?? call.endpoint ?? "")}
      lead={
        <span className={css.row}>
          <Outcome of={call} />
          <Mono>{call.id}</Mono>
          <Copy value={call.id} what={t.requests.id} />
        </span>
      }
    >
      <div className={css.tiles}>
        <Tile name={t.usage.metrics.cost} value={exactUsd(call.cost_usd)} note={basis(call)} />
        <Tile name={t.requests.took} value={duration(call.duration_ms)} />
        <Tile
          name={t.requests.firstByte}
          value={call.first_byte_ms === null ? "–" : duration(call.first_byte_ms)}
        />
        <Tile
          name={t.requests.overhead}
          value={t.requests.microseconds(count(call.overhead_us))}
          note={t.requests.overheadHelp}
        />
      </div>
      <div className={css.halves}>
        <Card title={t.requests.life}>
          <Steps steps={life(call)} />
        </Card>
        <div className={css.stack}>
          <Card title={t.requests.usage}>
            <Facts rows={[...used(call), ...tools(call)]} />
          </Card>
          <Card title={t.requests.who}>
            <Facts
              rows={[
                [
                  t.usage.dimensions.key,
                  call.key ? (
                    <Link key="key" to="/keys/$id" params={{ id: call.key.id }}>
                      {call.key.name ?? call.key.id}
                    </Link>
                  ) : (
                    t.requests.operator
                  ),
                ],
                [t.keys.owner, user ?? t.keys.ofTheTeam],
                [t.keys.app, call.app?.name ?? t.keys.noApp],
                [t.requests.session, <Session key="session" id={call.session} />],
                [t.keys.tags, call.tags.join(", ") || "–"],
                [t.requests.time, exactTime(call.created_at)],
              ]}
            />
          </Card>
        </div>
      </div>
    </Page>
  );
}

const basis = (call: Call) =>
  call.priced ? t.requests.basis[call.usage.basis] : t.requests.unpriced;

function Session(props: { id: string | null }) {
  if (!props.id) return <>–</>;
  return (
    <Link to="/requests" search={{ session: props.id }}>
      {props.id}
    </Link>
  );
}

function tools({ tools: of }: Call): [string, string][] {
  if (!of || of.offered === 0) return [];
  return [
    [t.requests.toolsSent, t.requests.ofTools(count(of.forwarded), count(of.offered))],
    [t.requests.toolsCalled, count(of.called)],
    ...(of.missed > 0 ? ([[t.requests.toolsMissed, count(of.missed)]] as [string, string][]) : []),
    ...(of.tokens_saved > 0
      ? ([[t.requests.toolTokensSaved, count(of.tokens_saved)]] as [string, string][])
      : []),
  ];
}

function used({ usage }: Call): [string, string][] {
  const rows = Object.entries(usage).flatMap(([name, value]): [string, string][] =>
    typeof value !== "number" || (value === 0 && !["input_tokens", "output_tokens"].includes(name))
      ? []
      : [[t.requests.counts[name] ?? name, count(value)]],
  );
  return rows.length > 0 ? rows : [[t.requests.tokens, t.requests.unsaid]];
}
