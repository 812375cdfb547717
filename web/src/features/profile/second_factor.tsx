import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { beginTotp, confirmTotp, endTotp } from "../../api/auth";
import { secondFactor } from "../../api/passkeys";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Code, State } from "../../ui/bits";
import { Dialog, DialogForm } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { RecoveryCodes, TakeAway } from "./proof";

/** An authenticator app, besides the password. */
export function SecondFactor() {
  const { session } = useHere();
  const [dialog, setDialog] = useState<"begin" | "end" | null>(null);
  const queries = useQueryClient();
  const isOn = session.user.has_authenticator;
  const close = () => {
    setDialog(null);
    void queries.invalidateQueries({ queryKey: ["session"] });
  };
  return (
    <Card title={t.profile.second}>
      <div className={css.between}>
        <span>
          <State tone={isOn ? "good" : "idle"}>
            {isOn ? t.profile.secondOn : t.profile.secondOff}
          </State>{" "}
          <span className={css.note}>{t.profile.secondHelp}</span>
        </span>
        <Button variant="default" onClick={() => setDialog(isOn ? "end" : "begin")}>
          {isOn ? t.profile.secondEnd : t.profile.secondBegin}
        </Button>
      </div>
      {dialog === "begin" && <Begin onClose={close} />}
      {dialog === "end" && (
        <TakeAway
          title={t.profile.secondEnd}
          action={t.profile.secondEnd}
          text={t.profile.secondEndText}
          said={t.profile.secondEnded}
          take={endTotp}
          onClose={close}
        />
      )}
    </Card>
  );
}

function Begin(props: { onClose: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { passkeys } = useHere().session.user;
  const begin = useMutation({
    mutationFn: async () => beginTotp({ password, ...(await secondFactor(code, passkeys)) }),
    onSuccess: () => setCode(""),
  });
  const confirm = useMutation({ mutationFn: confirmTotp });
  const codes = confirm.data?.recovery_codes;
  if (codes) {
    return (
      <RecoveryCodes codes={codes} notice={t.profile.secondCodesOnce} onClose={props.onClose} />
    );
  }
  return (
    <Dialog title={t.profile.second} keep onClose={props.onClose}>
      {begin.data ? (
        <DialogForm
          action={t.profile.secondConfirmAction}
          change={confirm}
          onSubmit={() => confirm.mutate(code.trim())}
          onClose={props.onClose}
        >
          <div>{t.profile.secondScan}</div>
          <Code text={begin.data.secret} what={t.profile.secondSecret} wrap />
          <a href={begin.data.uri}>{t.profile.secondLink}</a>
          <TextInput
            label={t.profile.secondConfirm}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="one-time-code"
            required
          />
        </DialogForm>
      ) : (
        <DialogForm
          action={t.profile.secondBegin}
          change={begin}
          onSubmit={() => begin.mutate()}
          onClose={props.onClose}
        >
          <div>{t.profile.secondHelp}</div>
          <OwnPassword
            label={t.profile.currentPassword}
            value={password}
            onChange={setPassword}
            focus
          />
          {passkeys > 0 && <OwnCode value={code} onChange={setCode} orPasskey />}
        </DialogForm>
      )}
    </Dialog>
  );
}
