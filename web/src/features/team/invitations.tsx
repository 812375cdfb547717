import { Button, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useHere } from "../../app/session";
import { date } from "../../format/times";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import { DataTable } from "../../ui/data_table";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { LinkOnce } from "../../ui/link_once";
import { Card } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { invite, rolesUpTo, useInvitations, withdraw, type Role } from "./api";

/** Who was invited and has not come yet. */
export function Invitations() {
  const [inviting, setInviting] = useState(false);
  const invitations = useInvitations(true);
  const remove = useChange(withdraw, { said: t.team.withdrawn });
  return (
    <Card
      title={t.team.invitations}
      flush
      actions={
        <Button size="xs" leftSection={<IconPlus size={16} />} onClick={() => setInviting(true)}>
          {t.team.invite}
        </Button>
      }
    >
      <Failure error={remove.error} />
      <Async query={invitations} lines={1}>
        {(rows) =>
          rows.length === 0 ? (
            <p className={css.inCard}>{t.team.noInvitations}</p>
          ) : (
            <DataTable
              label={t.team.invitations}
              rows={rows}
              id={(one) => one.id}
              columns={[
                { head: t.signIn.email, cell: (one) => one.email },
                { head: t.team.role, cell: (one) => t.roles[one.role] },
                { head: t.team.validUntil, cell: (one) => date(one.expires_at) },
                {
                  head: t.ui.actions,
                  bare: true,
                  right: true,
                  cell: (one) => (
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={t.team.withdrawOf(one.email)}
                      onClick={() => remove.mutate(one.id)}
                    >
                      {t.team.withdraw}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Async>
      {inviting && <Invite onClose={() => setInviting(false)} />}
    </Card>
  );
}

function Invite(props: { onClose: () => void }) {
  const { team } = useHere();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const make = useChange(invite);
  const made = make.data;
  if (made) {
    return (
      <LinkOnce
        title={t.team.invited(made.email)}
        made={made}
        email={made.email}
        what={t.team.inviteLink}
        notice={t.team.inviteOnce}
        onClose={props.onClose}
      />
    );
  }
  return (
    <FormDialog
      title={t.team.invite}
      action={t.team.inviteAction}
      change={make}
      onSubmit={() => make.mutate({ email: email.trim(), role })}
      onClose={props.onClose}
    >
      <TextInput
        label={t.signIn.email}
        description={t.team.inviteHelp}
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Select
        label={t.team.role}
        data={rolesUpTo(team?.role ?? "viewer").map((one) => ({
          value: one,
          label: t.roles[one],
        }))}
        value={role}
        onChange={(next) => setRole(next ?? "member")}
        allowDeselect={false}
      />
    </FormDialog>
  );
}
