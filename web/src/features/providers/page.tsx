import { Button, Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import { Moment, Mono, State, type Tone } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty, Page } from "../../ui/page";
import { RowMenu } from "../../ui/row_menu";
import { toast } from "../../ui/toast";
import { useChange } from "../../ui/use_change";
import {
  changeCredential,
  deleteCredential,
  testCredential,
  useCredentials,
  type Credential,
} from "./api";
import { EditCredential } from "./edit";

const TONES: Record<Credential["state"], Tone> = {
  active: "good",
  disabled: "idle",
  cooling_down: "warn",
  unusable: "bad",
  not_configured: "bad",
};

export function ProvidersPage() {
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const credentials = useCredentials();
  const writes = may("providers.write");
  const add = writes && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
      {t.providers.add}
    </Button>
  );
  return (
    <Page title={t.nav.providers} lead={t.providers.lead} actions={add}>
      <Card flush>
        <Async query={credentials}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={t.providers.none} text={t.providers.noneHelp} action={add} />
            ) : (
              <DataTable
                label={t.nav.providers}
                rows={rows}
                id={(one) => one.id}
                columns={[
                  {
                    head: t.providers.provider,
                    cell: (one) => (
                      <span>
                        <strong>{one.provider}</strong>
                        <span className={css.note}>
                          {one.name === "default" ? "" : ` ${one.name}`}
                          {one.shared ? ` ${t.providers.shared}` : ""}
                        </span>
                        <br />
                        <span className={css.note}>{one.origin}</span>
                      </span>
                    ),
                  },
                  {
                    head: t.keys.state,
                    cell: (one) => (
                      <span>
                        <State tone={TONES[one.state]}>{t.providers.states[one.state]}</State>
                        {one.problem && <span className={css.note}> {one.problem}</span>}
                      </span>
                    ),
                  },
                  {
                    head: t.providers.credential,
                    cell: (one) => <Mono>{one.preview ?? one.reference ?? ""}</Mono>,
                  },
                  { head: t.providers.lastTest, cell: (one) => <Tested of={one} /> },
                  { head: t.providers.weight, right: true, cell: (one) => one.weight },
                  writes
                    ? {
                        head: t.ui.actions,
                        bare: true,
                        right: true,
                        cell: (one) => !one.shared && <Actions of={one} />,
                      }
                    : null,
                ]}
              />
            )
          }
        </Async>
      </Card>
      {adding && <EditCredential onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Tested(props: { of: Credential }) {
  const test = props.of.last_test;
  if (!test) return <span className={css.note}>{t.ui.never}</span>;
  return (
    <span>
      <span className={test.ok ? css.good : css.bad}>
        {test.ok ? t.providers.works : t.providers.fails(test.status)}
      </span>{" "}
      <span className={css.note}>
        <Moment at={test.at} />
      </span>
    </span>
  );
}

function Actions(props: { of: Credential }) {
  const one = props.of;
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const close = () => setDialog(null);
  const test = useChange(testCredential, {
    then: (answer) =>
      toast(
        answer.last_test?.ok
          ? t.providers.works
          : t.providers.fails(answer.last_test?.status ?? null),
      ),
  });
  const toggle = useChange(() => changeCredential(one, { enabled: !one.enabled }), {
    said: t.ui.saved,
  });
  const remove = useChange(deleteCredential, { said: t.providers.deleted, then: close });
  return (
    <>
      <Failure error={test.error ?? toggle.error} />
      <RowMenu
        label={t.providers.actionsOf(`${one.provider} ${one.name}`)}
        busy={test.isPending || toggle.isPending}
      >
        <Menu.Item onClick={() => test.mutate(one.id)}>{t.providers.test}</Menu.Item>
        <Menu.Item onClick={() => setDialog("edit")}>{t.ui.edit}</Menu.Item>
        <Menu.Item onClick={() => toggle.mutate(undefined)}>
          {one.enabled ? t.keys.disable : t.keys.enable}
        </Menu.Item>
        <Menu.Item color="var(--kw-bad)" onClick={() => setDialog("delete")}>
          {t.ui.delete}
        </Menu.Item>
      </RowMenu>
      {dialog === "edit" && <EditCredential of={one} onClose={close} />}
      {dialog === "delete" && (
        <Confirm
          title={t.providers.deleteTitle(one.provider)}
          action={t.ui.delete}
          danger
          change={remove}
          onConfirm={() => remove.mutate(one)}
          onClose={close}
        >
          {t.providers.deleteText}
        </Confirm>
      )}
    </>
  );
}
