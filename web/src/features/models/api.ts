import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";
import { useMay } from "../../app/session";
import { useKeysFound } from "../keys/api";

export type ListedModel = Schema["Model"];
const ACTIVE = { status: "active" } as const;

/** Models and routes as one of the keys may call them; nothing where there is none to ask as. */
export function useListedModels() {
  const may = useMay();
  const keys = useKeysFound(ACTIVE, may("playground"));
  const key = keys.data?.find((one) => one.kind !== "management" && may("playground", one.user));
  const id = key?.id ?? "";
  const models = useQuery({
    queryKey: ["models", id],
    enabled: id !== "",
    queryFn: async () => {
      const params = { params: { path: { id } } };
      return (await ok(api.GET("/v1/account/keys/{id}/playground/models", params))).data;
    },
  });
  return { keyName: key?.name ?? "", models: models.data ?? [] };
}
