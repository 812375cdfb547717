import { ActionIcon, Burger, Drawer, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { t } from "../text/en";
import { Mark } from "../ui/mark";
import { Palette } from "./palette";
import { PAGES } from "./pages";
import { usePrefetch } from "./prefetch";
import { useMay } from "./session";
import css from "./shell.module.css";
import { TeamMenu } from "./team_menu";
import { UserMenu } from "./user_menu";

/** What stands around every page: where one is, for which team, as whom, and where else to go. */
export function Shell(props: { children: ReactNode }) {
  const [menu, setMenu] = useDisclosure();
  const [palette, setPalette] = useDisclosure();
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useHotkeys([["mod+K", setPalette.toggle]], []);
  usePrefetch();
  const { close } = setMenu;
  useEffect(() => close(), [pathname, close]);

  const side = <Side onSearch={setPalette.open} />;
  return (
    <div className={css.shell}>
      <a
        href="#main"
        className={css.skip}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t.shell.skip}
      </a>
      <section className={css.bar} aria-label={t.shell.bar}>
        <Burger
          opened={menu}
          onClick={setMenu.toggle}
          size="sm"
          aria-label={menu ? t.shell.closeMenu : t.shell.openMenu}
        />
        <Brand />
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          onClick={setPalette.open}
          aria-label={t.shell.search}
        >
          <IconSearch size={20} />
        </ActionIcon>
      </section>
      <aside className={css.side} aria-label={t.shell.side}>
        {side}
      </aside>
      <Drawer
        opened={menu}
        onClose={setMenu.close}
        size="17rem"
        title={<Brand />}
        closeButtonProps={{ "aria-label": t.ui.close }}
        classNames={{ body: css.drawer }}
      >
        {side}
      </Drawer>
      <main className={css.main} ref={main} id="main" tabIndex={-1}>
        {props.children}
      </main>
      {palette && <Palette onClose={setPalette.close} />}
    </div>
  );
}

const Brand = () => (
  <Link to="/" className={css.brand}>
    <Mark size={26} />
    <span>Keywarden</span>
  </Link>
);

function Side(props: { onSearch: () => void }) {
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: (at) => at.pathname });
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest" });
  }, [path]);
  return (
    <>
      <div className={css.wide}>
        <Brand />
      </div>
      <TeamMenu />
      <UnstyledButton className={css.search} onClick={props.onSearch}>
        <IconSearch size={16} aria-hidden />
        <span>{t.shell.search}</span>
        <kbd>{t.shell.searchKeys}</kbd>
      </UnstyledButton>
      <nav ref={nav} className={css.nav} aria-label={t.shell.pages}>
        <Links group="team" />
        <Links group="instance" title={t.shell.instance} />
      </nav>
      <UserMenu />
    </>
  );
}

function Links(props: { group: "team" | "instance"; title?: string }) {
  const may = useMay();
  const shown = PAGES.filter(
    (page) => page.label && (page.group ?? "team") === props.group && may(page.permission),
  );
  if (shown.length === 0) return null;
  return (
    <>
      {props.title && <div className={css.group}>{props.title}</div>}
      <ul>
        {shown.map((page) => (
          <li key={page.path}>
            <Link to={page.path} className={css.link} activeOptions={{ exact: page.path === "/" }}>
              {page.icon && <page.icon size={18} stroke={1.7} aria-hidden />}
              {page.label}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
