import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Price = Schema["Price"];
export type PriceChange = Schema["PriceChange"];

export const usePrices = () =>
  useQuery({ queryKey: ["all-prices"], queryFn: () => ok(api.GET("/v1/admin/prices")) });

export const setPrice = (model: string, body: PriceChange) =>
  ok(api.PUT("/v1/admin/prices/{model}", { params: { path: { model } }, body }));

/** From then on the book's price holds again, where it has one. */
export const resetPrice = (model: string) =>
  ok(api.DELETE("/v1/admin/prices/{model}", { params: { path: { model } } }));
