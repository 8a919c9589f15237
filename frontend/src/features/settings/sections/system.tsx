// What this installation is and stands on: what may be wrong with it, the engine, the disk, the version, and what was
// changed in its settings.
import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "~/api/queries";
import type { System } from "~/api/types";
import { ErrorNotice } from "~/components/ui/error-notice";
import { FactRow, Mono } from "~/components/ui/facts";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { ChangesPanel } from "../changes/changes-panel";
import { DiskPanel } from "../disk-panel";
import { DoctorPanel } from "../doctor/doctor-panel";
import { EnginePanel } from "../engine-panel";
import { useSection } from "../use-section";

export function Section() {
  const { data, error, refetch } = useQuery(systemQuery);
  useSection(data !== undefined);
  return (
    <>
      <DoctorPanel />
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <>
          <EnginePanel system={data} />
          <DiskPanel system={data} />
          <InstallationPanel system={data} />
        </>
      ) : (
        <Panel title="System">
          <SkeletonRows rows={8} height={40} />
        </Panel>
      )}
      <ChangesPanel />
    </>
  );
}

const InstallationPanel = ({ system }: { system: System }) => (
  <Panel title="Installation">
    <dl>
      <FactRow name="Version">
        <Mono value={system.version} />
      </FactRow>
      <FactRow name="Data folder">
        <Mono value={system.data_dir} />
      </FactRow>
      <FactRow name="Instance" note="Marks this installation's containers">
        <Mono value={system.instance} />
      </FactRow>
    </dl>
  </Panel>
);
