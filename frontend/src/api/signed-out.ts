// Whether the server wants to know who asks, and does not: told by any answer, shown by the frame.
import { createStore } from "~/lib/store";

export const signedOut = createStore(false);

/** Refusals that signing in again mends. */
const CODES = new Set(["token_required", "wrong_token", "token_expired"]);

export const wantsSignIn = (status: number, code: string): boolean => status === 401 && CODES.has(code);
