// What the API says about access tokens, and about who asks.

export type Scope = "full" | "read";

export interface Token {
  id: string;
  name: string;
  scope: Scope;
  /** The first characters after `pytask_`, to tell it by. */
  hint: string;
  created_at: string;
  /** To about a minute. */
  last_used_at: string | null;
  expires_at: string | null;
  /** It is of no use any more. */
  expired: boolean;
}

export type MadeToken = Token & { token: string };

export interface NewToken {
  name: string;
  scope: Scope;
  expires_at: string | null;
}

export interface Session {
  /** Nobody may ask without a token. */
  token_required: boolean;
  /** There is a token that somebody could sign in with. */
  has_tokens: boolean;
  /** Absent for somebody who has to sign in. */
  who: {
    kind: "anybody" | "owner" | "token" | "browser";
    scope: Scope;
    token_id: string | null;
    name: string | null;
    expires_at: string | null;
  } | null;
}
