import { PasswordInput, TextInput } from "@mantine/core";
import { t } from "../text/en";

interface Field {
  value: string;
  onChange: (text: string) => void;
  /** Where the keyboard is at first. */
  focus?: boolean;
}

const focused = (focus = false) => (focus ? { autoFocus: true, "data-autofocus": true } : {});

/** The password that one has. */
export const OwnPassword = (props: Field & { label?: string }) => (
  <PasswordInput
    label={props.label ?? t.signIn.password}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
    autoComplete="current-password"
    required
    {...focused(props.focus)}
  />
);

/** Six digits of an authenticator app, or a recovery code; where it may be left out, a passkey. */
export const OwnCode = (props: Field & { orPasskey?: boolean }) => (
  <TextInput
    label={t.signIn.code}
    description={props.orPasskey ? t.passkeys.orCode : t.signIn.codeHelp}
    value={props.value}
    onChange={(event) => props.onChange(event.currentTarget.value)}
    autoComplete="one-time-code"
    required={!props.orPasskey}
    {...focused(props.focus)}
  />
);
