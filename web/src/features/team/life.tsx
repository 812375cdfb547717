import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useHere, useMay, type ChosenTeam } from "../../app/session";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Confirm } from "../../ui/confirm";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { KEYS_MAX, useKeys } from "../keys/api";
import { leaveTeam } from "./api";
import { CloseTeam } from "./close";

/** One's own way out of the team, and the team's end. */
export function Endings() {
  const { session, team } = useHere();
  const may = useMay();
  const [dialog, setDialog] = useState<"leave" | "close" | null>(null);
  const goElsewhere = useGoElsewhere();
  if (!team) return null;
  const isMember = session.teams.some((one) => one.id === team.id);
  const close = () => setDialog(null);
  return (
    <Card title={t.team.endings}>
      <div className={css.stack}>
        {isMember && may("team.leave") && (
          <Ending
            text={t.team.leaveHelp}
            action={t.team.leave}
            onClick={() => setDialog("leave")}
          />
        )}
        {may("team.write") && (
          <Ending
            text={t.team.closeHelp}
            action={t.team.close}
            onClick={() => setDialog("close")}
          />
        )}
      </div>
      {dialog === "leave" && <Leave team={team} then={goElsewhere} onClose={close} />}
      {dialog === "close" && (
        <CloseTeam whose="own" team={team} then={goElsewhere} onClose={close} />
      )}
    </Card>
  );
}

const Ending = (props: { text: ReactNode; action: string; onClick: () => void }) => (
  <div className={css.between}>
    <span className={css.note}>{props.text}</span>
    <Button variant="default" onClick={props.onClick}>
      {props.action}
    </Button>
  </div>
);

function Leave(props: { team: ChosenTeam; then: () => Promise<void>; onClose: () => void }) {
  const { session } = useHere();
  const keys = useKeys({ status: "active" });
  const own = keys.data?.rows.filter((key) => key.user === session.user.id).length ?? 0;
  const leave = useChange(leaveTeam, { said: t.team.left, then: () => void props.then() });
  return (
    <Confirm
      title={t.team.leaveTitle(props.team.name)}
      action={t.team.leave}
      danger
      change={leave}
      onConfirm={() => leave.mutate(undefined)}
      onClose={props.onClose}
    >
      <p>{t.team.leaveText}</p>
      {own > 0 && <p>{t.team.leaveKeys(own, count(own) + (own === KEYS_MAX ? "+" : ""))}</p>}
    </Confirm>
  );
}

/** To another team of one's own, where there is one; the one that is left is forgotten. */
function useGoElsewhere() {
  const { session, team, setTeam } = useHere();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    const next = session.teams.find((one) => one.id !== team?.id);
    if (next) setTeam(next);
    await queries.invalidateQueries({ queryKey: ["session"] });
    await navigate({ to: next || !session.user.is_operator ? "/" : "/teams" });
  };
}
