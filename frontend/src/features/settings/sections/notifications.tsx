// Who is told when a run fails, recovers or is late, and how messages are delivered.
import type { SettingsView } from "~/api/types";
import type { NotificationSettings } from "~/features/webhooks/contract";
import { DeliverySettings } from "~/features/webhooks/delivery-settings";
import { NotificationsPanel } from "~/features/webhooks/notifications-panel";
import type { Wish } from "~/features/webhooks/settings-form";
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
  const { set, defaults } = settings as unknown as {
    set: { notifications?: Wish };
    defaults: { notifications: NotificationSettings };
  };
  return (
    <DeliverySettings
      set={set.notifications ?? {}}
      defaults={defaults.notifications}
      save={{
        mutate: (notifications, options) => change.mutate({ notifications } as object, options),
        isPending: change.isPending,
        error: change.error,
      }}
    />
  );
}
