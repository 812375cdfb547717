import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Key = Schema["ApiKey"];
export type KeyState = Schema["KeyState"];
export type NewKey = Schema["NewApiKey"];
export type KeyChange = Schema["ApiKeyChange"];

/** A page of the API, and how many of them are read to be searched and sorted here. */
const PAGE = 100;
export const KEYS_MAX = 1000;
const CHOICES_MAX = 50;
const NOTICED_MAX = 20;

export interface KeyQuestion {
  status?: KeyState;
  unused?: boolean;
  expires_soon?: boolean;
  rotation?: "due" | "overdue";
  /** In the name, the id or the hint. */
  search?: string;
}

/** The newest keys that there are; `more`: not all of them, or not yet. */
export function useKeys(question: KeyQuestion = {}, enabled = true) {
  return useQuery({
    queryKey: ["keys", question],
    enabled,
    queryFn: async ({ client, queryKey }) => {
      const rows: Key[] = [];
      let after: string | null = null;
      do {
        const query: KeyQuestion & { limit: number; after?: string } = { ...question, limit: PAGE };
        if (after) query.after = after;
        const page: Schema["ApiKeyList"] = await ok(
          api.GET("/v1/account/keys", { params: { query } }),
        );
        rows.push(...page.data);
        after = page.has_more ? page.next : null;
        // Nobody waits for the last page to see the first.
        const isFirst = client.getQueryData(queryKey) === undefined;
        if (after && isFirst) client.setQueryData(queryKey, { rows: [...rows], more: true });
      } while (after && rows.length < KEYS_MAX);
      return { rows, more: after !== null };
    },
  });
}

/** A page of those that fit: enough to choose from. */
export const useKeysFound = (question: KeyQuestion, enabled: boolean) =>
  useQuery({
    queryKey: ["keys", "found", question],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: () => readKeys(question, CHOICES_MAX).then((page) => page.data),
  });

/** What somebody should look at among all keys: the newest of each kind. */
export const useNoticedKeys = (enabled: boolean) =>
  useQuery({
    queryKey: ["keys", "noticed"],
    enabled,
    queryFn: async () => {
      const [quarantined, overdue, expiring, unused] = await Promise.all([
        readKeys({ status: "quarantined" }, NOTICED_MAX),
        readKeys({ rotation: "overdue" }, NOTICED_MAX),
        readKeys({ expires_soon: true }, NOTICED_MAX),
        readKeys({ unused: true }, NOTICED_MAX),
      ]);
      return { quarantined, overdue, expiring, unused };
    },
  });

function readKeys({ search, ...question }: KeyQuestion, limit: number) {
  const query = { ...question, ...(search ? { search } : {}), limit };
  return ok(api.GET("/v1/account/keys", { params: { query } }));
}

export const readKey = (id: string) =>
  ok(api.GET("/v1/account/keys/{id}", { params: { path: { id } } }));

export const useKey = (id: string, enabled = true) =>
  useQuery({ queryKey: ["key", id], enabled, queryFn: () => readKey(id) });

export const createKey = (key: NewKey) => ok(api.POST("/v1/account/keys", { body: key }));

/** Errors: version_mismatch where somebody changed it since `version`. */
export const changeKey = (id: string, version: number, body: KeyChange) =>
  ok(
    api.PATCH("/v1/account/keys/{id}", {
      params: { path: { id }, header: { "If-Match": `"${version}"` } },
      body,
    }),
  );

export const rotateKey = (id: string, body: Schema["Rotation"]) =>
  ok(api.POST("/v1/account/keys/{id}/rotate", { params: { path: { id } }, body }));

const path = (id: string) => ({ params: { path: { id } } });

export const disableKey = (id: string) => ok(api.POST("/v1/account/keys/{id}/disable", path(id)));
export const enableKey = (id: string) => ok(api.POST("/v1/account/keys/{id}/enable", path(id)));
export const releaseKey = (id: string) => ok(api.POST("/v1/account/keys/{id}/release", path(id)));
export const revokeKey = (id: string) => ok(api.DELETE("/v1/account/keys/{id}", path(id)));

/** Apps, members and prices: what keys are named by and made for. */
export const useApps = () =>
  useQuery({
    queryKey: ["apps"],
    queryFn: async () => (await ok(api.GET("/v1/account/apps"))).data,
  });

export const useMembers = () =>
  useQuery({
    queryKey: ["members"],
    queryFn: async () => (await ok(api.GET("/v1/account/members"))).data,
  });

export const useModels = () =>
  useQuery({
    queryKey: ["prices"],
    staleTime: 300_000,
    queryFn: () => ok(api.GET("/v1/account/prices")),
  });

export const useAccount = () =>
  useQuery({ queryKey: ["account"], queryFn: () => ok(api.GET("/v1/account")) });
