// What the API says about the address at which a call starts a script.

export interface Trigger {
  script_id: string;
  /** Below this server's own address; told when it is made, and never again. */
  url_path: string | null;
  /** How it begins, to tell it by. */
  url_shown: string;
  enabled: boolean;
  /** Calls have to be signed. */
  signed: boolean;
  has_secret: boolean;
  /** What calls are signed with; told when it is made, and never again. */
  secret: string | null;
  last_used_at: string | null;
  created_at: string;
  updated_at: string;
}

/** What is left out stays as it is. */
export interface TriggerTerms {
  enabled?: boolean;
  signed?: boolean;
}

export type Anew = "address" | "secret";
