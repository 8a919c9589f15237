// How the environment is, in words, and what can be done to it as a whole.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { toast } from "sonner";
import { runQuery } from "~/api/queries";
import type { Dependencies } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel } from "~/components/ui/panel";
import { buildWord } from "~/features/runs/describe";
import { EnvironmentMark } from "../environment-badge";
import { stateWords } from "./state-words";
import type { BuildOrder, EnvironmentActs } from "./use-environment";

interface StatePanelProps {
  data: Dependencies;
  acts: EnvironmentActs;
  /** The list has changes that are not saved: an install would not know them. */
  unsaved: boolean;
}

export function StatePanel({ data, acts, unsaved }: StatePanelProps) {
  const { environment } = data;
  const { data: build } = useQuery({
    ...runQuery(environment.build_run_id ?? ""),
    enabled: acts.building && environment.build_run_id != null,
  });
  const { sentence, detail, helps } = stateWords(environment, acts.building ? build : null);
  const there = environment.lock_hash != null;
  const asks = data.requirements.length + data.default_requirements.length > 0;
  const order = (wanted: BuildOrder) => {
    acts.forget();
    acts.build.mutate(wanted);
  };
  const verify = () => {
    acts.forget();
    acts.verify.mutate(undefined, {
      onSuccess: (answer) => {
        if (answer.environment.state !== "broken") toast("All files are as they were made");
      },
    });
  };
  const error = acts.build.error ?? acts.verify.error;
  return (
    <Panel aria-label="Environment" data-testid="environment" data-state={environment.state}>
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3 px-4 py-3">
        <div role="status" className="min-w-0 flex-1 basis-72 text-sm">
          <p className="font-medium">
            {acts.building && build ? (
              <span className="text-run">{buildWord(build.build)}</span>
            ) : (
              <EnvironmentMark status={environment} />
            )}
          </p>
          <p className="mt-0.5 text-ink-2">
            {sentence}
            {environment.state === "failed" && environment.build_run_id ? (
              <>
                {" "}
                <Link
                  to="/runs/$runId"
                  params={{ runId: environment.build_run_id }}
                  className="whitespace-nowrap rounded-sm text-accent-ink hover:underline"
                >
                  Open the build
                </Link>
              </>
            ) : null}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            look={helps === "install" && !unsaved ? "primary" : "plain"}
            disabled={acts.busy || unsaved || !asks || environment.state === "in_step"}
            title={unsaved ? "Save the list first" : undefined}
            onClick={() => order({ action: "install" })}
          >
            Install
          </Button>
          <Button disabled={acts.busy || !asks} onClick={() => order({ action: "check" })}>
            Check for updates
          </Button>
          <Button disabled={acts.busy || !asks || !there} onClick={() => order({ action: "update" })}>
            Update all
          </Button>
          <Button
            look={helps === "rebuild" ? "primary" : "plain"}
            disabled={acts.busy || !there}
            title="Makes the same packages once more, in a new folder"
            onClick={() => order({ action: "rebuild" })}
          >
            Rebuild
          </Button>
          <Button
            look="quiet"
            disabled={acts.busy || !there}
            busy={acts.verify.isPending}
            title="Reads every file and compares it with how it was made"
            onClick={verify}
          >
            Verify files
          </Button>
        </div>
      </div>
      {detail ? (
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
          className="max-h-64 overflow-auto whitespace-pre-wrap border-line border-t bg-sunken px-4 py-2.5 font-mono text-[12.5px] text-ink leading-5 outline-offset-[-2px] [overflow-wrap:anywhere]"
        >
          {detail}
        </pre>
      ) : null}
      {error ? (
        <ErrorNotice
          error={error}
          unchanged={acts.build.error ? "Nothing was started." : "The files were not read."}
          className="m-3"
        />
      ) : null}
    </Panel>
  );
}
