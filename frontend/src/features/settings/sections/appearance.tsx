// How the interface looks in this browser.
import { FactRow } from "~/components/ui/facts";
import { Panel } from "~/components/ui/panel";
import { Segmented } from "~/components/ui/segmented";
import { useStore } from "~/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "~/lib/theme";

export function Section() {
  const choice = useStore(themeChoice);
  return (
    <Panel title="Appearance">
      <dl>
        <FactRow name="Theme" note="Kept in this browser">
          <Segmented<ThemeChoice>
            label="Theme"
            value={choice}
            onChange={chooseTheme}
            options={[
              { value: "dark", label: "Dark" },
              { value: "light", label: "Light" },
              { value: "system", label: "System" },
            ]}
          />
        </FactRow>
      </dl>
    </Panel>
  );
}
