// How an environment stands, in a sentence or two, and which act helps. Pure.
import type { EnvironmentStatus, Inline, Run } from "~/api/types";
import { plural } from "~/lib/format";

export interface StateWords {
  sentence: string;
  /** The installer's own words or the file that is damaged: shown whole. */
  detail: string | null;
  /** The act that helps; the one accent button. */
  helps: "install" | "rebuild" | null;
}

/** `build` is the build under way, once it is known. */
export function stateWords(status: EnvironmentStatus, build?: Run | null): StateWords {
  const detail = status.message?.trim() || null;
  const has = status.lock_hash != null;
  switch (status.state) {
    case "not_needed":
      return {
        sentence: "It asks for no packages, so it runs on the standard library alone.",
        detail: null,
        helps: null,
      };
    case "in_step":
      return {
        sentence: `What is installed is what is asked for: ${plural(status.packages, "package")}, locked with their hashes.`,
        detail: null,
        helps: null,
      };
    case "missing":
      return {
        sentence: "Its packages were never installed. The first run has them installed, or do it now.",
        detail: null,
        helps: "install",
      };
    case "needs_install":
      return {
        sentence: "What is asked for is not what is installed. Runs use what is there until it is installed.",
        detail,
        helps: "install",
      };
    case "building":
      return {
        sentence:
          build?.build?.action === "check"
            ? "It finds out what an update would change. Nothing is installed."
            : has
              ? "A new environment is being made. Runs use the one they have until the new one is whole."
              : "The first environment is being made. Runs wait for it.",
        detail: null,
        helps: null,
      };
    case "failed":
      return {
        sentence: has
          ? "The last install failed. Runs use the environment from before it."
          : "The last install failed, and there is no earlier environment. Change what is asked for, or try again.",
        detail,
        helps: "install",
      };
    case "broken":
      return {
        sentence: "Files of the environment are not as they were made. A rebuild makes them new from the same lock.",
        detail,
        helps: "rebuild",
      };
  }
}

/** How list and metadata block stand to each other. `file` is the entry file. */
export function inlineWords(inline: Inline, file: string): string {
  switch (inline.state) {
    case "in_step":
      return `${file} has a metadata block (PEP 723) that asks for the same. Saving either changes both.`;
    case "file_newer":
      return `The metadata block (PEP 723) in ${file} was changed; the list below is from before.`;
    case "list_newer":
      return `The list was changed; the metadata block (PEP 723) in ${file} is from before.`;
    case "conflict":
      return `The list and the metadata block (PEP 723) in ${file} were both changed, and say different things. Neither is touched until you choose.`;
    case "unreadable":
      return `The metadata block (PEP 723) in ${file} cannot be read, so the list below is what counts.`;
  }
}

export interface TwoLists {
  both: string[];
  inFile: string[];
  inList: string[];
}

/** What only one of the two lists says. */
export function apart({ in_file, in_list }: Pick<Inline, "in_file" | "in_list">): TwoLists {
  return {
    both: in_file.filter((line) => in_list.includes(line)),
    inFile: in_file.filter((line) => !in_list.includes(line)),
    inList: in_list.filter((line) => !in_file.includes(line)),
  };
}
