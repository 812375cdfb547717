import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Session } from "../../api/auth";
import { ApiError } from "../../api/client";
import { useEnter } from "../../app/session";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Front } from "../../ui/front";
import { BackToSignIn } from "./sign_in";
import { SsoRedeem } from "./sso";
import { tokenOf } from "./token";

export const PASSWORD_MIN = 10;

export interface NewPerson {
  token: string;
  email: string;
  name: string;
  password: string;
  /** Of somebody who has an account already, with a second factor. */
  code: string;
}

/** Who came by a link that works once says who they are. */
export function NewAccount(props: {
  title: string;
  lead: string;
  noToken: string;
  action: string;
  withEmail?: boolean;
  withName?: boolean;
  /** An identity provider may say who one is, instead. */
  withProviders?: boolean;
  make: (person: NewPerson) => Promise<Session>;
}) {
  const [token] = useState(() => tokenOf(location.hash));
  const [person, setPerson] = useState({ name: "", email: "", password: "", code: "" });
  const enter = useEnter();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: () => props.make({ token, ...person }),
    onSuccess: (session) => {
      enter(session);
      void navigate({ to: "/", replace: true });
    },
  });
  const asksCode = make.error instanceof ApiError && make.error.code === "second_factor_required";
  if (!token) {
    return (
      <Front title={props.title} lead={props.noToken}>
        <BackToSignIn />
      </Front>
    );
  }
  const missing = PASSWORD_MIN - person.password.length;
  return (
    <Front title={props.title} lead={props.lead}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (missing <= 0) make.mutate();
        }}
      >
        {props.withName && (
          <TextInput
            label={t.signIn.name}
            value={person.name}
            onChange={(event) => setPerson({ ...person, name: event.currentTarget.value })}
            autoComplete="name"
            maxLength={100}
            required
            autoFocus
          />
        )}
        {props.withEmail && (
          <TextInput
            label={t.signIn.email}
            type="email"
            value={person.email}
            onChange={(event) => setPerson({ ...person, email: event.currentTarget.value })}
            autoComplete="username"
            required
          />
        )}
        <PasswordInput
          label={t.signIn.password}
          description={t.signIn.passwordHelp(PASSWORD_MIN)}
          error={person.password !== "" && missing > 0 && t.signIn.passwordShort(missing)}
          value={person.password}
          onChange={(event) => setPerson({ ...person, password: event.currentTarget.value })}
          autoComplete="new-password"
          required
        />
        {(asksCode || person.code) && (
          <TextInput
            label={t.signIn.code}
            description={t.signIn.codeHelp}
            value={person.code}
            onChange={(event) => setPerson({ ...person, code: event.currentTarget.value })}
            autoComplete="one-time-code"
            autoFocus
          />
        )}
        <Failure error={make.error} />
        <Button type="submit" loading={make.isPending} fullWidth>
          {props.action}
        </Button>
      </form>
      {props.withProviders && <SsoRedeem token={token} />}
    </Front>
  );
}
