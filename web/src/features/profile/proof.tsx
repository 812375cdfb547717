import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { secondFactor } from "../../api/passkeys";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import { FormDialog, OnceDialog } from "../../ui/dialog";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { toast } from "../../ui/toast";

/** Takes away a way of signing in, once the password and a second factor have shown who asks. */
export function TakeAway(props: {
  title: string;
  action: string;
  /** What stops working. */
  text: string;
  said: string;
  take: (proof: Schema["PasswordProof"]) => Promise<unknown>;
  onClose: () => void;
}) {
  const [asked, setAsked] = useState({ password: "", code: "" });
  const { passkeys } = useHere().session.user;
  const change = useMutation({
    mutationFn: async () =>
      props.take({ password: asked.password, ...(await secondFactor(asked.code, passkeys)) }),
    onSuccess: () => {
      toast(props.said);
      props.onClose();
    },
  });
  return (
    <FormDialog
      title={props.title}
      action={props.action}
      danger
      change={change}
      onSubmit={() => change.mutate()}
      onClose={props.onClose}
    >
      <div>{props.text}</div>
      <OwnPassword
        label={t.profile.currentPassword}
        value={asked.password}
        onChange={(text) => setAsked({ ...asked, password: text })}
        focus
      />
      <OwnCode
        value={asked.code}
        onChange={(text) => setAsked({ ...asked, code: text })}
        orPasskey={passkeys > 0}
      />
    </FormDialog>
  );
}

/** What helps where the second factor is lost. */
export const RecoveryCodes = (props: { codes: string[]; notice: string; onClose: () => void }) => (
  <OnceDialog title={t.profile.secondCodes} notice={props.notice} good onClose={props.onClose}>
    <Code text={props.codes.join("\n")} what={t.profile.secondCodes} />
  </OnceDialog>
);
