import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  addPasskey,
  listPasskeys,
  removePasskey,
  secondFactor,
  type OwnPasskey,
} from "../../api/passkeys";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { toast } from "../../ui/toast";
import { usePasskeyProblem } from "../../ui/use_passkeys";
import { RecoveryCodes, TakeAway } from "./proof";

/** Keys of one's own devices, in place of a password or beside it. */
export function Passkeys() {
  const passkeys = useQuery({ queryKey: ["own-passkeys"], queryFn: listPasskeys });
  const problem = usePasskeyProblem();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<OwnPasskey | null>(null);
  const queries = useQueryClient();
  const close = () => {
    setAdding(false);
    setRemoving(null);
    for (const key of ["session", "own-passkeys", "own-sessions"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
  };
  return (
    <Card title={t.passkeys.title} flush>
      <Async query={passkeys}>
        {({ data, has_password }) => (
          <>
            {data.length > 0 && (
              <DataTable
                label={t.passkeys.title}
                rows={data}
                id={(one) => one.id}
                columns={[
                  { head: t.passkeys.name, cell: (one) => one.name },
                  { head: t.profile.since, cell: (one) => <Moment at={one.created_at} /> },
                  {
                    head: t.keys.lastUse,
                    cell: (one) => (one.last_used_at ? <Moment at={one.last_used_at} /> : "–"),
                  },
                  {
                    head: t.ui.actions,
                    bare: true,
                    right: true,
                    cell: (one) => (
                      <Button
                        variant="default"
                        size="compact-sm"
                        aria-label={t.passkeys.removeTitle(one.name)}
                        onClick={() => setRemoving(one)}
                      >
                        {t.passkeys.remove}
                      </Button>
                    ),
                  },
                ]}
              />
            )}
            <Group p="md" justify="space-between">
              <span className={css.note}>
                {!has_password ? t.passkeys.noPassword : (problem ?? t.passkeys.help)}
              </span>
              {has_password && problem === null && (
                <Button variant="default" onClick={() => setAdding(true)}>
                  {t.passkeys.add}
                </Button>
              )}
            </Group>
          </>
        )}
      </Async>
      {adding && <Add onClose={close} />}
      {removing && (
        <TakeAway
          title={t.passkeys.removeTitle(removing.name)}
          action={t.passkeys.remove}
          text={t.passkeys.removeText}
          said={t.passkeys.removed}
          take={(proof) => removePasskey(removing.id, proof)}
          onClose={close}
        />
      )}
    </Card>
  );
}

function Add(props: { onClose: () => void }) {
  const { user } = useHere().session;
  const [asked, setAsked] = useState({ name: "", password: "", code: "" });
  const add = useMutation({
    mutationFn: async () => {
      const factor = user.has_second_factor ? await secondFactor(asked.code, user.passkeys) : {};
      return addPasskey(asked.name.trim(), { password: asked.password, ...factor });
    },
    onSuccess: (made) => {
      if (made.recovery_codes.length > 0) return;
      toast(t.passkeys.added);
      props.onClose();
    },
  });
  const codes = add.data?.recovery_codes ?? [];
  if (codes.length > 0) {
    return <RecoveryCodes codes={codes} notice={t.passkeys.codesOnce} onClose={props.onClose} />;
  }
  return (
    <FormDialog
      title={t.passkeys.add}
      action={t.passkeys.addAction}
      ready={asked.name.trim() !== ""}
      change={add}
      onSubmit={() => add.mutate()}
      onClose={props.onClose}
    >
      <div>{t.passkeys.addText}</div>
      <TextInput
        label={t.passkeys.name}
        description={t.passkeys.nameHelp}
        value={asked.name}
        onChange={(event) => setAsked({ ...asked, name: event.currentTarget.value })}
        maxLength={100}
        required
        autoFocus
        data-autofocus
      />
      <OwnPassword
        label={t.profile.currentPassword}
        value={asked.password}
        onChange={(text) => setAsked({ ...asked, password: text })}
      />
      {user.has_second_factor && (
        <OwnCode
          value={asked.code}
          onChange={(text) => setAsked({ ...asked, code: text })}
          orPasskey={user.passkeys > 0}
        />
      )}
    </FormDialog>
  );
}
