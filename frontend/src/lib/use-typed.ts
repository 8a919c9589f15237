// What is typed into a field whose value the address holds: shown at once, told after a pause. A value that came from
// elsewhere (the way back, a link, "Clear") replaces what is in the field.
import { useEffect, useRef, useState } from "react";

const TYPING_MS = 250;

export function useTyped(
  value: string | undefined,
  onSettled: (value: string | undefined) => void,
): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(value ?? "");
  const tell = useRef(onSettled);
  tell.current = onSettled;
  /** What the address holds by this field's own doing. */
  const told = useRef(value);
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setTyped(value ?? "");
  }, [value]);
  useEffect(() => {
    const next = typed || undefined;
    const timer = setTimeout(() => {
      if (next === told.current) return;
      told.current = next;
      tell.current(next);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return [typed, setTyped];
}
