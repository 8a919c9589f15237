import { type ReactNode, useEffect, useState } from "react";
import { formatAbsolute, formatBytes, formatDuration, formatElapsed, formatRelative } from "~/lib/format";
import { useNow } from "~/lib/now";
import { Tooltip } from "./tooltip";

const MINUTE = 60_000;

interface RelativeTimeProps {
  at: string;
  /** Instead of the moment on the viewer's clocks. */
  hint?: ReactNode;
}

/** "3 min ago"; the moment in full, with its zone, on hover. */
export function RelativeTime({ at, hint }: RelativeTimeProps) {
  const date = new Date(at);
  const fresh = Math.abs(Date.now() - date.getTime()) < MINUTE;
  const ticking = useNow(fresh);
  const slow = useMinute(!fresh);
  return (
    <Tooltip content={hint ?? <span className="num">{formatAbsolute(date)}</span>}>
      <time dateTime={at} className="whitespace-nowrap">
        {formatRelative(date, new Date(fresh ? ticking : slow))}
      </time>
    </Tooltip>
  );
}

function useMinute(active: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), MINUTE / 2);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

interface DurationProps {
  from: string | null | undefined;
  /** Absent while it lasts: then it ticks. */
  to: string | null | undefined;
}

export function Duration({ from, to }: DurationProps) {
  const now = useNow(Boolean(from) && !to);
  if (!from) return <span className="text-ink-3">–</span>;
  const start = new Date(from).getTime();
  return (
    <span className="num whitespace-nowrap">
      {to ? formatDuration(new Date(to).getTime() - start) : formatElapsed(now - start)}
    </span>
  );
}

export function Bytes({ value }: { value: number | null | undefined }) {
  if (value == null) return <span className="text-ink-3">–</span>;
  return (
    <span className="num whitespace-nowrap" title={`${value.toLocaleString("en")} bytes`}>
      {formatBytes(value)}
    </span>
  );
}
