import { t } from "../text/en";
import { Code } from "./bits";
import { OnceDialog } from "./dialog";

/** What an answer with a link says of it. No `mailed`: there is no mail server. */
interface MadeLink {
  link?: string;
  mailed?: boolean;
  mail_error?: string;
}

/** A link that somebody comes in with: whether they were mailed it, and the link itself. */
export function LinkOnce(props: {
  title: string;
  made: MadeLink;
  email: string;
  what: string;
  notice: string;
  onClose: () => void;
}) {
  const { link, mailed, mail_error } = props.made;
  const failed = mailed === false ? t.users.notMailed(mail_error ?? "") : props.notice;
  return (
    <OnceDialog
      title={props.title}
      notice={mailed ? t.users.mailed(props.email) : failed}
      good={mailed === true}
      onClose={props.onClose}
    >
      <Code text={link ?? ""} what={props.what} wrap />
    </OnceDialog>
  );
}
