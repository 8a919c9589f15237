// When something fires: how far away it is; on hover the moment on the schedule's clocks and on the viewer's.
import { RelativeTime } from "~/components/ui/time";
import type { Fire, When } from "./contract";
import { markWord, zoneOf } from "./words";
import { momentIn, viewerZone } from "./zoned";

export function FireTime({ fire, when }: { fire: Fire; when: When }) {
  const own = viewerZone();
  const zone = zoneOf(when, own);
  const mark = markWord(fire.mark);
  return (
    <RelativeTime
      at={fire.at}
      hint={
        <span className="flex flex-col">
          <span>
            <span className="num">{momentIn(fire.at, zone)}</span> {zone}
          </span>
          {own === zone ? null : (
            <span>
              <span className="num">{momentIn(fire.at, own)}</span> {own}
            </span>
          )}
          {mark ? <span className="text-skip">{mark}</span> : null}
        </span>
      }
    />
  );
}
