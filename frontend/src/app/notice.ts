// What the reader must know wherever they are, decided from what is known of the system. Pure.
import type { System } from "~/api/types";
import { formatBytes, plural } from "~/lib/format";

export interface Notice {
  kind: "engine" | "disk" | "doctor";
  title: string;
  text: string;
  /** The section of Settings that says more. */
  section: "engine" | "disk" | "doctor";
}

/** `lasting`: the engine has not been ready for a moment, so that a short reconnection is not announced. */
export function noticesOf(system: System | undefined, lasting: boolean): Notice[] {
  const notices: Notice[] = [];
  const engine = system?.engine;
  if (engine && engine.state !== "ready" && lasting) {
    const titles = {
      away: "The Docker engine is away.",
      unfit: "The Docker engine cannot be used.",
      connecting: "Connecting to the Docker engine.",
    };
    const why = engine.message ? ` ${sentence(engine.message)}` : "";
    notices.push({
      kind: "engine",
      title: titles[engine.state],
      text: `Runs wait; nothing is lost.${why}`,
      section: "engine",
    });
  }
  const disk = system?.disk;
  if (disk?.low)
    notices.push({
      kind: "disk",
      title: "The disk is nearly full.",
      text: `${formatBytes(disk.free_bytes)} are free, and ${formatBytes(disk.floor_bytes)} are kept. New runs wait; nothing is lost.`,
      section: "disk",
    });
  // What is said above already explains what an examination found meanwhile.
  const [problem, ...others] = system?.doctor?.problems ?? [];
  if (problem !== undefined && engine?.state === "ready" && !disk?.low)
    notices.push({
      kind: "doctor",
      title: "Something does not work.",
      text: others.length > 0 ? `${problem} And ${plural(others.length, "problem")} more.` : problem,
      section: "doctor",
    });
  return notices;
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
