import { Dialog } from "~/components/ui/dialog";
import { Kbd } from "~/components/ui/tag";
import { modKey } from "~/lib/platform";
import { PLACES } from "./places";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  ...PLACES.map((place) => [["g", place.key], `Go to ${place.name}`] as [string[], string]),
  [["/"], "Search scripts, on their page"],
  [[modKey, "S"], "Save the open file"],
  [[modKey, "Enter"], "Save everything and run"],
  [["?"], "Show this list"],
];

export const HelpDialog = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title="Keys">
    <dl className="flex flex-col">
      {KEYS.map(([keys, does]) => (
        <div key={does} className="flex h-9 items-center justify-between border-line border-b text-sm last:border-b-0">
          <dt className="text-ink-2">{does}</dt>
          <dd className="flex gap-1">
            {keys.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
