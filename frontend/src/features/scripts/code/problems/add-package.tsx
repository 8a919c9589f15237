// Beside an import that leads nowhere: one press adds its package to the list and installs it.
import { useQuery } from "@tanstack/react-query";
import { PackagePlus } from "lucide-react";
import { Popover } from "radix-ui";
import { moduleQuery } from "~/api/queries";
import { Button } from "~/components/ui/button";
import { MissingModuleCard } from "~/features/runs/missing-module";

export function AddPackage({ scriptId, module }: { scriptId: string; module: string }) {
  const { data: missing } = useQuery(moduleQuery(module));
  if (!missing) return null;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button size="sm" look="quiet">
          <PackagePlus aria-hidden /> Add {missing.package}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          collisionPadding={8}
          aria-label="Add a package"
          className="z-30 w-md max-w-[calc(100vw-16px)] animate-rise rounded-md border border-line bg-raised p-2 text-sm shadow-float outline-none"
        >
          <MissingModuleCard scriptId={scriptId} missing={missing} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
