import { t } from "../../text/en";
import { changeKey } from "../keys/api";
import { changeInstance, changePlan } from "../plans/api";
import { PolicyDialog } from "../policy/dialog";
import type { Policy } from "../policy/draft";
import { changeTeamPolicy } from "../settings/api";
import { changeAppPolicy } from "../team/api";
import type { Scope, ToolList } from "./lists";

const SAVE: Record<Scope, (of: ToolList, policy: Policy) => Promise<unknown>> = {
  instance: (of, policy) => changeInstance(of.version, { policy }),
  plan: (of, policy) => changePlan(of, { policy }),
  team: (of, policy) => changeTeamPolicy(of.version, policy),
  app: (of, policy) => changeAppPolicy(of, policy),
  key: (of, policy) => changeKey(of.id, of.version, { policy }),
};

/** One list of tools, as it was when the dialog opened. */
export const EditTools = (props: { of: ToolList; title: string; onClose: () => void }) => (
  <PolicyDialog
    title={props.title}
    help={t.tools.editHelp}
    of={{ tools: props.of.list }}
    only={["tools"]}
    save={(policy) => SAVE[props.of.scope](props.of, policy)}
    onClose={props.onClose}
  />
);
