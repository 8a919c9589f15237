// Why a run is there; of a scheduled one for which time, on the schedule's clocks, with the way to the schedule.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Trigger } from "~/api/types";
import type { ScheduleTrigger } from "~/features/schedules/contract";
import { scheduleQuery } from "~/features/schedules/requests";
import { slotWords, zoneOf } from "~/features/schedules/words";
import { momentIn, viewerZone } from "~/features/schedules/zoned";
import { triggerWord } from "./describe";

export const TriggerFact = ({ trigger }: { trigger: Trigger }) =>
  trigger.kind === "schedule" ? <Scheduled trigger={trigger} /> : triggerWord(trigger);

function Scheduled({ trigger }: { trigger: ScheduleTrigger }) {
  const { data, error, isPending } = useQuery(scheduleQuery(trigger.schedule_id));
  // Its zone comes with the schedule: until then nothing is said that would have to be taken back.
  if (isPending) return <span className="text-ink-3">{triggerWord(trigger)}</span>;
  const own = viewerZone();
  const zone = data ? zoneOf(data.when, own) : own;
  const words = slotWords(momentIn(trigger.slot, zone), zone, trigger.attempt);
  // A schedule that was deleted leads nowhere.
  if (error || !data) return words;
  return (
    <Link to="/scheduler" search={{ schedule: data.id }} className="rounded-sm text-accent-ink hover:underline">
      {words}
    </Link>
  );
}
