// One clock for all ticking text: components that show the passing of time share a single timer, which runs only
// while something is subscribed.
import { useSyncExternalStore } from "react";

function ticker(period: number) {
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const listeners = new Set<() => void>();
  return {
    get: () => now,
    subscribe(listener: () => void) {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) each();
        }, period);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
  };
}

const seconds = ticker(1000);
const never = { get: () => 0, subscribe: () => () => {} };

/** The present in milliseconds, moving once a second while `running`; otherwise a constant that causes no renders. */
export function useNow(running = true): number {
  const source = running ? seconds : never;
  return useSyncExternalStore(source.subscribe, source.get, source.get);
}
