// A dialog: title, what it is about, its body, its buttons.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "~/lib/cn";
import { IconButton } from "./button";

/** The first field, or else the dialog itself: never the button that closes it. */
function focusWhatIsTyped(event: Event) {
  event.preventDefault();
  const content = event.currentTarget as HTMLElement;
  (content.querySelector<HTMLElement>("input, textarea") ?? content).focus();
}

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  /** For tables and forms of two columns. */
  wide?: boolean;
}

export function Dialog({ open, onClose, title, description, children, footer, wide = false }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-late bg-scrim [animation-delay:0ms]" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={focusWhatIsTyped}
          className={cn(
            "fixed outline-none left-1/2 z-40 flex -translate-x-1/2 animate-rise flex-col rounded-lg border border-line bg-raised shadow-float",
            wide
              ? "top-[6vh] max-h-[88vh] w-[min(760px,calc(100vw-24px))]"
              : "top-[12vh] max-h-[80vh] w-[min(480px,calc(100vw-24px))]",
          )}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-4">
            <div className="min-w-0">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description ? (
                <Radix.Description asChild>
                  <div className="mt-1 text-sm text-ink-2">{description}</div>
                </Radix.Description>
              ) : null}
            </div>
            <Radix.Close asChild>
              <IconButton label="Close">
                <X />
              </IconButton>
            </Radix.Close>
          </header>
          {children ? <div className="min-h-0 overflow-auto px-5 py-4">{children}</div> : <div className="h-4" />}
          {footer ? (
            <footer className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3">{footer}</footer>
          ) : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
