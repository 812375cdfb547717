import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Member = Schema["Member"];
export type App = Schema["App"];
export type Role = Schema["Role"];

export const ROLES = ["owner", "admin", "member", "viewer"] as const satisfies Role[];

/** Nobody gives a role that holds more than their own. */
export const rolesUpTo = (role: Role) => ROLES.slice(ROLES.indexOf(role));

export const changeRole = (asked: { user: string; role: Role }) =>
  ok(
    api.PATCH("/v1/account/members/{user}", {
      params: { path: { user: asked.user } },
      body: { role: asked.role },
    }),
  );

export const invite = (body: Schema["NewInvitation"]) =>
  ok(api.POST("/v1/account/invitations", { body }));

export const useInvitations = (enabled: boolean) =>
  useQuery({
    queryKey: ["invitations"],
    enabled,
    queryFn: async () => (await ok(api.GET("/v1/account/invitations"))).data,
  });

export const withdraw = (id: string) =>
  ok(api.DELETE("/v1/account/invitations/{id}", { params: { path: { id } } }));

export const removeMember = (user: string) =>
  ok(api.DELETE("/v1/account/members/{user}", { params: { path: { user } } }));

export const createApp = (name: string) => ok(api.POST("/v1/account/apps", { body: { name } }));

const at = (app: Pick<App, "id" | "version">) => ({
  path: { id: app.id },
  header: { "If-Match": `"${app.version}"` },
});

export const renameApp = (asked: { app: App; name: string }) =>
  ok(api.PATCH("/v1/account/apps/{id}", { params: at(asked.app), body: { name: asked.name } }));

/** Errors: version_mismatch where somebody changed it since. */
export const changeAppPolicy = (app: Pick<App, "id" | "version">, policy: Schema["Policy"]) =>
  ok(api.PATCH("/v1/account/apps/{id}", { params: at(app), body: { policy } }));

export const deleteApp = (app: App) => ok(api.DELETE("/v1/account/apps/{id}", { params: at(app) }));

export const renameTeam = (asked: { version: number; name: string }) =>
  ok(
    api.PATCH("/v1/account", {
      params: { header: { "If-Match": `"${asked.version}"` } },
      body: { name: asked.name },
    }),
  );

export const leaveTeam = () => ok(api.POST("/v1/account/leave"));

/** The team that is looked at, by whom it is; or any, by an operator. */
export type Whose = "own" | "any";

/** What closing a team would stop, and what is in the way. */
export const useClosing = (whose: Whose, id: string) =>
  useQuery({
    queryKey: ["closing", id],
    queryFn: () =>
      ok(
        whose === "own"
          ? api.GET("/v1/account/close")
          : api.GET("/v1/admin/teams/{id}/close", { params: { path: { id } } }),
      ),
  });

export const closeTeam = (whose: Whose, id: string, name: string) =>
  ok(
    whose === "own"
      ? api.POST("/v1/account/close", { body: { name } })
      : api.POST("/v1/admin/teams/{id}/close", { params: { path: { id } }, body: { name } }),
  );
