// What takes room on the data disk, the largest first, each against the largest.
import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Meter } from "~/components/ui/meter";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { Bytes } from "~/components/ui/time";
import { roomQuery } from "./requests";
import { ROOM } from "./words";

export function RoomPanel() {
  const { data, error, isFetching, refetch } = useQuery(roomQuery);
  const largest = Math.max(1, ...(data ?? []).map((item) => item.bytes));
  const sorted = [...(data ?? [])].sort((a, b) => b.bytes - a.bytes);
  return (
    <Panel
      id="room"
      title="What takes room"
      actions={
        <Button size="sm" look="quiet" busy={isFetching} onClick={() => void refetch()}>
          <RefreshCw aria-hidden /> Measure
        </Button>
      }
    >
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
      {data ? (
        <ul aria-label="What takes room on the data disk" className="flex flex-col gap-2 px-4 py-3">
          {sorted.map((item) => (
            <li
              key={item.kind}
              className="grid grid-cols-[minmax(0,1fr)_6rem] items-center gap-x-3 gap-y-1 text-sm sm:grid-cols-[15rem_minmax(0,1fr)_6rem]"
            >
              <span className="truncate-line text-ink-2">{ROOM[item.kind]}</span>
              <Meter share={item.bytes / largest} className="max-sm:order-last max-sm:col-span-2" />
              <span className="text-right">
                <Bytes value={item.bytes} />
              </span>
            </li>
          ))}
        </ul>
      ) : error ? null : (
        <SkeletonRows rows={8} height={28} />
      )}
    </Panel>
  );
}
