import { Button, Group, Modal, Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
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
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={made ? t.keys.rotated(made.name) : t.keys.rotateTitle(props.of.name)}
      size={made ? "40rem" : "30rem"}
      closeOnClickOutside={!made}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      {made ? (
        <Secret id={made.id} secret={made.key ?? ""} onDone={props.onClose} />
      ) : (
        <form
          className={css.stack}
          onSubmit={(event) => {
            event.preventDefault();
            rotate.mutate(undefined);
          }}
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
          <Failure error={rotate.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {t.ui.cancel}
            </Button>
            <Button type="submit" loading={rotate.isPending}>
              {t.keys.rotate}
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}
