import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { OnceDialog } from "../../ui/dialog";
import { useChange } from "../../ui/use_change";

const makeLink = (id: string) =>
  ok(api.POST("/v1/admin/users/{id}/reset-link", { params: { path: { id } } }));

/** For somebody who cannot sign in. */
export function ResetLink(props: { of: Schema["User"]; onClose: () => void }) {
  const make = useChange(makeLink);
  const made = make.data;
  const title = t.users.resetTitle(props.of.name);
  if (made) {
    return (
      <OnceDialog title={title} notice={t.users.resetOnce} onClose={props.onClose}>
        <Code text={made.link} what={t.users.resetLink} wrap />
      </OnceDialog>
    );
  }
  return (
    <Confirm
      title={title}
      action={t.users.resetAction}
      change={make}
      onConfirm={() => make.mutate(props.of.id)}
      onClose={props.onClose}
    >
      {t.users.resetText}
    </Confirm>
  );
}
