import { Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { useAccount } from "../keys/api";
import { limitChanges, limitsDraftOf } from "../policy/draft";
import { LimitFields } from "../policy/fields";
import { LimitsView } from "../policy/view";
import { changeKeyDefaults } from "./api";

/** What a key of the team is held to that names no limit of its own. */
export function KeyDefaults() {
  const may = useMay();
  const account = useAccount();
  const [editing, setEditing] = useState(false);
  return (
    <Card
      title={t.settings.keyDefaults}
      actions={
        may("policy.write") &&
        account.data && (
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPencil size={14} />}
            onClick={() => setEditing(true)}
          >
            {t.settings.editKeyDefaults}
          </Button>
        )
      }
    >
      <p className={css.note}>{t.settings.keyDefaultsHelp}</p>
      <Async query={account} lines={1}>
        {(team) => <LimitsView of={team.key_defaults} />}
      </Async>
      {editing && account.data && (
        <EditKeyDefaults of={account.data} onClose={() => setEditing(false)} />
      )}
    </Card>
  );
}

function EditKeyDefaults(props: { of: Schema["Account"]; onClose: () => void }) {
  const [of] = useState(props.of);
  const before = limitsDraftOf(of.key_defaults);
  const [draft, setDraft] = useState(before);
  const changes = limitChanges(before, draft);
  const save = useChange(() => changeKeyDefaults(of.version, changes), {
    said: t.ui.saved,
    then: props.onClose,
  });
  return (
    <FormDialog
      title={t.settings.editKeyDefaults}
      size="46rem"
      ready={Object.keys(changes).length > 0}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <LimitFields
        title={t.keys.limits}
        help={t.settings.keyDefaultsHelp}
        draft={draft}
        onChange={setDraft}
      />
    </FormDialog>
  );
}
