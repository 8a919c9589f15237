// The parts of Settings: their addresses, names and what each is about, in the order they are listed.
//
// A section is one file in `sections/` that exports `Section`; it is loaded when its address is first looked at.
// Old addresses named a panel of one long page by its hash; `sectionOf` says where such a panel is now.
import {
  Bell,
  BrainCircuit,
  DatabaseBackup,
  Eraser,
  HardDrive,
  History,
  KeyRound,
  type LucideIcon,
  Package,
  Palette,
  SlidersHorizontal,
  Variable,
} from "lucide-react";
import { type ComponentType, lazy } from "react";
import { load } from "~/lib/load";

interface SectionModule {
  Section: ComponentType;
}

interface Entry {
  id: string;
  name: string;
  /** What is set there, in a few words; also what the search finds it by. */
  about: string;
  icon: LucideIcon;
  part: () => Promise<SectionModule>;
}

export const SECTIONS = [
  {
    id: "general",
    name: "General",
    about: "Default limits, runs at once, disk, time zone, revisions, schedules",
    icon: SlidersHorizontal,
    part: () => import("./sections/general"),
  },
  {
    id: "packages",
    name: "Packages",
    about: "Default requirements, what may be installed, indexes and who signs in to them",
    icon: Package,
    part: () => import("./sections/packages"),
  },
  {
    id: "images",
    name: "Images",
    about: "The Pythons that scripts can be run in",
    icon: BrainCircuit,
    part: () => import("./sections/images"),
  },
  {
    id: "retention",
    name: "Retention",
    about: "How long runs, logs and artifacts are kept",
    icon: History,
    part: () => import("./sections/retention"),
  },
  {
    id: "cleanup",
    name: "Clean-up",
    about: "What is unused, with its size, before anything goes",
    icon: Eraser,
    part: () => import("./sections/cleanup"),
  },
  {
    id: "notifications",
    name: "Notifications",
    about: "Who is told when a run fails, recovers or is late",
    icon: Bell,
    part: () => import("./sections/notifications"),
  },
  {
    id: "variables",
    name: "Variables",
    about: "Variables and secrets that every script gets",
    icon: Variable,
    part: () => import("./sections/variables"),
  },
  {
    id: "backup",
    name: "Backup",
    about: "A consistent copy while everything runs on",
    icon: DatabaseBackup,
    part: () => import("./sections/backup"),
  },
  {
    id: "access",
    name: "Access",
    about: "Tokens for programs and for other machines",
    icon: KeyRound,
    part: () => import("./sections/access"),
  },
  {
    id: "appearance",
    name: "Appearance",
    about: "Theme and how times are shown, in this browser",
    icon: Palette,
    part: () => import("./sections/appearance"),
  },
  {
    id: "system",
    name: "System",
    about: "Checks, Docker engine, disk, version",
    icon: HardDrive,
    part: () => import("./sections/system"),
  },
] as const satisfies readonly Entry[];

export type SectionId = (typeof SECTIONS)[number]["id"];

export const FIRST: SectionId = SECTIONS[0].id;

export const isSection = (text: string): text is SectionId => SECTIONS.some(({ id }) => id === text);

/** Panels of the one long page that Settings were, by the hash that led to them. */
const PANELS: Readonly<Record<string, SectionId>> = {
  engine: "system",
  disk: "system",
  doctor: "system",
  changes: "system",
  queue: "general",
  limits: "general",
  revisions: "general",
};

export function sectionOf(hash: string): SectionId {
  if (isSection(hash)) return hash;
  return Object.hasOwn(PANELS, hash) ? (PANELS[hash] ?? FIRST) : FIRST;
}

const part = (id: SectionId) => {
  const section = SECTIONS.find((each) => each.id === id) ?? SECTIONS[0];
  return load<SectionModule>(section.part);
};

const COMPONENTS = Object.fromEntries(
  SECTIONS.map(({ id }) => [id, lazy(() => part(id).then(({ Section }) => ({ default: Section })))]),
) as unknown as Record<SectionId, ComponentType>;

export const componentOf = (id: SectionId): ComponentType => COMPONENTS[id];

/** Asks for a section's code, so that it is there when the page is drawn. */
export const preloadSection = (id: SectionId): Promise<unknown> => part(id);
