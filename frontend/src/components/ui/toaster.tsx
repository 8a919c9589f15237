import { Toaster as Sonner } from "sonner";
import { useStore } from "~/lib/store";
import { theme } from "~/lib/theme";

export function Toaster() {
  return (
    <Sonner
      theme={useStore(theme)}
      position="bottom-right"
      gap={8}
      offset={16}
      mobileOffset={{ bottom: 72 }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-[min(380px,calc(100vw-32px))] items-center gap-3 rounded-md border border-line bg-raised px-4 py-3 text-sm text-ink shadow-float",
          title: "font-medium",
          description: "mt-0.5 text-ink-2",
          content: "min-w-0 flex-1",
          icon: "shrink-0 text-ink-3 [&_svg]:size-4",
          error: "border-fail/45",
          actionButton: "h-7 shrink-0 rounded-md border border-line-strong px-2 font-medium text-sm hover:bg-hover",
        },
      }}
    />
  );
}
