import { Button, Group, Modal } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { policyChanges, policyDraftOf, type Policy } from "./draft";
import { PolicyFields } from "./fields";

/** What something may use and how much, as it was when the dialog opened. */
export function PolicyDialog(props: {
  title: string;
  help: string;
  of: Policy;
  withKinds?: boolean;
  save: (policy: Policy) => Promise<unknown>;
  onClose: () => void;
}) {
  const [before] = useState(() => policyDraftOf(props.of));
  const [draft, setDraft] = useState(before);
  const changes = policyChanges(before, draft);
  const save = useChange(() => props.save(changes), { said: t.ui.saved, then: props.onClose });
  const conflict = save.error instanceof ApiError && save.error.code === "version_mismatch";
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size="46rem"
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined);
        }}
      >
        <div className={css.note}>{props.help}</div>
        <PolicyFields draft={draft} onChange={setDraft} withKinds={props.withKinds ?? false} />
        <Failure error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button
            type="submit"
            loading={save.isPending}
            disabled={conflict || Object.keys(changes).length === 0}
          >
            {t.ui.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
