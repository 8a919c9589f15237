import type { ReactNode } from "react";
import { cn } from "~/lib/cn";

/** Told apart by hue, but never by it alone: a tag always shows its name. */
export const TAG_COLOURS = ["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"] as const;
export type TagColour = (typeof TAG_COLOURS)[number];

const TONES: Record<TagColour, string> = {
  grey: "border-tag-grey/25 bg-tag-grey/8 text-tag-grey",
  red: "border-tag-red/30 bg-tag-red/8 text-tag-red",
  orange: "border-tag-orange/30 bg-tag-orange/8 text-tag-orange",
  amber: "border-tag-amber/30 bg-tag-amber/8 text-tag-amber",
  green: "border-tag-green/30 bg-tag-green/8 text-tag-green",
  teal: "border-tag-teal/30 bg-tag-teal/8 text-tag-teal",
  blue: "border-tag-blue/30 bg-tag-blue/8 text-tag-blue",
  violet: "border-tag-violet/30 bg-tag-violet/8 text-tag-violet",
  pink: "border-tag-pink/30 bg-tag-pink/8 text-tag-pink",
};

interface TagProps {
  children: ReactNode;
  /** Absent for what is no tag of a script. */
  colour?: TagColour;
  className?: string;
}

export const Tag = ({ children, colour, className }: TagProps) => (
  <span
    className={cn(
      "inline-flex h-5 max-w-40 items-center rounded-sm border px-1.5 text-xs",
      colour ? TONES[colour] : "border-line bg-sunken text-ink-2",
      className,
    )}
  >
    <span className="truncate-line">{children}</span>
  </span>
);

const DOTS: Record<TagColour, string> = {
  grey: "bg-tag-grey",
  red: "bg-tag-red",
  orange: "bg-tag-orange",
  amber: "bg-tag-amber",
  green: "bg-tag-green",
  teal: "bg-tag-teal",
  blue: "bg-tag-blue",
  violet: "bg-tag-violet",
  pink: "bg-tag-pink",
};

/** A colour by itself, for choosing one; its word stands beside it or is said. */
export const TagDot = ({ colour, className }: { colour: TagColour; className?: string }) => (
  <span aria-hidden className={cn("inline-block size-2.5 shrink-0 rounded-full", DOTS[colour], className)} />
);

export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line-strong bg-sunken px-1 font-mono text-ink-2 text-xs">
    {children}
  </kbd>
);
