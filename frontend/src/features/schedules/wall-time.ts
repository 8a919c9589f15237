// Times as a zone's clocks show them, as instants. Apart from `zoned`, because pages that only show moments need not
// load the library that knows the clocks.
import * as PlainDateTime from "temporal-polyfill/fns/PlainDateTime";
import { isZone } from "./zoned";

/**
 * The instant of a wall time; null when it is none. A time that the clocks skip is the one after the gap, one that
 * comes twice is the first.
 */
export function instantOf(local: string, zone: string): string | null {
  const [year = 0, month = 0, day = 0, hour, minute, ...more] = local.split(/[-T:]/).map(Number);
  if (hour === undefined || minute === undefined || more.length > 1 || !isZone(zone)) return null;
  try {
    const wall = PlainDateTime.fromFields({ year, month, day, hour, minute }, { overflow: "reject" });
    return new Date(PlainDateTime.toZonedDateTime(wall, zone).epochMilliseconds).toISOString();
  } catch {
    return null;
  }
}
