// What slides up from the bottom of a phone: title, body, buttons.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./button";

interface SheetProps {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  footer?: ReactNode;
}

export const Sheet = ({ open, onClose, title, children, footer }: SheetProps) => (
  <Radix.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
    <Radix.Portal>
      <Radix.Overlay className="fixed inset-0 z-40 animate-late bg-scrim [animation-delay:0ms]" />
      <Radix.Content
        aria-describedby={undefined}
        onOpenAutoFocus={(event) => {
          // A field would bring up the keyboard over what is to be seen.
          event.preventDefault();
          (event.currentTarget as HTMLElement).focus();
        }}
        className="fixed inset-x-0 bottom-0 z-40 flex max-h-[85vh] animate-rise flex-col rounded-t-lg border border-line border-b-0 bg-raised pb-[env(safe-area-inset-bottom)] shadow-float outline-none"
      >
        <header className="flex items-center justify-between gap-4 border-line border-b px-4 py-2">
          <Radix.Title className="font-semibold">{title}</Radix.Title>
          <Radix.Close asChild>
            <IconButton label="Close">
              <X />
            </IconButton>
          </Radix.Close>
        </header>
        <div className="min-h-0 flex-1 overflow-auto">{children}</div>
        {footer ? <footer className="flex justify-end gap-2 border-line border-t px-4 py-2.5">{footer}</footer> : null}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
