// Where packages come from, in the order in which they are asked, and what of it the configuration says: the instance's
// own index and the certificates that builds trust are set where PyTask-Manager is started.
import type { SettingsView } from "~/api/types";
import { FactRow, Mono } from "~/components/ui/facts";
import { Panel } from "~/components/ui/panel";

export function IndexesPanel({ settings }: { settings: SettingsView }) {
  const main = settings.indexes.find(({ role }) => role === "main");
  const extra = settings.indexes.filter(({ role }) => role === "extra");
  return (
    <Panel
      id="indexes"
      title="Where packages come from"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">The first that knows a package gives it</span>}
    >
      <dl>
        {extra.map(({ address }, place) => (
          <FactRow key={address} name={`${place + 1}. Extra index`} note="Set above">
            <Mono value={address} />
          </FactRow>
        ))}
        <FactRow
          name={extra.length > 0 ? `${extra.length + 1}. Usual index` : "Usual index"}
          note="Set by PYTASK_INDEX_URL, at the start"
        >
          {main ? <Mono value={main.address} /> : <span className="num">https://pypi.org/simple (default)</span>}
        </FactRow>
        <FactRow name="Certificates beside the image's own" note="Set by PYTASK_EXTRA_CA, at the start">
          {settings.extra_ca ? "A PEM file of your own" : <span className="text-ink-3">none (default)</span>}
        </FactRow>
      </dl>
    </Panel>
  );
}
