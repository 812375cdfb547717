import {
  IconBox,
  IconBuilding,
  IconChartBar,
  IconHeartbeat,
  IconHome,
  IconKey,
  IconListSearch,
  IconMessages,
  IconPlugConnected,
  IconReceipt2,
  IconRoute,
  IconSettings,
  IconTool,
  IconShieldLock,
  IconUserCog,
  IconUsers,
  IconStack2,
  IconWallet,
  type Icon,
} from "@tabler/icons-react";
import { lazyRouteComponent } from "@tanstack/react-router";
import { t } from "../text/en";

export interface PageInfo {
  path: string;
  /** In the menu; what has none is reached from another page. */
  label?: string;
  icon?: Icon;
  /** null: everybody who is signed in. */
  permission: string | null;
  group?: "team" | "instance";
  page: ReturnType<typeof lazyRouteComponent>;
}

/** Every page of the console. The menu and the palette are drawn from this too. */
export const PAGES: PageInfo[] = [
  {
    path: "/",
    label: t.nav.overview,
    icon: IconHome,
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/overview/page"), "OverviewPage"),
  },
  {
    path: "/keys",
    label: t.nav.keys,
    icon: IconKey,
    permission: "keys.read",
    page: lazyRouteComponent(() => import("../features/keys/page"), "KeysPage"),
  },
  {
    path: "/keys/$id",
    permission: "keys.read",
    page: lazyRouteComponent(() => import("../features/keys/detail"), "KeyPage"),
  },
  {
    path: "/playground",
    label: t.nav.playground,
    icon: IconMessages,
    permission: "playground",
    page: lazyRouteComponent(() => import("../features/playground/page"), "PlaygroundPage"),
  },
  {
    path: "/usage",
    label: t.nav.usage,
    icon: IconChartBar,
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/usage/page"), "UsagePage"),
  },
  {
    path: "/requests",
    label: t.nav.requests,
    icon: IconListSearch,
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/requests/page"), "RequestsPage"),
  },
  {
    path: "/requests/$id",
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/requests/detail"), "RequestPage"),
  },
  {
    path: "/budgets",
    label: t.nav.budgets,
    icon: IconWallet,
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/budgets/page"), "BudgetsPage"),
  },
  {
    path: "/providers",
    label: t.nav.providers,
    icon: IconPlugConnected,
    permission: "account.read",
    page: lazyRouteComponent(() => import("../features/providers/page"), "ProvidersPage"),
  },
  {
    path: "/models",
    label: t.nav.models,
    icon: IconBox,
    permission: "account.read",
    page: lazyRouteComponent(() => import("../features/models/page"), "ModelsPage"),
  },
  {
    path: "/tools",
    label: t.nav.tools,
    icon: IconTool,
    permission: "keys.read",
    page: lazyRouteComponent(() => import("../features/tools/page"), "ToolsPage"),
  },
  {
    path: "/explain",
    label: t.nav.explain,
    icon: IconRoute,
    permission: "keys.read",
    page: lazyRouteComponent(() => import("../features/explain/page"), "ExplainPage"),
  },
  {
    path: "/team",
    label: t.nav.team,
    icon: IconUsers,
    permission: "account.read",
    page: lazyRouteComponent(() => import("../features/team/page"), "TeamPage"),
  },
  {
    path: "/audit",
    label: t.nav.audit,
    icon: IconShieldLock,
    permission: "audit.read",
    page: lazyRouteComponent(() => import("../features/audit/page"), "AuditPage"),
  },
  {
    path: "/settings",
    label: t.nav.settings,
    icon: IconSettings,
    permission: "usage.read",
    page: lazyRouteComponent(() => import("../features/settings/page"), "SettingsPage"),
  },
  {
    path: "/teams",
    label: t.nav.teams,
    icon: IconBuilding,
    permission: "operator",
    group: "instance",
    page: lazyRouteComponent(() => import("../features/teams/page"), "TeamsPage"),
  },
  {
    path: "/users",
    label: t.nav.users,
    icon: IconUserCog,
    permission: "operator",
    group: "instance",
    page: lazyRouteComponent(() => import("../features/users/page"), "UsersPage"),
  },
  {
    path: "/plans",
    label: t.nav.plans,
    icon: IconStack2,
    permission: "operator",
    group: "instance",
    page: lazyRouteComponent(() => import("../features/plans/page"), "PlansPage"),
  },
  {
    path: "/prices",
    label: t.nav.prices,
    icon: IconReceipt2,
    permission: "operator",
    group: "instance",
    page: lazyRouteComponent(() => import("../features/prices/page"), "PricesPage"),
  },
  {
    path: "/operations",
    label: t.nav.health,
    icon: IconHeartbeat,
    permission: "operator",
    group: "instance",
    page: lazyRouteComponent(() => import("../features/health/page"), "HealthPage"),
  },
  {
    path: "/profile",
    permission: null,
    page: lazyRouteComponent(() => import("../features/profile/page"), "ProfilePage"),
  },
];

/** Before anybody is signed in. */
export const OPEN_PAGES = [
  {
    path: "/setup",
    page: lazyRouteComponent(() => import("../features/sign_in/setup"), "SetupPage"),
  },
  {
    path: "/invitation",
    page: lazyRouteComponent(() => import("../features/sign_in/invitation"), "InvitationPage"),
  },
  {
    path: "/reset",
    page: lazyRouteComponent(() => import("../features/sign_in/reset"), "ResetPage"),
  },
];
