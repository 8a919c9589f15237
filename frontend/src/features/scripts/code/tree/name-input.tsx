import { useRef, useState } from "react";
import { Input } from "~/components/ui/field";

interface NameInputProps {
  label: string;
  initial: string;
  placeholder?: string;
  /** Gets the trimmed name, or an empty one when it was given up. Called once. */
  onDone: (name: string) => void;
}

/** A name typed in place: Enter or leaving takes it, Escape gives up. */
export function NameInput({ label, initial, placeholder, onDone }: NameInputProps) {
  const [name, setName] = useState(initial);
  const done = useRef(false);
  const finish = (value: string) => {
    if (done.current) return;
    done.current = true;
    onDone(value.trim());
  };
  return (
    <Input
      autoFocus
      aria-label={label}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      dense
      className="font-mono"
      value={name}
      onFocus={(event) => event.target.setSelectionRange(0, initial.replace(/\.[^.]*$/, "").length)}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(name)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish(name);
        if (event.key === "Escape") {
          event.stopPropagation();
          finish("");
        }
      }}
    />
  );
}
