// A small surface that floats beside what opened it.
import { Popover as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cn } from "~/lib/cn";

interface PopoverProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  label: string;
  /** A button; or a piece that holds the button, with `Radix.Trigger` around that. */
  anchor: ReactElement;
  align?: "start" | "end";
  className?: string;
  children: ReactNode;
}

export const PopoverTrigger = Radix.Trigger;

export const Popover = ({ open, onOpenChange, label, anchor, align = "start", className, children }: PopoverProps) => (
  <Radix.Root open={open} onOpenChange={onOpenChange}>
    <Radix.Anchor asChild>{anchor}</Radix.Anchor>
    <Radix.Portal>
      <Radix.Content
        aria-label={label}
        align={align}
        sideOffset={4}
        collisionPadding={8}
        className={cn(
          "z-30 max-h-[min(70vh,480px)] w-64 animate-rise overflow-auto rounded-md border border-line bg-raised p-1 shadow-float outline-none",
          className,
        )}
      >
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
