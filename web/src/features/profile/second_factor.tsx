import { Button, Group, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { beginTotp, confirmTotp, endTotp } from "../../api/auth";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import { Code, State } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { toast } from "../../ui/toast";

/** An authenticator app, besides the password. */
export function SecondFactor() {
  const { session } = useHere();
  const [dialog, setDialog] = useState<"begin" | "end" | null>(null);
  const queries = useQueryClient();
  const isOn = session.user.has_second_factor;
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
      {dialog === "end" && <End onClose={close} />}
    </Card>
  );
}

function Begin(props: { onClose: () => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: beginTotp });
  const confirm = useMutation({ mutationFn: confirmTotp });
  const codes = confirm.data?.recovery_codes;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={codes ? t.profile.secondCodes : t.profile.second}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      {codes ? (
        <div className={css.stack}>
          <div className={css.notice} data-tone="good" role="status">
            {t.profile.secondCodesOnce}
          </div>
          <Code text={codes.join("\n")} what={t.profile.secondCodes} />
          <Group justify="flex-end">
            <Button onClick={props.onClose}>{t.keys.done}</Button>
          </Group>
        </div>
      ) : begin.data ? (
        <form
          className={css.stack}
          onSubmit={(event) => {
            event.preventDefault();
            confirm.mutate(code.trim());
          }}
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
          <Failure error={confirm.error} />
          <Group justify="flex-end">
            <Button type="submit" loading={confirm.isPending}>
              {t.profile.secondConfirmAction}
            </Button>
          </Group>
        </form>
      ) : (
        <form
          className={css.stack}
          onSubmit={(event) => {
            event.preventDefault();
            begin.mutate(password);
          }}
        >
          <div>{t.profile.secondHelp}</div>
          <PasswordInput
            label={t.profile.currentPassword}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            required
            data-autofocus
          />
          <Failure error={begin.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {t.ui.cancel}
            </Button>
            <Button type="submit" loading={begin.isPending}>
              {t.profile.secondBegin}
            </Button>
          </Group>
        </form>
      )}
    </Modal>
  );
}

function End(props: { onClose: () => void }) {
  const [asked, setAsked] = useState({ password: "", code: "" });
  const end = useMutation({
    mutationFn: () => endTotp(asked),
    onSuccess: () => {
      toast(t.profile.secondEnded);
      props.onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t.profile.secondEnd}
      closeButtonProps={{ "aria-label": t.ui.close }}
    >
      <form
        className={css.stack}
        onSubmit={(event) => {
          event.preventDefault();
          end.mutate();
        }}
      >
        <div>{t.profile.secondEndText}</div>
        <PasswordInput
          label={t.profile.currentPassword}
          value={asked.password}
          onChange={(event) => setAsked({ ...asked, password: event.currentTarget.value })}
          autoComplete="current-password"
          required
          data-autofocus
        />
        <TextInput
          label={t.signIn.code}
          description={t.signIn.codeHelp}
          value={asked.code}
          onChange={(event) => setAsked({ ...asked, code: event.currentTarget.value })}
          autoComplete="one-time-code"
          required
        />
        <Failure error={end.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {t.ui.cancel}
          </Button>
          <Button type="submit" color="red.9" loading={end.isPending}>
            {t.profile.secondEnd}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
