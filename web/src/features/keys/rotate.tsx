import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { Dialog, FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { rotateKey, type Key } from "./api";
import { Secret } from "./secret";

/** A new secret; how long the old one goes on is asked first. */
export function RotateKey(props: { of: Key; onClose: () => void }) {
  const [grace, setGrace] = useState("24h");
  const rotate = useChange(() =>
    rotateKey(props.of.id, grace === "now" ? { emergency: true } : { grace }),
  );
  const made = rotate.data;
  if (made) {
    return (
      <Dialog title={t.keys.rotated(made.name)} size="40rem" keep onClose={props.onClose}>
        <Secret id={made.id} secret={made.key ?? ""} onDone={props.onClose} />
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={t.keys.rotateTitle(props.of.name)}
      size="30rem"
      action={t.keys.rotate}
      change={rotate}
      onSubmit={() => rotate.mutate(undefined)}
      onClose={props.onClose}
    >
      <div>{t.keys.rotateText}</div>
      <Radio.Group label={t.keys.grace} value={grace} onChange={setGrace}>
        <Stack gap="xs" mt="xs">
          {t.keys.graceChoices.map((choice) => (
            <Radio key={choice.value} value={choice.value} label={choice.label} />
          ))}
        </Stack>
      </Radio.Group>
      {grace === "now" && <div className={css.notice}>{t.keys.graceNow}</div>}
    </FormDialog>
  );
}
