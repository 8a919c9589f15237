// What the interface asks the server about tokens and about who is signed in.
import { queryOptions } from "@tanstack/react-query";
import { ask } from "~/api/client";
import type { MadeToken, NewToken, Session, Token } from "./contract";

export const createToken = (body: NewToken) => ask<MadeToken>("POST", "/tokens", body);
export const deleteToken = (id: string) => ask<void>("DELETE", `/tokens/${encodeURIComponent(id)}`);
export const signIn = (token: string) => ask<Session>("POST", "/session", { token });
export const signOut = () => ask<void>("DELETE", "/session");

export const tokensQuery = queryOptions({
  queryKey: ["access", "tokens"],
  queryFn: ({ signal }) => ask<{ items: Token[] }>("GET", "/tokens", undefined, signal),
  select: (list) => list.items,
});

export const sessionQuery = queryOptions({
  queryKey: ["access", "session"],
  queryFn: ({ signal }) => ask<Session>("GET", "/session", undefined, signal),
});
