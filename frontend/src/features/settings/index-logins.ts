// Who signs in to a package index, as it is typed, and what of it is sent. Pure.
import type { CredentialsPatch, IndexView } from "~/api/types";

export interface TypedLogin {
  username: string;
  /** Empty: the one that is kept, where one is. */
  password: string;
}

/** Whether there is a password of Settings' own that can stay as it is. */
export const keepsPassword = ({ credentials }: IndexView): boolean =>
  credentials?.set_by === "settings" && credentials.has_password;

/** What a save sends: null if something is missing or nothing differs. */
export function loginPatch({ username, password }: TypedLogin, index: IndexView): CredentialsPatch | null {
  const name = username.trim();
  const kept = keepsPassword(index);
  if (name === "" || (password === "" && !kept)) return null;
  const sameName = kept && name === index.credentials?.username;
  if (sameName && password === "") return null;
  return { ...(sameName ? {} : { username: name }), ...(password === "" ? {} : { password }) };
}

/** The server's sentence, which begins with the address that the row shows already. */
export const withoutAddress = (message: string, address: string): string => {
  const rest = message.startsWith(`${address} `) ? message.slice(address.length + 1) : message;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
};
