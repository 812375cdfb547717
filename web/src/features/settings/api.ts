import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Webhook = Schema["Webhook"];
export type EventKind = Schema["EventKind"];

/** Of the team, or the operator's own, which hear of all teams. */
export type Whose = "team" | "instance";

export const EVENTS: EventKind[] = [
  "budget.threshold",
  "key.spike",
  "provider_credential.unusable",
  "usage.unpriced",
];

export const useWebhooks = (whose: Whose) =>
  useQuery({
    queryKey: ["webhooks", whose],
    queryFn: async () => {
      const list = await ok(
        whose === "team" ? api.GET("/v1/account/webhooks") : api.GET("/v1/admin/webhooks"),
      );
      return list.data;
    },
  });

export const createWebhook = (whose: Whose, body: Schema["NewWebhook"]) =>
  ok(
    whose === "team"
      ? api.POST("/v1/account/webhooks", { body })
      : api.POST("/v1/admin/webhooks", { body }),
  );

/** Errors: version_mismatch where somebody changed it since. */
export function changeWebhook(whose: Whose, of: Webhook, body: Schema["WebhookChange"]) {
  const params = { path: { id: of.id }, header: { "If-Match": `"${of.version}"` } };
  return ok(
    whose === "team"
      ? api.PATCH("/v1/account/webhooks/{id}", { params, body })
      : api.PATCH("/v1/admin/webhooks/{id}", { params, body }),
  );
}

const path = (of: Webhook) => ({ params: { path: { id: of.id } } });

export const rotateWebhook = (whose: Whose, of: Webhook) =>
  ok(
    whose === "team"
      ? api.POST("/v1/account/webhooks/{id}/rotate", path(of))
      : api.POST("/v1/admin/webhooks/{id}/rotate", path(of)),
  );

export const testWebhook = (whose: Whose, of: Webhook) =>
  ok(
    whose === "team"
      ? api.POST("/v1/account/webhooks/{id}/test", path(of))
      : api.POST("/v1/admin/webhooks/{id}/test", path(of)),
  );

export const deleteWebhook = (whose: Whose, of: Webhook) =>
  ok(
    whose === "team"
      ? api.DELETE("/v1/account/webhooks/{id}", path(of))
      : api.DELETE("/v1/admin/webhooks/{id}", path(of)),
  );

export const changeTeamPolicy = (version: number, body: Schema["Policy"]) =>
  ok(
    api.PATCH("/v1/account/policy", {
      params: { header: { "If-Match": `"${version}"` } },
      body,
    }),
  );

export const changeKeyDefaults = (version: number, body: NonNullable<Schema["Limits"]>) =>
  ok(
    api.PATCH("/v1/account/key-defaults", {
      params: { header: { "If-Match": `"${version}"` } },
      body,
    }),
  );
