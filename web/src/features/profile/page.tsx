import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { endSession, listSessions } from "../../api/auth";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import { Moment, Mono, State } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import { Card, Facts, Page } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { Identities } from "./identities";
import { NewPassword } from "./new_password";
import { Passkeys } from "./passkeys";
import { SecondFactor } from "./second_factor";

/** Oneself: who the gateway takes one for, from where one is signed in, and the password. */
export function ProfilePage() {
  const { session } = useHere();
  const { user } = session;
  return (
    <Page title={t.profile.title} lead={user.name}>
      <Card title={t.profile.about}>
        <Facts
          rows={[
            [t.signIn.email, user.email ?? "–"],
            [t.keys.id, <Mono key="id">{user.id}</Mono>],
            [
              t.profile.teams,
              session.teams.map((team) => `${team.name} (${t.roles[team.role]})`).join(", ") || "–",
            ],
            ...(user.is_operator
              ? [[t.profile.operator, t.profile.operatorHelp] as [string, string]]
              : []),
          ]}
        />
      </Card>
      <Sessions />
      <Identities />
      <Passkeys />
      <SecondFactor />
      <NewPassword />
    </Page>
  );
}

function Sessions() {
  const sessions = useQuery({ queryKey: ["own-sessions"], queryFn: listSessions });
  const end = useChange(endSession, { said: t.profile.ended });
  return (
    <Card title={t.profile.sessions} flush>
      <Failure error={end.error} />
      <Async query={sessions}>
        {({ data }) => (
          <DataTable
            label={t.profile.sessions}
            rows={data}
            id={(one) => one.id}
            columns={[
              {
                head: t.profile.since,
                cell: (one) => (
                  <>
                    <Moment at={one.created_at} />{" "}
                    {one.is_current && <State tone="good">{t.profile.current}</State>}
                  </>
                ),
              },
              { head: t.profile.beganWith, cell: (one) => t.profile.ways[one.began_with] },
              { head: t.keys.lastUse, cell: (one) => <Moment at={one.last_used_at} /> },
              { head: t.keys.usedFrom, cell: (one) => <Mono>{one.network ?? "–"}</Mono> },
              { head: t.keys.endsAt, cell: (one) => <Moment at={one.expires_at} /> },
              {
                head: t.ui.actions,
                bare: true,
                right: true,
                cell: (one) =>
                  !one.is_current && (
                    <Button variant="default" size="compact-sm" onClick={() => end.mutate(one.id)}>
                      {t.profile.end}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Async>
    </Card>
  );
}
