import { useHere, useMay } from "../../app/session";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono, State } from "../../ui/bits";
import { Card, Facts, Page } from "../../ui/page";
import { useAccount } from "../keys/api";
import { Apps } from "./apps";
import { Invitations } from "./invitations";
import { Endings } from "./life";
import { Members } from "./members";
import { Rename } from "./rename";

export function TeamPage() {
  const { team } = useHere();
  const may = useMay();
  const account = useAccount();
  return (
    <Page title={t.nav.team} lead={team?.name}>
      <Members />
      {may("members.write") && <Invitations />}
      <Apps />
      <Card
        title={t.team.about}
        actions={may("team.write") && account.data && <Rename of={account.data} />}
      >
        <Async query={account}>
          {(account) => (
            <Facts
              rows={[
                [t.keys.id, <Mono key="id">{account.id}</Mono>],
                [
                  t.keys.state,
                  <State key="state" tone={account.state === "active" ? "good" : "bad"}>
                    {t.team.states[account.state] ?? account.state}
                  </State>,
                ],
                [t.team.plan, account.plan.name],
                [t.team.keysMax, count(account.active_keys_max)],
                [t.team.creationsMax, count(account.creations_per_hour_max)],
                [t.keys.created, <Moment key="created" at={account.created_at} />],
              ]}
            />
          )}
        </Async>
      </Card>
      <Endings />
    </Page>
  );
}
