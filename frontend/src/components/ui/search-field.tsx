// The field that narrows the list below it. `/` leads to it from anywhere on the page, Escape empties it.
import { Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { cn } from "~/lib/cn";
import { listenHotkeys } from "~/lib/hotkeys";
import { Input } from "./field";

interface SearchFieldProps {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  className?: string;
}

export function SearchField({ label, placeholder, value, onChange, className }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => listenHotkeys(() => [{ keys: "/", does: "Search", run: () => input.current?.focus() }]), []);
  return (
    <div className={cn("relative min-w-0", className)}>
      <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-3" />
      <Input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        className="pl-8"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (value === "") input.current?.blur();
          else onChange("");
        }}
      />
    </div>
  );
}
