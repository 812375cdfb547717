import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Plan = Schema["Plan"];
export type PlanChange = Schema["PlanChange"];
export type Settings = Schema["Settings"];

export const usePlans = (enabled = true) =>
  useQuery({
    queryKey: ["plans"],
    enabled,
    queryFn: async () => (await ok(api.GET("/v1/admin/plans"))).data,
  });

export const createPlan = (body: Schema["NewPlan"]) => ok(api.POST("/v1/admin/plans", { body }));

/** Errors: version_mismatch where somebody changed it since. */
export const changePlan = (of: Pick<Plan, "id" | "version">, body: PlanChange) =>
  ok(
    api.PATCH("/v1/admin/plans/{id}", {
      params: { path: { id: of.id }, header: { "If-Match": `"${of.version}"` } },
      body,
    }),
  );

export const useInstance = (enabled = true) =>
  useQuery({ queryKey: ["instance"], enabled, queryFn: () => ok(api.GET("/v1/admin/settings")) });

export const changeInstance = (version: number, body: Schema["SettingsChange"]) =>
  ok(
    api.PATCH("/v1/admin/settings", {
      params: { header: { "If-Match": `"${version}"` } },
      body,
    }),
  );
