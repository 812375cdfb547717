import { useState } from "react";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { policyChanges, policyDraftOf, type ListName, type Policy } from "./draft";
import { PolicyFields } from "./fields";

/** What something may use and how much, as it was when the dialog opened. */
export function PolicyDialog(props: {
  title: string;
  help: string;
  of: Policy;
  withKinds?: boolean;
  /** These lists alone, and no limits. */
  only?: readonly ListName[];
  save: (policy: Policy) => Promise<unknown>;
  onClose: () => void;
}) {
  const [before] = useState(() => policyDraftOf(props.of));
  const [draft, setDraft] = useState(before);
  const changes = policyChanges(before, draft);
  const save = useChange(() => props.save(changes), { said: t.ui.saved, then: props.onClose });
  return (
    <FormDialog
      title={props.title}
      size="46rem"
      ready={Object.keys(changes).length > 0}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <div className={css.note}>{props.help}</div>
      <PolicyFields
        draft={draft}
        onChange={setDraft}
        withKinds={props.withKinds ?? false}
        only={props.only}
      />
    </FormDialog>
  );
}
