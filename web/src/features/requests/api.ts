import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Call = Schema["Request"];

export interface CallQuery {
  from?: string;
  until?: string;
  key?: string;
  app?: string;
  model?: string;
  session?: string;
  status?: "failed" | "ok";
}

const PAGE = 50;
const LATEST = 100;
const LIVE_MS = 2000;

/** Calls, the latest first, a page at a time; `live`: what comes in is shown as it comes. */
export const useCalls = (question: CallQuery, live: boolean) =>
  useInfiniteQuery({
    queryKey: ["requests", question],
    placeholderData: keepPreviousData,
    refetchInterval: live ? LIVE_MS : false,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/v1/account/requests", {
          params: {
            query: { ...question, limit: PAGE, ...(pageParam ? { after: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.next : null),
  });

/** The latest that went well: how long those took says something. */
export const useLatestCalls = () =>
  useQuery({
    queryKey: ["requests", "latest"],
    queryFn: async () => {
      const query = { limit: LATEST, status: "ok" as const };
      return (await ok(api.GET("/v1/account/requests", { params: { query } }))).data;
    },
  });

export const useCall = (id: string) =>
  useQuery({
    queryKey: ["request", id],
    queryFn: () => ok(api.GET("/v1/account/requests/{id}", { params: { path: { id } } })),
  });
