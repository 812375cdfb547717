import { Button, Checkbox, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Code } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import {
  changeWebhook,
  createWebhook,
  EVENTS,
  type EventKind,
  type Webhook,
  type Whose,
} from "./api";

/** A new webhook, whose secret is then shown; or what one that there is hears, and where. */
export function EditWebhook(props: { whose: Whose; of?: Webhook; onClose: () => void }) {
  const { whose, of } = props;
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<EventKind[]>(of?.events ?? []);
  const save = useChange(
    () =>
      of
        ? changeWebhook(whose, of, { ...(url ? { url } : {}), events })
        : createWebhook(whose, { url, events }),
    {
      said: t.ui.saved,
      then: (made) => {
        if (!made.secret) props.onClose();
      },
    },
  );
  if (save.data?.secret) return <WebhookSecret secret={save.data.secret} onClose={props.onClose} />;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={of ? t.webhooks.editTitle : t.webhooks.addTitle[whose]}
      size="32rem"
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined);
        }}
      >
        <TextInput
          type="url"
          label={t.webhooks.url}
          description={of ? t.webhooks.urlKept : t.webhooks.urlHelp}
          placeholder={of?.url ?? "https://hooks.example.com/keywarden"}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value.trim())}
          maxLength={2048}
          required={!of}
          data-autofocus
        />
        <Checkbox.Group
          label={t.webhooks.which}
          description={t.webhooks.whichHelp}
          value={events}
          onChange={(next) => setEvents(next)}
        >
          <div className={css.choices}>
            {EVENTS.map((event) => (
              <Checkbox key={event} value={event} label={t.webhooks.events[event]} />
            ))}
          </div>
        </Checkbox.Group>
        <Failure error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!of && url === ""}>
            {of ? t.ui.save : t.webhooks.add}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** What the receiver checks signatures with, this once. */
export function WebhookSecret(props: { secret: string; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t.webhooks.secretTitle}
      size="36rem"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <div className={css.stack}>
        <div className={css.notice}>{t.webhooks.secretOnce}</div>
        <Code text={props.secret} what={t.keys.secret} wrap />
        <Group justify="flex-end">
          <Button onClick={props.onClose}>{t.keys.done}</Button>
        </Group>
      </div>
    </Modal>
  );
}
