// Waits for the settings that a section shows, says when they cannot be read, and brings the panel that the address
// names into view once it is there.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { settingsQuery } from "~/api/queries";
import type { SettingsView } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { useSection } from "./use-section";

interface WithSettingsProps {
  /** What the place is called until it is there. */
  title: string;
  children: (settings: SettingsView) => ReactNode;
}

export function WithSettings({ title, children }: WithSettingsProps) {
  const { data, error, refetch } = useQuery(settingsQuery);
  useSection(data !== undefined);
  return (
    <>
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        children(data)
      ) : (
        <Panel title={title}>
          <SkeletonRows rows={6} height={64} />
        </Panel>
      )}
    </>
  );
}
