import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changePassword } from "../../api/auth";
import { ApiError } from "../../api/client";
import { secondFactor } from "../../api/passkeys";
import { useEnter, useHere } from "../../app/session";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { toast } from "../../ui/toast";
import { PASSWORD_MIN } from "../sign_in/new_account";

/** The password: whoever knows the old one sets the new one, and is signed out everywhere else. */
export function NewPassword() {
  const [asked, setAsked] = useState({ current: "", new: "", code: "" });
  const enter = useEnter();
  const { passkeys } = useHere().session.user;
  const change = useMutation({
    mutationFn: async () =>
      changePassword({
        current: asked.current,
        new: asked.new,
        ...(await secondFactor(asked.code, passkeys)),
      }),
    onSuccess: (next) => {
      setAsked({ current: "", new: "", code: "" });
      enter(next);
      toast(t.profile.changed);
    },
  });
  const asksCode =
    change.error instanceof ApiError && change.error.code === "second_factor_required";
  const missing = PASSWORD_MIN - asked.new.length;
  return (
    <Card title={t.profile.password}>
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          if (missing <= 0) change.mutate();
        }}
      >
        <div className={css.fields}>
          <OwnPassword
            label={t.profile.currentPassword}
            value={asked.current}
            onChange={(text) => setAsked({ ...asked, current: text })}
          />
          <PasswordInput
            label={t.profile.newPassword}
            error={asked.new !== "" && missing > 0 && t.signIn.passwordShort(missing)}
            value={asked.new}
            onChange={(event) => setAsked({ ...asked, new: event.currentTarget.value })}
            autoComplete="new-password"
            required
          />
          {(asksCode || asked.code || passkeys > 0) && (
            <OwnCode
              value={asked.code}
              onChange={(text) => setAsked({ ...asked, code: text })}
              orPasskey={passkeys > 0}
            />
          )}
        </div>
        <p className={css.note}>{t.profile.passwordHelp(PASSWORD_MIN)}</p>
        <Failure error={change.error} />
        <div>
          <Button type="submit" loading={change.isPending}>
            {t.profile.change}
          </Button>
        </div>
      </form>
    </Card>
  );
}
