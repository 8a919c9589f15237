import { DropdownMenu as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cn } from "~/lib/cn";

interface MenuProps {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
  /** Where something else than its button opens it, too. */
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** Says where the focus goes once it is closed; otherwise that is its button. */
  onClosed?: () => void;
}

export function Menu({ trigger, children, align = "end", open, onOpenChange, onClosed }: MenuProps) {
  return (
    <Radix.Root {...(open === undefined ? {} : { open })} {...(onOpenChange ? { onOpenChange } : {})}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          {...(onClosed
            ? {
                onCloseAutoFocus: (event: Event) => {
                  event.preventDefault();
                  onClosed();
                },
              }
            : {})}
          className="z-50 min-w-40 animate-rise rounded-md border border-line bg-raised p-1 shadow-float"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface MenuItemProps {
  onSelect?: () => void;
  children: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  /** For items that are links. */
  asChild?: boolean;
}

export function MenuItem({ onSelect, children, danger, disabled, asChild }: MenuItemProps) {
  return (
    <Radix.Item
      asChild={asChild ?? false}
      disabled={disabled ?? false}
      {...(onSelect ? { onSelect } : {})}
      className={cn(
        "flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 text-sm outline-none data-disabled:cursor-default data-highlighted:bg-selected data-disabled:opacity-50 [&_svg]:size-3.5",
        danger ? "text-fail" : "text-ink [&_svg]:text-ink-3",
      )}
    >
      {children}
    </Radix.Item>
  );
}

export const MenuSeparator = () => <Radix.Separator className="my-1 h-px bg-line" />;

interface MenuCheckProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

/** A checkbox in a menu; the menu stays open so that several can be set. */
export function MenuCheck({ checked, onChange, children }: MenuCheckProps) {
  return (
    <Radix.CheckboxItem
      checked={checked}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
      className="flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 text-sm text-ink outline-none data-highlighted:bg-selected"
    >
      <span
        aria-hidden
        className="inline-flex size-3.5 items-center justify-center rounded-sm border border-line-strong text-[10px] text-accent-ink"
      >
        {checked ? "✓" : ""}
      </span>
      {children}
    </Radix.CheckboxItem>
  );
}

interface MenuChoiceProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode }[];
}

/** One of several, in a menu under its own heading. */
export function MenuChoice<T extends string>({ label, value, onChange, options }: MenuChoiceProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} aria-label={label}>
      <Radix.Label className="px-2 pt-1.5 pb-1 text-ink-3 text-xs">{label}</Radix.Label>
      {options.map((option) => (
        <Radix.RadioItem
          key={option.value}
          value={option.value}
          className="flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 text-ink text-sm outline-none data-highlighted:bg-selected"
        >
          <span aria-hidden className="inline-flex size-3.5 items-center justify-center text-accent-ink">
            {option.value === value ? "•" : ""}
          </span>
          {option.label}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}
