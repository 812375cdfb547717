import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { Confirm } from "../../ui/confirm";
import { LinkOnce } from "../../ui/link_once";
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
      <LinkOnce
        title={title}
        made={made}
        email={props.of.email ?? ""}
        what={t.users.resetLink}
        notice={t.users.resetOnce}
        onClose={props.onClose}
      />
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
