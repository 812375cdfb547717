import { useQuery } from "@tanstack/react-query";
import { api, ok, type Schema } from "../../api/client";

export type Credential = Schema["ProviderCredential"];

export const useCredentials = (enabled = true) =>
  useQuery({
    queryKey: ["providers"],
    enabled,
    queryFn: async () => (await ok(api.GET("/v1/account/providers"))).data,
  });

const path = (id: string) => ({ params: { path: { id } } });

export const testCredential = (id: string) =>
  ok(api.POST("/v1/account/providers/{id}/test", path(id)));

/** Sets it, and asks the provider at once whether it takes it. */
export const addCredential = async (body: Schema["PutProviderCredential"]) => {
  const made = await ok(api.PUT("/v1/account/providers", { body }));
  return testCredential(made.id);
};

export const changeCredential = async (of: Credential, body: Schema["ProviderCredentialChange"]) =>
  ok(
    api.PUT("/v1/account/providers/{id}", {
      params: { path: { id: of.id }, header: { "If-Match": `"${of.version}"` } },
      body,
    }),
  );

export const deleteCredential = (of: Credential) =>
  ok(
    api.DELETE("/v1/account/providers/{id}", {
      params: { path: { id: of.id }, header: { "If-Match": `"${of.version}"` } },
    }),
  );
