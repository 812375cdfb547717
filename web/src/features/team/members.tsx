import { Button, Select } from "@mantine/core";
import { useState } from "react";
import { useHere, useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import { Moment } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { useChange } from "../../ui/use_change";
import { useMembers } from "../keys/api";
import { changeRole, removeMember, rolesUpTo, type Member } from "./api";

/** Who is in the team, and as what. */
export function Members() {
  const members = useMembers();
  const may = useMay();
  const { session, team } = useHere();
  const [leaving, setLeaving] = useState<Member | null>(null);
  const change = useChange(changeRole, { said: t.ui.saved });
  const remove = useChange(removeMember, {
    said: t.team.removed,
    then: () => setLeaving(null),
  });
  const roles = rolesUpTo(team?.role ?? "viewer");
  const mayChange = (member: Member) =>
    may("members.write") && member.user !== session.user.id && roles.includes(member.role);
  return (
    <Card title={t.team.members} flush>
      <Failure error={change.error} />
      <Async query={members}>
        {(rows) => (
          <DataTable
            label={t.team.members}
            rows={rows}
            id={(member) => member.user}
            columns={[
              {
                head: t.keys.name,
                cell: (member) => (
                  <span>
                    {member.name}
                    {member.user === session.user.id && (
                      <span className={css.note}> {t.team.you}</span>
                    )}
                    <br />
                    <span className={css.note}>{member.email}</span>
                  </span>
                ),
              },
              {
                head: t.team.role,
                cell: (member) =>
                  mayChange(member) ? (
                    <Select
                      size="xs"
                      w={120}
                      aria-label={t.team.roleOf(member.name)}
                      data={roles.map((role) => ({ value: role, label: t.roles[role] }))}
                      value={member.role}
                      onChange={(role) => role && change.mutate({ user: member.user, role: role })}
                      allowDeselect={false}
                    />
                  ) : (
                    t.roles[member.role]
                  ),
              },
              { head: t.team.since, cell: (member) => <Moment at={member.created_at} /> },
              {
                head: t.ui.actions,
                bare: true,
                right: true,
                cell: (member) =>
                  mayChange(member) && (
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={t.team.removeTitle(member.name)}
                      onClick={() => setLeaving(member)}
                    >
                      {t.team.remove}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Async>
      {leaving && (
        <Confirm
          title={t.team.removeTitle(leaving.name)}
          action={t.team.remove}
          danger
          change={remove}
          onConfirm={() => remove.mutate(leaving.user)}
          onClose={() => setLeaving(null)}
        >
          {t.team.removeText}
        </Confirm>
      )}
    </Card>
  );
}
