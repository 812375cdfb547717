import { Button, Group } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { count, usd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Dialog, DialogForm } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { TypeName } from "../../ui/confirm";
import { useChange } from "../../ui/use_change";
import { closeTeam, useClosing, type Whose } from "./api";

/** Says what a team's end stops and what is kept; its name is typed. */
export function CloseTeam(props: {
  whose: Whose;
  team: { id: string; name: string };
  then?: () => Promise<void>;
  onClose: () => void;
}) {
  const { whose, team, onClose } = props;
  const [name, setName] = useState("");
  const closing = useClosing(whose, team.id);
  const close = useChange(() => closeTeam(whose, team.id, name.trim()), {
    said: t.team.closed(team.name),
    then: () => {
      onClose();
      void props.then?.();
    },
  });
  return (
    <Dialog title={t.team.closeTitle(team.name)} onClose={onClose}>
      <Async query={closing} lines={3}>
        {(found) =>
          found.obstacles.length > 0 ? (
            <Obstacles of={found} onClose={onClose} />
          ) : (
            <DialogForm
              action={t.team.close}
              danger
              change={close}
              ready={name.trim() === found.team.name.trim()}
              onSubmit={() => close.mutate(undefined)}
              onClose={onClose}
            >
              <Losses of={found} />
              <TypeName name={found.team.name} value={name} onChange={setName} />
            </DialogForm>
          )
        }
      </Async>
    </Dialog>
  );
}

function Losses(props: { of: Schema["TeamClosing"] }) {
  const { stops, balance_usd } = props.of;
  return (
    <div>
      <ul className={css.losses}>
        <li>{t.team.stopsKeys(stops.keys, count(stops.keys))}</li>
        <li>{t.team.stopsMembers(stops.members, count(stops.members))}</li>
        {stops.invitations > 0 && (
          <li>{t.team.stopsInvitations(stops.invitations, count(stops.invitations))}</li>
        )}
        {Number(balance_usd) > 0 && <li>{t.team.stopsBalance(usd(balance_usd))}</li>}
      </ul>
      <p className={css.note}>{t.team.keeps}</p>
    </div>
  );
}

const Obstacles = (props: { of: Schema["TeamClosing"]; onClose: () => void }) => (
  <div className={css.stack}>
    {props.of.obstacles.map(({ code, message }) => (
      <div key={code} role="alert" className={css.failure}>
        {message}
      </div>
    ))}
    <Group justify="flex-end">
      <Button onClick={props.onClose}>{t.ui.close}</Button>
    </Group>
  </div>
);
