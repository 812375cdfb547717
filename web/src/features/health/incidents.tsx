import { Anchor, Button, Select, TextInput, Textarea } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { BASE } from "../../api/base";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, State, type Tone } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { IMPACTS, STEPS, tell, tellMore, useIncidents, type Incident } from "./api";

const say = t.health.incidents;

const TONES: Record<Incident["impact"], Tone> = {
  operational: "good",
  maintenance: "warn",
  degraded: "warn",
  down: "bad",
};

const choices = <Name extends string>(names: readonly Name[], words: Record<Name, string>) =>
  names.map((value) => ({ value, label: words[value] }));

/** What the public status page tells of. */
export function Incidents() {
  const incidents = useIncidents();
  const [telling, setTelling] = useState<Incident | "new" | null>(null);
  return (
    <Card
      title={say.title}
      flush
      actions={
        <Button size="xs" leftSection={<IconPlus size={16} />} onClick={() => setTelling("new")}>
          {say.tell}
        </Button>
      }
    >
      <p className={css.inCard}>
        {say.lead} <Anchor href={`${BASE}status`}>{say.page}</Anchor>
      </p>
      <Async query={incidents} lines={1}>
        {(rows) =>
          rows.length === 0 ? (
            <p className={css.inCard}>{say.none}</p>
          ) : (
            <DataTable
              label={say.title}
              rows={rows}
              id={(one) => one.id}
              columns={[
                { head: t.keys.name, cell: (one) => <strong>{one.name}</strong> },
                {
                  head: say.impact,
                  cell: (one) => <State tone={TONES[one.impact]}>{say.impacts[one.impact]}</State>,
                },
                { head: t.keys.state, cell: (one) => say.steps[one.state] },
                { head: say.since, cell: (one) => <Moment at={one.created_at} /> },
                {
                  head: t.ui.actions,
                  bare: true,
                  right: true,
                  cell: (one) => (
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={say.moreOf(one.name)}
                      onClick={() => setTelling(one)}
                    >
                      {say.more}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Async>
      {telling === "new" && <Tell onClose={() => setTelling(null)} />}
      {telling !== null && telling !== "new" && (
        <TellMore of={telling} onClose={() => setTelling(null)} />
      )}
    </Card>
  );
}

function Tell(props: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [impact, setImpact] = useState<(typeof IMPACTS)[number]>("degraded");
  const [message, setMessage] = useState("");
  const make = useChange(tell, { said: say.told, then: props.onClose });
  return (
    <FormDialog
      title={say.tell}
      action={say.publish}
      change={make}
      ready={name.trim() !== "" && message.trim() !== ""}
      onSubmit={() => make.mutate({ name: name.trim(), impact, message: message.trim() })}
      onClose={props.onClose}
    >
      <TextInput
        label={t.keys.name}
        description={say.nameHelp}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
      <Select
        label={say.impact}
        data={choices(IMPACTS, say.impacts)}
        value={impact}
        onChange={(next) => setImpact(next ?? "degraded")}
        allowDeselect={false}
      />
      <Message value={message} onChange={setMessage} />
    </FormDialog>
  );
}

function TellMore(props: { of: Incident; onClose: () => void }) {
  const { of } = props;
  const [state, setState] = useState(of.state);
  const [message, setMessage] = useState("");
  const add = useChange(tellMore, { said: say.told, then: props.onClose });
  return (
    <FormDialog
      title={of.name}
      action={say.publish}
      change={add}
      ready={message.trim() !== ""}
      onSubmit={() => add.mutate({ incident: of, state, message: message.trim() })}
      onClose={props.onClose}
    >
      <ul className={css.plain}>
        {of.updates.map((update) => (
          <li key={update.at + update.message}>
            <strong>{say.steps[update.state]}</strong> <Moment at={update.at} />
            <br />
            {update.message}
          </li>
        ))}
      </ul>
      <Select
        label={t.keys.state}
        data={choices(STEPS, say.steps)}
        value={state}
        onChange={(next) => setState(next ?? of.state)}
        allowDeselect={false}
      />
      <Message value={message} onChange={setMessage} />
    </FormDialog>
  );
}

const Message = (props: { value: string; onChange: (value: string) => void }) => (
  <Textarea
    label={say.message}
    description={say.messageHelp}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
    maxLength={2000}
    autosize
    minRows={2}
    required
  />
);
