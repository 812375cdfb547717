import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { NameDialog } from "../../ui/name_dialog";
import { Card, Empty } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { useApps } from "../keys/api";
import { PolicyDialog } from "../policy/dialog";
import { changeAppPolicy, createApp, deleteApp, renameApp, type App } from "./api";

/** Named parts of the team that keys and usage belong to. */
export function Apps() {
  const apps = useApps();
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const [renaming, setRenaming] = useState<App | null>(null);
  const [ruling, setRuling] = useState<App | null>(null);
  const [deleting, setDeleting] = useState<App | null>(null);
  const create = useChange(createApp, { said: t.ui.saved, then: () => setCreating(false) });
  const rename = useChange(renameApp, { said: t.ui.saved, then: () => setRenaming(null) });
  const remove = useChange(deleteApp, { said: t.team.appDeleted, then: () => setDeleting(null) });
  const writes = may("apps.write");
  const button = writes && (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconPlus size={16} />}
      onClick={() => setCreating(true)}
    >
      {t.team.createApp}
    </Button>
  );
  return (
    <Card title={t.team.apps} flush actions={button}>
      <Async query={apps}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={t.team.noApps} text={t.team.noAppsHelp} />
          ) : (
            <DataTable
              label={t.team.apps}
              rows={rows}
              id={(app) => app.id}
              columns={[
                { head: t.keys.name, cell: (app) => app.name },
                { head: t.keys.id, cell: (app) => <Mono>{app.id}</Mono> },
                { head: t.keys.created, cell: (app) => <Moment at={app.created_at} /> },
                writes
                  ? {
                      head: t.ui.actions,
                      bare: true,
                      right: true,
                      cell: (app) => (
                        <span className={css.rowEnd}>
                          <Button
                            variant="default"
                            size="compact-sm"
                            aria-label={t.team.renameTitle(app.name)}
                            onClick={() => setRenaming(app)}
                          >
                            {t.team.rename}
                          </Button>
                          <Button
                            variant="default"
                            size="compact-sm"
                            aria-label={t.team.rulesOf(app.name)}
                            onClick={() => setRuling(app)}
                          >
                            {t.team.rules}
                          </Button>
                          <Button
                            variant="default"
                            size="compact-sm"
                            aria-label={t.team.deleteAppTitle(app.name)}
                            onClick={() => setDeleting(app)}
                          >
                            {t.ui.delete}
                          </Button>
                        </span>
                      ),
                    }
                  : null,
              ]}
            />
          )
        }
      </Async>
      {creating && (
        <NameDialog
          title={t.team.createApp}
          change={create}
          onSave={(name) => create.mutate(name)}
          onClose={() => setCreating(false)}
        />
      )}
      {renaming && (
        <NameDialog
          title={t.team.renameTitle(renaming.name)}
          name={renaming.name}
          change={rename}
          onSave={(name) => rename.mutate({ app: renaming, name })}
          onClose={() => setRenaming(null)}
        />
      )}
      {ruling && (
        <PolicyDialog
          title={t.team.rulesTitle(ruling.name)}
          help={t.team.rulesHelp}
          of={ruling.policy}
          withKinds
          save={(policy) => changeAppPolicy(ruling, policy)}
          onClose={() => setRuling(null)}
        />
      )}
      {deleting && (
        <Confirm
          title={t.team.deleteAppTitle(deleting.name)}
          action={t.ui.delete}
          danger
          change={remove}
          onConfirm={() => remove.mutate(deleting)}
          onClose={() => setDeleting(null)}
        >
          {t.team.deleteAppText}
        </Confirm>
      )}
    </Card>
  );
}
