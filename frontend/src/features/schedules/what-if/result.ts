// What a simulation says, in words. Pure.

export const REASONS: Readonly<Record<string, string>> = {
  paused: "because the script is paused",
  all_paused: "because all schedules are paused",
  not_made_up: "missed",
  missed_deadline: "missed for too long",
  coalesced: "for which a later one runs",
  too_many: "beyond the latest hundred",
};

/** The hour with the most fires. */
export function busiest(byHour: readonly number[], from: string): { at: string; count: number } | null {
  const count = Math.max(0, ...byHour);
  if (count === 0) return null;
  const at = new Date(from).getTime() + byHour.indexOf(count) * 3_600_000;
  return { at: new Date(at).toISOString(), count };
}
