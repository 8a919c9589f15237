// How the language server of the shown script is, for those who show it without the editor at hand.
import { createStore, type Store } from "~/lib/store";
import type { LanguageStatus } from "./language";

export const toolsStatus: Store<LanguageStatus> = createStore<LanguageStatus>({ state: "off" });

let wish: (() => void) | null = null;

/** The editor says what is to be done when somebody asks for it again. */
export const onAskedAgain = (again: (() => void) | null) => {
  wish = again;
};

/** After it was given up. */
export const askAgain = () => wish?.();
