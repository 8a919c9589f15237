// A module that the script imports and does not have: one press adds its package to the list and installs it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { PackagePlus } from "lucide-react";
import { installDependencies, saveRequirements } from "~/api/commands";
import { dependenciesQuery, previewQuery } from "~/api/queries";
import type { MissingModule, Run } from "~/api/types";
import { Button } from "~/components/ui/button";
import { Caution } from "~/components/ui/caution";
import { ErrorNotice } from "~/components/ui/error-notice";
import { withPackage } from "~/lib/requirements";

export function MissingModuleCard({ scriptId, missing }: { scriptId: string; missing: MissingModule }) {
  const { module, package: name } = missing;
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const list = useMutation({
    mutationFn: async () => {
      // As it is now, not as it was when the page was opened.
      const { requirements } = await queryClient.fetchQuery({ ...dependenciesQuery(scriptId), staleTime: 0 });
      return saveRequirements(scriptId, withPackage(requirements, name));
    },
    onSuccess: (answer) => queryClient.setQueryData(["script", scriptId, "dependencies"], answer),
  });
  const install = useMutation({
    mutationFn: async () => (await installDependencies(scriptId)).run,
    onSuccess: (run) => {
      queryClient.setQueryData<Run>(["run", run.id], run);
      void queryClient.invalidateQueries({ queryKey: ["script", scriptId] });
      void navigate({ to: "/scripts/$scriptId/dependencies", params: { scriptId } });
    },
  });
  // A slip in an import is one in the package, too.
  const { data: preview } = useQuery(previewQuery(scriptId, { text: name, requirements: [], others: "remove" }));
  const lookalike = preview?.warnings[0];
  const error = list.error ?? install.error;
  return (
    <section
      aria-label="Missing module"
      data-testid="missing-module"
      className="mt-2 rounded-md border border-line bg-panel px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 flex-1 basis-64 [overflow-wrap:anywhere]">
          <span className="font-medium text-ink">
            Module <code className="num">{module}</code> is not installed.
          </span>{" "}
          It should come with the package <code className="num">{name}</code>, going by its name.
        </p>
        <Button
          look={lookalike ? "plain" : "primary"}
          size="sm"
          busy={list.isPending || install.isPending}
          onClick={() => {
            install.reset();
            list.mutate(undefined, { onSuccess: () => install.mutate() });
          }}
        >
          <PackagePlus aria-hidden /> Add {name} and install
        </Button>
      </div>
      {lookalike ? <Caution className="mt-1.5">{lookalike.message}</Caution> : null}
      {error ? (
        <ErrorNotice
          error={error}
          unchanged={list.error ? "The list was not changed." : `${name} is on the list, but nothing was installed.`}
          className="mt-2"
        />
      ) : null}
    </section>
  );
}
