import { Button, Divider, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { readState, signIn } from "../../api/auth";
import { ApiError } from "../../api/client";
import { askPasskey, signInWithPasskey, type PasskeyAnswer } from "../../api/passkeys";
import { useEnter } from "../../app/session";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Front } from "../../ui/front";
import css from "../../ui/layout.module.css";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { useOfferedPasskey, usePasskeyProblem } from "../../ui/use_passkeys";
import { SsoButtons, SsoFailure } from "./sso";

const needsCode = (error: unknown) =>
  error instanceof ApiError && error.code === "second_factor_required";

/** E-mail and password; a code, where the answer asks for one. */
export function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const enter = useEnter();
  const state = useQuery({ queryKey: ["auth-state"], queryFn: readState });
  const hasPasskeys = usePasskeyProblem() === null;
  const alone = useMutation({
    mutationFn: async (chosen?: PasskeyAnswer) =>
      signInWithPasskey(chosen ?? (await askPasskey(true))),
    onSuccess: enter,
  });
  const login = useMutation({
    mutationFn: async (isPasskey: boolean) => {
      const factor = isPasskey ? { passkey: await askPasskey() } : { code: code.trim() };
      return signIn({ email, password, ...(asksCode ? factor : {}) });
    },
    onSuccess: enter,
    onError: (error) => setAsksCode((before) => before || needsCode(error)),
  });
  const endOffer = useOfferedPasskey(hasPasskeys && !asksCode && alone.isIdle, alone.mutate);
  return (
    <Front title={asksCode ? t.signIn.codeTitle : t.signIn.title}>
      {state.data?.setup_needed && <p className={css.notice}>{t.signIn.setupNeeded}</p>}
      <SsoFailure />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate(false);
        }}
      >
        {asksCode ? (
          <OwnCode value={code} onChange={setCode} focus />
        ) : (
          <>
            <TextInput
              label={t.signIn.email}
              type="email"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              autoComplete="username webauthn"
              required
              autoFocus
            />
            <OwnPassword value={password} onChange={setPassword} />
          </>
        )}
        {!needsCode(login.error) && <Failure error={login.error} />}
        <Button type="submit" loading={login.isPending} fullWidth>
          {t.signIn.action}
        </Button>
        {asksCode && hasPasskeys && (
          <Button variant="default" onClick={() => login.mutate(true)} disabled={login.isPending}>
            {t.passkeys.use}
          </Button>
        )}
        {asksCode && (
          <Button variant="subtle" onClick={() => setAsksCode(false)}>
            {t.signIn.back}
          </Button>
        )}
      </form>
      {!asksCode && hasPasskeys && (
        <>
          <Divider label={t.sso.or} my="lg" />
          <div className={css.stack}>
            <Failure error={alone.error} />
            <Button
              variant="default"
              fullWidth
              loading={alone.isPending}
              onClick={() => {
                endOffer();
                alone.mutate(undefined);
              }}
            >
              {t.passkeys.signIn}
            </Button>
          </div>
        </>
      )}
      {!asksCode && <SsoButtons />}
    </Front>
  );
}

/** Where a link that works once is missing, or was used. */
export const BackToSignIn = () => (
  <p>
    <Link to="/">{t.signIn.goTo}</Link>
  </p>
);
