// How the interface looks in this browser. Nothing of it is told to the server: two people who share an instance need
// not share a zone or a theme.
import { RotateCcw } from "lucide-react";
import { Button } from "~/components/ui/button";
import { FactRow } from "~/components/ui/facts";
import { Panel } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { ZoneField } from "~/features/schedules/zone-field";
import { formatAbsolute } from "~/lib/format";
import { useNow } from "~/lib/now";
import { useStore } from "~/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "~/lib/theme";
import { browserZone, chooseHours, chooseZone, type Hours, hoursChoice, zoneChoice } from "~/lib/time-display";

export function Section() {
  const theme = useStore(themeChoice);
  const hours = useStore(hoursChoice);
  const zone = useStore(zoneChoice);
  const now = useNow(true);
  return (
    <Panel
      title="Appearance"
      actions={<span className="text-ink-3 text-xs">Kept in this browser, and holds at once</span>}
      className="overflow-visible"
    >
      <dl>
        <FactRow name="Theme" note="Default: as the system">
          <Segmented<ThemeChoice>
            label="Theme"
            value={theme}
            onChange={chooseTheme}
            options={[
              { value: "dark", label: "Dark" },
              { value: "light", label: "Light" },
              { value: "system", label: "System" },
            ]}
          />
        </FactRow>
        <FactRow name="Time zone" note="Of times that are shown; schedules keep their own">
          <div className="flex flex-wrap items-center gap-2">
            <ZoneField
              label="Time zone of times that are shown"
              hideLabel
              value={zone || browserZone()}
              onChange={chooseZone}
              className="w-64 max-w-full"
            />
            {zone ? (
              <Button look="quiet" size="sm" onClick={() => chooseZone("")}>
                <RotateCcw aria-hidden /> As this browser
              </Button>
            ) : (
              <span className="text-ink-3 text-xs">default: this browser's</span>
            )}
          </div>
        </FactRow>
        <FactRow name="Hours" note="Logs always have 24">
          <Segmented<Hours>
            label="Hours"
            value={hours}
            onChange={chooseHours}
            options={[
              { value: "auto", label: "As the browser" },
              { value: "24", label: "24" },
              { value: "12", label: "12" },
            ]}
          />
        </FactRow>
        <FactRow name="So a time looks">
          <span className="num" data-testid="time-sample">
            {formatAbsolute(new Date(now))}
          </span>
        </FactRow>
      </dl>
    </Panel>
  );
}
