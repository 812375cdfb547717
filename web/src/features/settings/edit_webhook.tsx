import { Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import { FormDialog, OnceDialog } from "../../ui/dialog";
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
    <FormDialog
      title={of ? t.webhooks.editTitle : t.webhooks.addTitle[whose]}
      size="32rem"
      action={of ? t.ui.save : t.webhooks.add}
      ready={of !== undefined || url !== ""}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
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
    </FormDialog>
  );
}

/** What the receiver checks signatures with, this once. */
export const WebhookSecret = (props: { secret: string; onClose: () => void }) => (
  <OnceDialog
    title={t.webhooks.secretTitle}
    size="36rem"
    notice={t.webhooks.secretOnce}
    onClose={props.onClose}
  >
    <Code text={props.secret} what={t.keys.secret} wrap />
  </OnceDialog>
);
