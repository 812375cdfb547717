import { useQuery } from "@tanstack/react-query";
import { api, ApiError, download, ok } from "../../api/client";
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
