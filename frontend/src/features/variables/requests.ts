// Variables and secrets at the server. Keys: ["variables"] for those of every script, ["script", id, "variables"] for
// one script's and what it inherits, ["secrets-key"].
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { client, unwrap } from "~/api/client";
import type { components } from "~/api/schema";

type Schemas = components["schemas"];
export type Variable = Schemas["Variable"];
export type Inherited = Schemas["InheritedVariable"];
export type Wish = Schemas["VariableWish"];
export type SecretsKey = Schemas["SecretsKey"];

export const globalVariablesQuery = queryOptions({
  queryKey: ["variables"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/variables", { signal })),
});

export const scriptVariablesQuery = (id: string) =>
  queryOptions({
    queryKey: ["script", id, "variables"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/scripts/{id}/variables", { params: { path: { id } }, signal })),
  });

export const secretsKeyQuery = queryOptions({
  queryKey: ["secrets-key"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/system/key", { signal })),
});

/** Puts a list in the place of the one that there is, and shows what is stored then. */
export function useReplaceGlobal() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (items: Wish[]) => unwrap(client.PUT("/api/v1/variables", { body: { items } })),
    onSuccess: (stored) => {
      queryClient.setQueryData(globalVariablesQuery.queryKey, stored);
      // Every script inherits them.
      void queryClient.invalidateQueries({ queryKey: ["script"] });
      toast("Saved");
    },
  });
}

export function useReplaceOfScript(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (items: Wish[]) =>
      unwrap(client.PUT("/api/v1/scripts/{id}/variables", { params: { path: { id } }, body: { items } })),
    onSuccess: (stored) => {
      queryClient.setQueryData(scriptVariablesQuery(id).queryKey, stored);
      toast("Saved");
    },
  });
}

export function useRotateKey() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(client.POST("/api/v1/system/rotate-key")),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: secretsKeyQuery.queryKey }),
  });
}
