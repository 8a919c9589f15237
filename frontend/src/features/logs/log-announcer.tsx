// Tells those who do not see the log that it goes on: how much came and how it ends now, politely and seldom, however
// fast it is.
import { useEffect, useState } from "react";
import { plural } from "~/lib/format";
import { plainText } from "./ansi";
import type { LogWindows } from "./log-windows";

const EVERY_MS = 5000;
const SAID = 200;

export function LogAnnouncer({ windows, following }: { windows: LogWindows; following: boolean }) {
  const [words, setWords] = useState("");
  useEffect(() => {
    if (!following) return;
    let told = windows.total;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      timer = undefined;
      const fresh = windows.total - told;
      told = windows.total;
      const last = plainText(windows.line(windows.total)?.text ?? "").slice(0, SAID);
      if (fresh > 0) setWords(`${plural(fresh, "new line")}. The last one: ${last}`);
    };
    const stop = windows.subscribe(() => {
      if (windows.total > told && told > 0) timer ??= setTimeout(tell, EVERY_MS);
      else if (told === 0) told = windows.total;
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [windows, following]);
  return (
    <div role="log" aria-live="polite" aria-atomic="true" aria-label="News of the log" className="sr-only">
      {words}
    </div>
  );
}
