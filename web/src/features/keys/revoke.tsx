import { t } from "../../text/en";
import { Moment } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { useChange } from "../../ui/use_change";
import { revokeKey, type Key } from "./api";

/** There is no way back from it, so the name is typed. */
export function RevokeKey(props: { of: Key; onClose: () => void }) {
  const revoke = useChange(revokeKey, { said: t.keys.revokedNow, then: props.onClose });
  return (
    <Confirm
      title={t.keys.revokeTitle(props.of.name)}
      action={t.keys.revokeAction}
      typed={props.of.name}
      danger
      change={revoke}
      onConfirm={() => revoke.mutate(props.of.id)}
      onClose={props.onClose}
    >
      {t.keys.revokeText}{" "}
      {props.of.last_used_at ? (
        <>
          {t.keys.lastUse}: <Moment at={props.of.last_used_at} />.
        </>
      ) : (
        t.keys.neverUsed
      )}
    </Confirm>
  );
}
