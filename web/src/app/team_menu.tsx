import { Menu, UnstyledButton } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { t } from "../text/en";
import { useHere } from "./session";
import css from "./shell.module.css";

/** The team whose things are shown, and the others that one is in. */
export function TeamMenu() {
  const { session, team, setTeam } = useHere();
  if (!team) return null;
  const isMember = session.teams.includes(team);
  const label = (
    <>
      <span className={css.face} aria-hidden>
        {initial(team.name)}
      </span>
      <span className={css.names}>
        <b>{team.name}</b>
        <small>{isMember ? t.roles[team.role] : t.profile.operator}</small>
      </span>
    </>
  );
  if (session.teams.length < 2 && isMember) return <div className={css.menu}>{label}</div>;
  return (
    <Menu width="target" position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={css.menu}>
          {label}
          <span className="kw-hidden">{t.shell.switchTeam}</span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {session.teams.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => setTeam(one)}
            rightSection={one.id === team.id ? <IconCheck size={16} /> : undefined}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export const initial = (name: string) => [...name.trim()][0]?.toUpperCase() ?? "?";
