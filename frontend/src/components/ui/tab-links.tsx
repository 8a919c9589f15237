// Tabs that are places: each is a link with its own address.
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

export const TabBar = ({ label, children }: { label: string; children: ReactNode }) => (
  <nav aria-label={label} className="flex h-10 items-stretch gap-5 overflow-x-auto [scrollbar-width:none]">
    {children}
  </nav>
);

interface TabLinkProps {
  link: LinkProps;
  /** The tabs differ by a word in the search, not by their path. */
  bySearch?: boolean;
  children: ReactNode;
}

const TAB = "relative inline-flex shrink-0 items-center gap-1.5 rounded-sm text-sm";

export const TabLink = ({ link, bySearch = false, children }: TabLinkProps) => (
  <Link
    {...link}
    activeOptions={{ includeSearch: bySearch, explicitUndefined: bySearch }}
    className={`${TAB} font-medium text-ink-3 hover:text-ink aria-[current=page]:text-ink aria-[current=page]:after:absolute aria-[current=page]:after:inset-x-0 aria-[current=page]:after:bottom-0 aria-[current=page]:after:h-0.5 aria-[current=page]:after:bg-accent-ink`}
  >
    {children}
  </Link>
);
