import { t } from "../../text/en";
import { PolicyDialog } from "../policy/dialog";
import { changeKey, type Key } from "./api";

/** All lists and limits of a key, as they were when the dialog opened. */
export const KeyRules = (props: { of: Key; onClose: () => void }) => (
  <PolicyDialog
    title={t.policy.editTitle(props.of.name)}
    help={t.policy.help}
    of={props.of.policy}
    save={(policy) => changeKey(props.of.id, props.of.version, { policy })}
    onClose={props.onClose}
  />
);
