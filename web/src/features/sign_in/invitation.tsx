import { acceptInvitation } from "../../api/auth";
import { t } from "../../text/en";
import { NewAccount } from "./new_account";

/** Who is known already types the password that they have. */
export const InvitationPage = () => (
  <NewAccount
    {...t.invitation}
    withName
    withProviders
    make={({ token, name, password, code }) =>
      acceptInvitation({ token, name, password, ...(code ? { code } : {}) })
    }
  />
);
