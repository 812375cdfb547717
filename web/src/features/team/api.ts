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
