import { createRootRoute, createRoute, createRouter, Outlet } from "@tanstack/react-router";
import { BASE } from "../api/base";
import { Empty, Page } from "../ui/page";
import { t } from "../text/en";
import { parseSearch, stringifySearch } from "../ui/view";
import { Failed } from "./failed";
import { Gate } from "./gate";
import { OPEN_PAGES, PAGES, type PageInfo } from "./pages";
import { Permitted } from "./permitted";

const root = createRootRoute({ component: Outlet });
const signedIn = createRoute({ getParentRoute: () => root, id: "signed-in", component: Gate });

const pages = PAGES.map((info) =>
  createRoute({
    getParentRoute: () => signedIn,
    path: info.path,
    component: guarded(info),
  }),
);
const nowhere = createRoute({
  getParentRoute: () => signedIn,
  path: "$",
  component: NotFound,
});
const open = OPEN_PAGES.map((info) =>
  createRoute({ getParentRoute: () => root, path: info.path, component: info.page }),
);

export const router = createRouter({
  routeTree: root.addChildren([signedIn.addChildren([...pages, nowhere]), ...open]),
  basepath: BASE,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: Failed,
});

function guarded(info: PageInfo) {
  const Content = info.page;
  function Guarded() {
    return (
      <Permitted permission={info.permission}>
        <Content />
      </Permitted>
    );
  }
  // What the router asks for as soon as somebody points at a link.
  Guarded.preload = Content.preload;
  return Guarded;
}

function NotFound() {
  return (
    <Page title={t.notFound.title}>
      <Empty title={t.notFound.text} action={<a href={BASE}>{t.notFound.back}</a>} />
    </Page>
  );
}
