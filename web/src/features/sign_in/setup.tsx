import { setUp } from "../../api/auth";
import { t } from "../../text/en";
import { NewAccount } from "./new_account";

/** Who opened the link that the first start printed becomes the first operator. */
export const SetupPage = () => (
  <NewAccount
    {...t.setup}
    withName
    withEmail
    make={({ token, email, name, password }) => setUp({ token, email, name, password })}
  />
);
