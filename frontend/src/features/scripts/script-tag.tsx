// A tag of a script in its colour. Colours are the product's, not the script's: they are read once for all.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Tag, type TagColour } from "~/components/ui/tag";
import { tagsQuery } from "./requests";

export type TagColours = ReadonlyMap<string, TagColour>;

export function useTagColours(): TagColours {
  const { data } = useQuery(tagsQuery);
  return useMemo(() => new Map(data?.map(({ name, colour }) => [name, colour])), [data]);
}

/** Grey until its colour is known. */
export const colourOf = (colours: TagColours, tag: string): TagColour => colours.get(tag) ?? "grey";

export function ScriptTag({ tag }: { tag: string }) {
  return <Tag colour={colourOf(useTagColours(), tag)}>{tag}</Tag>;
}
