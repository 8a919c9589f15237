// Where the matches are, along the scroll bar. Those that fall on the same pixel are one mark.
import { memo } from "react";
import type { SearchMatch } from "./contract";
import { type Extent, shareOf } from "./scroll-place";

interface LogMarksProps {
  matches: readonly SearchMatch[];
  current: SearchMatch | undefined;
  extent: Extent;
}

/** Marks along the bar, in thousandths of it. */
const STEPS = 400;

export const LogMarks = memo(
  function LogMarks({ matches, current, extent }: LogMarksProps) {
    const at = (match: SearchMatch) => Math.round(shareOf(extent, match.position) * STEPS);
    const steps = new Set(matches.map(at));
    const place = (step: number) => ({ top: `calc(${(step / STEPS) * 100}% - ${step === STEPS ? 3 : 1}px)` });
    return (
      <div aria-hidden data-testid="log-marks" className="pointer-events-none absolute inset-y-0 right-0 w-2.5">
        {[...steps].map((step) => (
          <span key={step} className="absolute right-0 h-0.5 w-1.5 bg-skip/80" style={place(step)} />
        ))}
        {current ? <span className="absolute right-0 h-1 w-2.5 bg-skip" style={place(at(current))} /> : null}
      </div>
    );
  },
  (a, b) =>
    a.matches === b.matches &&
    a.current === b.current &&
    a.extent.lines === b.extent.lines &&
    a.extent.row === b.extent.row &&
    a.extent.viewport === b.extent.viewport,
);
