import { useQuery } from "@tanstack/react-query";
import { api, ApiError, download, ok, type Schema } from "../../api/client";
import { parseMetrics } from "./metrics";

const REFRESH_MS = 5000;

export const useMetrics = () =>
  useQuery({
    queryKey: ["metrics"],
    refetchInterval: REFRESH_MS,
    queryFn: async () => parseMetrics((await download("/metrics", "text/plain")).text),
  });

/** Whether new requests are welcome, or why not. */
export const useReadiness = () =>
  useQuery({
    queryKey: ["ready"],
    refetchInterval: REFRESH_MS,
    queryFn: async () => {
      try {
        await ok(api.GET("/ready"));
        return { ready: true, why: null };
      } catch (error) {
        if (error instanceof ApiError && error.code !== "unreachable") {
          return { ready: false, why: error.message };
        }
        throw error;
      }
    },
  });

export const useVault = () =>
  useQuery({ queryKey: ["vault"], queryFn: () => ok(api.GET("/v1/admin/vault")) });

export const useAllCredentials = () =>
  useQuery({
    queryKey: ["all-credentials"],
    queryFn: async () => (await ok(api.GET("/v1/admin/providers"))).data,
  });

export type Incident = Schema["Incident"];

export const IMPACTS = ["maintenance", "degraded", "down"] as const;
export const STEPS = ["investigating", "identified", "monitoring", "resolved"] as const;

export const useIncidents = () =>
  useQuery({
    queryKey: ["incidents"],
    queryFn: async () => (await ok(api.GET("/v1/admin/incidents"))).data,
  });

export const tell = (body: Schema["NewIncident"]) => ok(api.POST("/v1/admin/incidents", { body }));

/** Errors: version_mismatch where somebody told of it since. */
export const tellMore = (asked: {
  incident: Incident;
  state: Incident["state"];
  message: string;
}) =>
  ok(
    api.PATCH("/v1/admin/incidents/{id}", {
      params: {
        path: { id: asked.incident.id },
        header: { "If-Match": `"${asked.incident.version}"` },
      },
      body: { state: asked.state, message: asked.message },
    }),
  );
