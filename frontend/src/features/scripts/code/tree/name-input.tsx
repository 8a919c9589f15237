import { useRef, useState } from "react";
import { Input } from "~/components/ui/field";
import { nameRefusal } from "./paths";

interface NameInputProps {
  label: string;
  initial: string;
  placeholder?: string;
  /** Gets the trimmed path, or an empty one when it was given up. Called once. */
  onDone: (path: string) => void;
}

/** A path typed in place: Enter or leaving takes it, Escape gives up. What cannot be a path is not taken by Enter. */
export function NameInput({ label, initial, placeholder, onDone }: NameInputProps) {
  const [path, setPath] = useState(initial);
  const [refused, setRefused] = useState<string | null>(null);
  const done = useRef(false);
  const finish = (value: string) => {
    if (done.current) return;
    done.current = true;
    onDone(value);
  };
  const typed = path.trim();
  const wrong = typed === "" ? null : nameRefusal(typed);
  return (
    <span className="relative min-w-0 flex-1">
      <Input
        autoFocus
        aria-label={label}
        aria-invalid={refused !== null}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        dense
        className="font-mono"
        value={path}
        onFocus={(event) => {
          const name = initial.lastIndexOf("/") + 1;
          const dot = initial.lastIndexOf(".");
          event.target.setSelectionRange(name, dot > name ? dot : initial.length);
        }}
        onChange={(event) => {
          setPath(event.target.value);
          setRefused(null);
        }}
        onBlur={() => finish(wrong ? "" : typed)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") {
            if (wrong) setRefused(wrong);
            else finish(typed);
          }
          if (event.key === "Escape") finish("");
        }}
      />
      {refused ? (
        <span
          role="alert"
          className="absolute top-full left-0 z-20 mt-0.5 w-56 rounded-sm border border-fail/45 bg-raised px-2 py-1 text-fail text-xs shadow-float"
        >
          {refused}
        </span>
      ) : null}
    </span>
  );
}
