import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Budget = Schema["Budget"];

const PAGE = 50;

export const useBudgets = (enabled = true) =>
  useQuery({
    queryKey: ["budgets"],
    enabled,
    queryFn: async () => (await ok(api.GET("/v1/account/budgets"))).data,
  });

export const useBalance = (enabled = true) =>
  useQuery({ queryKey: ["balance"], enabled, queryFn: () => ok(api.GET("/v1/account/balance")) });

export const useLedger = () =>
  useInfiniteQuery({
    queryKey: ["ledger"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/v1/account/ledger", {
          params: { query: { limit: PAGE, ...(pageParam ? { after: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.next : null),
  });

export const createBudget = (body: Schema["NewBudget"]) =>
  ok(api.POST("/v1/account/budgets", { body }));

const at = (budget: Budget) => ({
  path: { id: budget.id },
  header: { "If-Match": `"${budget.version}"` },
});

export const changeBudget = (budget: Budget, body: Schema["BudgetChange"]) =>
  ok(api.PATCH("/v1/account/budgets/{id}", { params: at(budget), body }));

export const deleteBudget = (budget: Budget) =>
  ok(api.DELETE("/v1/account/budgets/{id}", { params: at(budget) }));

export const raiseBudget = (budget: Budget, body: Schema["NewRaise"]) =>
  ok(api.POST("/v1/account/budgets/{id}/raise", { params: at(budget), body }));

export const endRaise = (budget: Budget) =>
  ok(api.DELETE("/v1/account/budgets/{id}/raise", { params: at(budget) }));
