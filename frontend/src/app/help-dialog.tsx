import { Dialog } from "~/components/ui/dialog";
import { Kbd } from "~/components/ui/tag";
import { modKey } from "~/lib/platform";
import { PLACES } from "./places";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  ...PLACES.map((place) => [["g", place.key], `Go to ${place.name}`] as [string[], string]),
  [["/"], "Search scripts, on their page"],
  [[modKey, "S"], "Save the open file"],
  [[modKey, "Enter"], "Save everything and run"],
  [[modKey, "Shift", "Enter"], "Run a script with arguments or variables"],
  [["?"], "Show this list"],
];

const LOG_KEYS: typeof KEYS = [
  [["/"], "Search; Enter and Shift Enter, or n and N, to older and newer matches"],
  [["e"], "First traceback or error"],
  [["j", "k"], "A line down, up; also the arrows and the pages"],
  [["g", "g"], "First line"],
  [["G"], "Last line"],
  [["l"], "Pick the line of the match, or the first in sight; L picks up to there"],
  [["f"], "Follow the end, or let go"],
  [["w"], "Wrap long lines"],
  [["t"], "Times: none, since the start, local, UTC"],
];

const FILE_KEYS: typeof KEYS = [
  [["↑", "↓"], "A row up, down; → and ← open and close folders"],
  [["Enter"], "Open the file, or the folder"],
  [["F2"], "Rename or move"],
  [["Delete"], "Delete, with a way back"],
  [["Shift", "F10"], "The row's menu"],
  [["a"], "Letters go to the next name that begins with them"],
];

export const HelpDialog = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title="Keys">
    <KeyList keys={KEYS} />
    <h3 className="mt-4 mb-1 font-semibold text-sm">In a log</h3>
    <KeyList keys={LOG_KEYS} />
    <h3 className="mt-4 mb-1 font-semibold text-sm">In a script's files</h3>
    <KeyList keys={FILE_KEYS} />
  </Dialog>
);

const KeyList = ({ keys }: { keys: typeof KEYS }) => (
  <dl className="flex flex-col">
    {keys.map(([pressed, does]) => (
      <div
        key={does}
        className="flex min-h-9 items-center justify-between gap-4 border-line border-b py-1 text-sm last:border-b-0"
      >
        <dt className="text-ink-2">{does}</dt>
        <dd className="flex gap-1">
          {pressed.map((key, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same key may be pressed twice.
            <Kbd key={index}>{key}</Kbd>
          ))}
        </dd>
      </div>
    ))}
  </dl>
);
