import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";
import type { Days } from "../../format/period";

export type Sums = Schema["UsageSums"];
export type Dimension = "key" | "app" | "model" | "provider";

export interface Filter {
  key?: string;
  app?: string;
  model?: string;
  provider?: string;
}

export type UsageQuery = Filter & Days & { limit?: number };

const PATHS = {
  key: "/v1/account/usage/by-key",
  app: "/v1/account/usage/by-app",
  model: "/v1/account/usage/by-model",
  provider: "/v1/account/usage/by-provider",
} as const;

export const usagePath = (by: Dimension) => PATHS[by];

/** A line each day; each hour, where `hourly`. */
export const useUsageOverTime = (query: UsageQuery, hourly: boolean) =>
  useQuery({
    queryKey: ["usage", "time", query, hourly],
    placeholderData: keepPreviousData,
    queryFn: () =>
      hourly
        ? ok(api.GET("/v1/account/usage/hourly", { params: { query } }))
        : ok(api.GET("/v1/account/usage/daily", { params: { query } })),
  });

export interface Part {
  id: string | null;
  name: string;
  sums: Sums;
}

/** What each key, app, model or provider used; the costliest first. */
export const useUsageBy = (by: Dimension, query: UsageQuery, enabled = true) =>
  useQuery({
    queryKey: ["usage", by, query],
    placeholderData: keepPreviousData,
    enabled,
    queryFn: () => parts(by, query),
  });

async function parts(by: Dimension, query: UsageQuery): Promise<Part[]> {
  const params = { params: { query } };
  if (by === "key") {
    const list = await ok(api.GET(PATHS.key, params));
    return (list.data ?? []).map((row) => part(row.key?.id, row.key?.name, row));
  }
  if (by === "app") {
    const list = await ok(api.GET(PATHS.app, params));
    return (list.data ?? []).map((row) => part(row.app?.id, row.app?.name, row));
  }
  if (by === "model") {
    const list = await ok(api.GET(PATHS.model, params));
    return (list.data ?? []).map((row) => part(row.model, row.model, row));
  }
  const list = await ok(api.GET(PATHS.provider, params));
  return (list.data ?? []).map((row) => part(row.provider, row.provider, row));
}

const part = (
  id: string | null | undefined,
  name: string | null | undefined,
  sums: Sums,
): Part => ({
  id: id ?? null,
  name: name ?? id ?? "",
  sums,
});
