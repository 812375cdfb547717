import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import {
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSelector,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { signOut } from "../api/auth";
import { t } from "../text/en";
import { useEnter, useHere } from "./session";
import css from "./shell.module.css";
import { initial } from "./team_menu";

export const SCHEMES = [
  { value: "light", label: t.shell.light, icon: IconSun },
  { value: "dark", label: t.shell.dark, icon: IconMoon },
  { value: "auto", label: t.shell.auto, icon: IconDeviceDesktop },
] as const;

/** Mantine would write a <style> element to hold transitions back, which the CSP refuses. */
export const useScheme = () => useMantineColorScheme({ keepTransitions: true });

export function UserMenu() {
  const { session } = useHere();
  const enter = useEnter();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useScheme();
  const leave = async () => {
    const there = await signOut().catch(() => null); // it may have ended by itself
    if (there) location.assign(there);
    enter(null);
  };
  return (
    <Menu width="target" position="top-start">
      <Menu.Target>
        <UnstyledButton className={css.menu}>
          <span className={css.face} aria-hidden>
            {initial(session.user.name)}
          </span>
          <span className={css.names}>
            <b>{session.user.name}</b>
            <small>{session.user.email}</small>
          </span>
          <span className="kw-hidden">{t.shell.userMenu}</span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.shell.appearance}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme.value}
            leftSection={<scheme.icon size={16} />}
            aria-current={colorScheme === scheme.value || undefined}
            fw={colorScheme === scheme.value ? 600 : undefined}
            onClick={() => setColorScheme(scheme.value)}
          >
            {scheme.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconUser size={16} />}
          onClick={() => void navigate({ to: "/profile" })}
        >
          {t.profile.title}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t.shell.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
