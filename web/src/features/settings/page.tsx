import { Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useHere, useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { Card, Page } from "../../ui/page";
import { useAccount } from "../keys/api";
import { PolicyDialog } from "../policy/dialog";
import { PolicyView } from "../policy/view";
import { changeTeamPolicy } from "./api";
import { KeyDefaults } from "./key_defaults";
import { Webhooks } from "./webhooks";

/** What holds for the team as a whole, and who is told of what happens. */
export function SettingsPage() {
  const { session } = useHere();
  return (
    <Page title={t.nav.settings} lead={t.settings.lead}>
      <TeamPolicy />
      <KeyDefaults />
      <Webhooks whose="team" title={t.settings.webhooks} />
      {session.user.is_operator && (
        <Webhooks whose="instance" title={t.settings.operatorWebhooks} />
      )}
    </Page>
  );
}

function TeamPolicy() {
  const may = useMay();
  const account = useAccount();
  const [editing, setEditing] = useState(false);
  const team = account.data;
  return (
    <Card
      title={t.settings.policy}
      actions={
        may("policy.write") &&
        team && (
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPencil size={14} />}
            onClick={() => setEditing(true)}
          >
            {t.settings.editPolicy}
          </Button>
        )
      }
    >
      <p className={css.note}>{t.settings.policyHelp}</p>
      <Async query={account}>{(one) => <PolicyView of={one.policy} />}</Async>
      {editing && team && (
        <PolicyDialog
          title={t.settings.editPolicy}
          help={t.settings.policyHelp}
          of={team.policy}
          withKinds
          save={(policy) => changeTeamPolicy(team.version, policy)}
          onClose={() => setEditing(false)}
        />
      )}
    </Card>
  );
}
