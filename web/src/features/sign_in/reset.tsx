import { resetPassword } from "../../api/auth";
import { t } from "../../text/en";
import { NewAccount } from "./new_account";

/** An operator made this link for somebody who lost their password. */
export const ResetPage = () => (
  <NewAccount {...t.reset} make={({ token, password }) => resetPassword({ token, password })} />
);
