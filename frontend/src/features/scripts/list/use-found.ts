// What the list shows for what is typed and filtered: at once what fits by name, description and tags; a moment later,
// from the server, what has it in its code.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSettled } from "~/lib/use-settled";
import type { CodeHit, ListedScript } from "../contract";
import { codeSearchQuery, LEAST_CODE } from "../requests";
import { fitting, ordered, withWords } from "./narrow";
import type { Filters, ScriptsSearch } from "./search";

export interface CodeState {
  /** What was looked for; null while nothing is. */
  text: string | null;
  isLooking: boolean;
  error: unknown;
  truncated: boolean;
  hits: ReadonlyMap<string, CodeHit>;
}

export interface Found {
  /** By name, description or tags. */
  named: readonly ListedScript[];
  /** Only by their code. */
  coded: readonly ListedScript[];
  code: CodeState;
}

const NO_HITS: ReadonlyMap<string, CodeHit> = new Map();

function useCodeSearch(typed: string): CodeState {
  const text = typed.trim();
  const settled = useSettled(text);
  const isAsked = text.length >= LEAST_CODE;
  const query = useQuery({ ...codeSearchQuery(settled), enabled: isAsked && settled.length >= LEAST_CODE });
  const current = isAsked && settled === text;
  const hits = useMemo(() => new Map(query.data?.items.map((hit) => [hit.script_id, hit])), [query.data]);
  return {
    text: isAsked ? text : null,
    isLooking: isAsked && (!current || query.isPending),
    error: current ? query.error : null,
    truncated: current && (query.data?.truncated ?? false),
    hits: current ? hits : NO_HITS,
  };
}

export function useFound(scripts: readonly ListedScript[], search: ScriptsSearch, typed: string): Found {
  const { tags, outcome, scheduled, paused, environment, sort = "name", reverse = false } = search;
  const code = useCodeSearch(typed);
  const { hits } = code;
  const all = useMemo(() => {
    const filters: Filters = { tags, outcome, scheduled, paused, environment };
    return ordered(fitting(scripts, filters), sort, reverse);
  }, [scripts, tags, outcome, scheduled, paused, environment, sort, reverse]);
  const named = useMemo(() => withWords(all, typed), [all, typed]);
  const coded = useMemo(() => {
    if (hits.size === 0) return [];
    const known = new Set(named);
    return all.filter((script) => hits.has(script.id) && !known.has(script));
  }, [all, named, hits]);
  return { named, coded, code };
}
