// Where a setting is, by what it is called: for the search beside the list of sections. Pure.
import { LIMIT_FIELDS } from "~/features/limits/limits";
import { SECTIONS, type SectionId } from "./sections";

export interface Found {
  label: string;
  section: SectionId;
  /** The panel within the section. */
  hash?: string;
}

const at = (section: SectionId, hash: string, labels: readonly string[]): Found[] =>
  labels.map((label) => ({ label, section, hash }));

const SETTINGS: readonly Found[] = [
  ...at("general", "queue", ["Runs at once", "Free space that is kept"]),
  ...at("general", "limits", [...LIMIT_FIELDS.map(({ label }) => label), "Network"]),
  ...at("general", "schedules", ["Time zone of new schedules", "Pause all schedules"]),
  ...at("general", "revisions", ["Revisions of a script"]),
  ...at("packages", "packages", [
    "Default requirements",
    "Cool-down",
    "Allowed packages",
    "Denied packages",
    "Extra indexes",
    "Size of an environment",
    "Time for an install",
  ]),
  ...at("packages", "indexes", ["Usual index", "Certificates"]),
  ...at("system", "doctor", ["Examination"]),
  ...at("system", "engine", ["Docker engine"]),
  ...at("system", "disk", ["Disk"]),
  ...at("system", "changes", ["Changes of the settings"]),
];

const ALL: readonly Found[] = [
  ...SECTIONS.map(({ id, name }): Found => ({ label: name, section: id })),
  ...SETTINGS.filter(({ label }) => SECTIONS.every(({ name }) => name !== label)),
];

const about = ({ section }: Found): string => SECTIONS.find(({ id }) => id === section)?.about ?? "";

/** Every typed word occurs in its name; where none fits, in what its section is about. */
export function find(typed: string): Found[] {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
  const named = ALL.filter(({ label }) => fits(label));
  return named.length > 0 ? named : ALL.filter((each) => each.hash === undefined && fits(about(each)));
}

export const placeOf = (label: string): Found | undefined => ALL.find((each) => each.label === label);

export const sectionName = (found: Found): string => SECTIONS.find(({ id }) => id === found.section)?.name ?? "";
