// The edge between two places, dragged by the pointer or moved by the arrow keys.
import { type PointerEvent, useRef } from "react";
import { cn } from "~/lib/cn";

const STEP = 24;

interface SplitterProps {
  label: string;
  /** `above`: it is the upper edge of what it sizes; `after`: the right edge. */
  side: "above" | "after";
  value: number;
  least: number;
  most: number;
  onChange: (next: number) => void;
}

export function Splitter({ label, side, value, least, most, onChange }: SplitterProps) {
  const start = useRef<{ at: number; value: number } | null>(null);
  const at = (event: PointerEvent) => (side === "above" ? -event.clientY : event.clientX);
  const set = (next: number) => onChange(Math.round(Math.min(most, Math.max(least, next))));
  const [more, less] = side === "above" ? ["ArrowUp", "ArrowDown"] : ["ArrowRight", "ArrowLeft"];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator has no element of its own.
    <div
      role="separator"
      aria-label={label}
      aria-orientation={side === "above" ? "horizontal" : "vertical"}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      className={cn(
        "absolute z-10 touch-none hover:bg-accent-soft focus-visible:bg-accent-soft",
        side === "above" ? "inset-x-0 -top-1 h-2 cursor-row-resize" : "inset-y-0 -right-1 w-2 cursor-col-resize",
      )}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: at(event), value };
      }}
      onPointerMove={(event) => {
        if (start.current) set(start.current.value + at(event) - start.current.at);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === more) set(value + STEP);
        if (event.key === less) set(value - STEP);
      }}
    />
  );
}
