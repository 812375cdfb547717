import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { count, percent } from "../../format/numbers";
import { date } from "../../format/times";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Mono, State } from "../../ui/bits";
import { DataTable, type Column } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";

type Health = Schema["ToolsHealth"];
type Tool = Health["data"][number];

const SHOWN_AT_FIRST = 10;
const ALIKE_MAX = 5;
const say = t.tools.health;

/** What became of each tool that was offered, where a selection looked at it. `like`: what is searched for. */
export function ToolHealth(props: { like: string }) {
  const health = useQuery({
    queryKey: ["tools", "health"],
    queryFn: () => ok(api.GET("/v1/account/tools/health")),
  });
  return (
    <Card title={say.title} flush>
      <Async query={health}>
        {(found) =>
          found.data.length === 0 ? (
            <p className={css.inCard}>{say.none}</p>
          ) : (
            <>
              <p className={css.inCard}>{summary(found)}</p>
              <Tools of={found.data.filter((tool) => tool.name.includes(props.like.trim()))} />
              <Alike of={found.colliding} />
            </>
          )
        }
      </Async>
    </Card>
  );
}

const summary = (of: Health) =>
  [
    say.calls(count(of.calls), of.since ? date(of.since) : ""),
    of.recall_basis_points === null ? "" : say.recall(percent(of.recall_basis_points / 10_000)),
  ]
    .filter(Boolean)
    .join(" ");

function Tools(props: { of: Tool[] }) {
  const [showsAll, setShowsAll] = useState(false);
  const more = props.of.length - SHOWN_AT_FIRST;
  return (
    <DataTable
      label={say.title}
      rows={showsAll ? props.of : props.of.slice(0, SHOWN_AT_FIRST)}
      id={(tool) => tool.name}
      columns={COLUMNS}
      foot={
        !showsAll &&
        more > 0 && (
          <Button variant="default" onClick={() => setShowsAll(true)}>
            {say.more(count(more))}
          </Button>
        )
      }
    />
  );
}

const COLUMNS: Column<Tool>[] = [
  { head: say.tool, cell: (tool) => <Mono>{tool.name}</Mono> },
  { head: say.offered, right: true, cell: (tool) => count(tool.offered) },
  { head: say.forwarded, right: true, cell: (tool) => count(tool.forwarded) },
  { head: say.called, right: true, cell: (tool) => count(tool.called) },
  {
    head: say.missed,
    right: true,
    cell: (tool) =>
      tool.missed > 0 ? <State tone="warn">{count(tool.missed)}</State> : count(tool.missed),
  },
  {
    head: say.description,
    cell: (tool) => (
      <State tone={tool.description ? "warn" : "good"}>
        {say.descriptions[tool.description ?? "well"]}
      </State>
    ),
  },
];

function Alike(props: { of: Health["colliding"] }) {
  if (props.of.length === 0) return null;
  return (
    <div className={css.inCard}>
      {say.alike}{" "}
      {props.of.slice(0, ALIKE_MAX).map(({ tools: [one, other], similarity_percent: alike }) => (
        <span key={`${one} ${other}`} className={css.seen}>
          <Mono>{one}</Mono>, <Mono>{other}</Mono>: {percent(alike / 100)}
        </span>
      ))}
    </div>
  );
}
