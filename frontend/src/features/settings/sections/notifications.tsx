// Who is told when a run fails, recovers or is late, and how messages are delivered.
import type { SettingsView } from "~/api/types";
import { DeliverySettings } from "~/features/webhooks/delivery-settings";
import { NotificationsPanel } from "~/features/webhooks/notifications-panel";
import { useChangeSettings } from "../use-change-settings";
import { WithSettings } from "../with-settings";

export const Section = () => (
  <>
    <NotificationsPanel />
    <WithSettings title="Delivery">{(settings) => <Delivery settings={settings} />}</WithSettings>
  </>
);

function Delivery({ settings }: { settings: SettingsView }) {
  const change = useChangeSettings();
  const { set, defaults } = settings;
  return (
    <DeliverySettings
      set={set.notifications ?? {}}
      defaults={{ ...defaults.notifications, public_url: defaults.notifications.public_url ?? null }}
      save={{
        mutate: (notifications, options) => change.mutate({ notifications }, options),
        isPending: change.isPending,
        error: change.error,
      }}
    />
  );
}
