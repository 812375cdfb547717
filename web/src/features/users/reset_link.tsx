import { Button, Group, Modal } from "@mantine/core";
import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Code } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";

const makeLink = (id: string) =>
  ok(api.POST("/v1/admin/users/{id}/reset-link", { params: { path: { id } } }));

/** For somebody who cannot sign in. */
export function ResetLink(props: { of: Schema["User"]; onClose: () => void }) {
  const make = useChange(makeLink);
  const made = make.data;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t.users.resetTitle(props.of.name)}
      closeOnClickOutside={!made}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <div className={css.stack}>
        <div className={made ? css.notice : undefined}>
          {made ? t.users.resetOnce : t.users.resetText}
        </div>
        {made && <Code text={made.link} what={t.users.resetLink} wrap />}
        <Failure error={make.error} />
        <Group justify="flex-end">
          {made ? (
            <Button onClick={props.onClose}>{t.keys.done}</Button>
          ) : (
            <>
              <Button variant="default" onClick={props.onClose}>
                {t.ui.cancel}
              </Button>
              <Button loading={make.isPending} onClick={() => make.mutate(props.of.id)}>
                {t.users.resetAction}
              </Button>
            </>
          )}
        </Group>
      </div>
    </Modal>
  );
}
