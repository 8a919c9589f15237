// A variable's value as it is typed: of one line or of many, hidden while it is a secret's.
import type { CSSProperties } from "react";
import { controlClass } from "~/components/ui/field";
import { cn } from "~/lib/cn";

interface ValueFieldProps {
  label: string;
  value: string;
  hidden: boolean;
  placeholder?: string;
  focus?: boolean;
  onChange: (value: string) => void;
}

// A password field would take the line breaks out of a key that is pasted.
const DOTS = { WebkitTextSecurity: "disc" } as CSSProperties;

const focusOnce = (element: HTMLTextAreaElement | null) => element?.focus();

export const ValueField = ({ label, value, hidden, placeholder, focus = false, onChange }: ValueFieldProps) => (
  <textarea
    aria-label={label}
    ref={focus ? focusOnce : undefined}
    rows={Math.min(6, value.split("\n").length)}
    autoComplete="off"
    autoCorrect="off"
    autoCapitalize="off"
    spellCheck={false}
    placeholder={placeholder}
    value={value}
    style={hidden ? DOTS : undefined}
    onChange={(event) => onChange(event.target.value)}
    className={cn(
      controlClass,
      "block min-h-8 w-full resize-none px-2.5 py-1.5 font-mono text-[12.5px] leading-[18px]",
    )}
  />
);
