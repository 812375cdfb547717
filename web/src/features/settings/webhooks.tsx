import { Button, Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../app/session";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono, State } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Empty } from "../../ui/page";
import { RowMenu } from "../../ui/row_menu";
import { toast } from "../../ui/toast";
import { useChange } from "../../ui/use_change";
import {
  changeWebhook,
  deleteWebhook,
  rotateWebhook,
  testWebhook,
  useWebhooks,
  type Webhook,
  type Whose,
} from "./api";
import { EditWebhook, WebhookSecret } from "./edit_webhook";

export function Webhooks(props: { whose: Whose; title: string }) {
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const hooks = useWebhooks(props.whose);
  const writes = may(props.whose === "team" ? "policy.write" : "operator");
  const add = writes && (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconPlus size={14} />}
      aria-label={`${t.webhooks.add}: ${props.title}`}
      onClick={() => setAdding(true)}
    >
      {t.webhooks.add}
    </Button>
  );
  return (
    <Card title={props.title} actions={add} flush>
      <Async query={hooks} lines={2}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={t.webhooks.none} text={t.webhooks.noneHelp[props.whose]} />
          ) : (
            <DataTable
              label={props.title}
              rows={rows}
              id={(hook) => hook.id}
              columns={[
                {
                  head: t.webhooks.url,
                  cell: (hook) => (
                    <span>
                      <Mono>{hook.url}</Mono>
                      <br />
                      <span className={css.note}>
                        {hook.events.length === 0
                          ? t.webhooks.everyEvent
                          : hook.events.map((event) => t.webhooks.events[event]).join(", ")}
                      </span>
                    </span>
                  ),
                },
                { head: t.keys.state, cell: (hook) => <Condition of={hook} /> },
                {
                  head: t.webhooks.delivered,
                  right: true,
                  cell: ({ delivery }) => (
                    <span>
                      {count(delivery.delivered)}
                      {delivery.given_up > 0 && (
                        <span className={css.bad}>
                          {" "}
                          {t.webhooks.givenUp(count(delivery.given_up))}
                        </span>
                      )}
                    </span>
                  ),
                },
                {
                  head: t.webhooks.last,
                  cell: ({ delivery }) => <Moment at={delivery.delivered_at} />,
                },
                writes
                  ? {
                      head: t.ui.actions,
                      bare: true,
                      right: true,
                      cell: (hook) => <Actions of={hook} whose={props.whose} />,
                    }
                  : null,
              ]}
            />
          )
        }
      </Async>
      {adding && <EditWebhook whose={props.whose} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Condition(props: { of: Webhook }) {
  const { state, delivery } = props.of;
  if (state === "paused") return <State tone="idle">{t.webhooks.paused}</State>;
  if (delivery.state === "ok") return <State tone="good">{t.webhooks.works}</State>;
  return (
    <span>
      <State tone="bad">{t.webhooks.fails}</State>{" "}
      <span className={css.note}>
        {delivery.last_error}
        {delivery.next_try_at && (
          <>
            <br />
            {t.webhooks.nextTry} <Moment at={delivery.next_try_at} />
          </>
        )}
      </span>
    </span>
  );
}

type Dialog = "edit" | "rotate" | "delete" | null;

function Actions(props: { of: Webhook; whose: Whose }) {
  const { of, whose } = props;
  const [dialog, setDialog] = useState<Dialog>(null);
  const close = () => setDialog(null);
  const test = useChange(() => testWebhook(whose, of), {
    then: (answer) =>
      toast(answer.delivered ? t.webhooks.testTaken : t.webhooks.testFailed(answer.error ?? "")),
  });
  const toggle = useChange(
    () => changeWebhook(whose, of, { state: of.state === "active" ? "paused" : "active" }),
    { said: t.ui.saved },
  );
  const rotate = useChange(() => rotateWebhook(whose, of));
  const remove = useChange(() => deleteWebhook(whose, of), {
    said: t.webhooks.deleted,
    then: close,
  });
  const failed = test.error ?? toggle.error;
  return (
    <>
      {failed && <span className={css.bad}>{failed.message}</span>}
      <RowMenu label={t.webhooks.actionsOf(of.url)} busy={test.isPending || toggle.isPending}>
        <Menu.Item onClick={() => test.mutate(undefined)}>{t.webhooks.test}</Menu.Item>
        <Menu.Item onClick={() => setDialog("edit")}>{t.ui.edit}</Menu.Item>
        <Menu.Item onClick={() => toggle.mutate(undefined)}>
          {of.state === "active" ? t.webhooks.pause : t.webhooks.resume}
        </Menu.Item>
        <Menu.Item onClick={() => setDialog("rotate")}>{t.webhooks.rotate}</Menu.Item>
        <Menu.Item color="var(--kw-bad)" onClick={() => setDialog("delete")}>
          {t.ui.delete}
        </Menu.Item>
      </RowMenu>
      {dialog === "edit" && <EditWebhook whose={whose} of={of} onClose={close} />}
      {dialog === "rotate" &&
        (rotate.data ? (
          <WebhookSecret
            secret={rotate.data.secret ?? ""}
            onClose={() => {
              rotate.reset();
              close();
            }}
          />
        ) : (
          <Confirm
            title={t.webhooks.rotateTitle}
            action={t.webhooks.rotateAction}
            change={rotate}
            onConfirm={() => rotate.mutate(undefined)}
            onClose={close}
          >
            {t.webhooks.rotateText}
          </Confirm>
        ))}
      {dialog === "delete" && (
        <Confirm
          title={t.webhooks.deleteTitle}
          action={t.ui.delete}
          danger
          change={remove}
          onConfirm={() => remove.mutate(undefined)}
          onClose={close}
        >
          {t.webhooks.deleteText(of.url)}
        </Confirm>
      )}
    </>
  );
}
