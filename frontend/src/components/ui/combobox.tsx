// One of many, found by typing. The list opens under the field; arrows move, Enter chooses, Escape leaves all as it was.
import { Check, ChevronDown } from "lucide-react";
import { Popover } from "radix-ui";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { cn } from "~/lib/cn";
import { Input } from "./field";

/** More than these nobody reads; typing another letter brings the others. */
const SHOWN = 60;

interface ComboboxProps {
  value: string;
  onChange: (value: string) => void;
  /** What fits what was typed, the best first. */
  search: (typed: string) => readonly string[];
  /** Beside an option, in small. */
  note?: (option: string) => string | null;
  label?: string;
  /** While nothing is chosen. */
  placeholder?: string;
  id?: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: boolean;
  className?: string;
}

export function Combobox({ value, onChange, search, note, label, placeholder, className, ...control }: ComboboxProps) {
  const list = useId();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const open = typed !== null;
  const options = open ? search(typed).slice(0, SHOWN) : [];
  const close = () => setTyped(null);
  const begin = () => {
    if (open) return;
    setTyped("");
    setActive(0);
  };
  const choose = (option: string | undefined) => {
    if (option !== undefined) onChange(option);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return begin();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((at) => Math.min(Math.max(0, at + step), Math.max(0, options.length - 1)));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      choose(options[active]);
    } else if (event.key === "Escape" && open) {
      // Only the list closes, not the dialog around it.
      event.preventDefault();
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      close();
    } else if (event.key === "Tab") close();
  };
  return (
    <Popover.Root open={open} onOpenChange={(next) => (next ? begin() : close())}>
      <Popover.Anchor asChild>
        <div className={cn("relative", className)}>
          <Input
            {...control}
            ref={input}
            role="combobox"
            aria-label={label}
            aria-expanded={open}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={open && options.length > 0 ? `${list}-${active}` : undefined}
            autoComplete="off"
            spellCheck={false}
            className="pr-8"
            placeholder={value || placeholder}
            value={typed ?? value}
            onChange={(event) => {
              setTyped(event.target.value);
              setActive(0);
            }}
            onClick={begin}
            onKeyDown={onKeyDown}
          />
          <ChevronDown aria-hidden className="pointer-events-none absolute top-[9px] right-2.5 size-3.5 text-ink-3" />
        </div>
      </Popover.Anchor>
      {/* Not in a portal: a dialog around it would keep the wheel from scrolling it. */}
      <Popover.Content
        align="start"
        sideOffset={4}
        collisionPadding={8}
        onOpenAutoFocus={(event) => event.preventDefault()}
        onCloseAutoFocus={(event) => event.preventDefault()}
        onInteractOutside={(event) => {
          if (input.current?.contains(event.target as Node)) event.preventDefault();
        }}
        className="z-50 max-h-64 w-(--radix-popover-trigger-width) min-w-56 overflow-auto rounded-md border border-line bg-raised p-1 shadow-float"
      >
        <div role="listbox" id={list} aria-label={label}>
          {options.map((option, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys; it names the option that is active.
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field.
            <div
              key={option}
              id={`${list}-${index}`}
              role="option"
              aria-selected={option === value}
              ref={index === active ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(option)}
              onMouseMove={() => setActive(index)}
              className={cn(
                "flex h-7 cursor-pointer items-center gap-3 rounded-sm px-2 text-sm",
                index === active && "bg-selected",
              )}
            >
              <span className="truncate-line min-w-0 flex-1">{option}</span>
              {note?.(option) ? <span className="shrink-0 text-ink-3 text-xs">{note(option)}</span> : null}
              {option === value ? <Check aria-hidden className="size-3.5 shrink-0 text-accent-ink" /> : null}
            </div>
          ))}
        </div>
        {options.length === 0 ? <p className="px-2 py-1.5 text-ink-3 text-sm">Nothing fits.</p> : null}
      </Popover.Content>
    </Popover.Root>
  );
}
