import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "~/api/types";
import { TooltipProvider } from "~/components/ui/tooltip";
import { LogViewer } from "./log-viewer";
import { RunLog } from "./run-log";

const run = {
  id: "r1",
  state: "finished",
  started_at: "2026-03-01T10:00:00Z",
  finished_at: "2026-03-01T10:00:04Z",
  outcome: { kind: "failed", exit_code: 1, message: "It ended with exit 1.", stderr_tail: [] },
  log: { stdout_bytes: 0, stderr_bytes: 0, dropped_bytes: 2048, records: 2, last_seq: 2 },
} as unknown as Run;

beforeEach(() => {
  // jsdom lays nothing out: without a height no row would be in view.
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(800);
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
});

function show(texts: [stream: "stdout" | "stderr", text: string][]) {
  const log = new RunLog(run, () => {});
  texts.forEach(([stream, text], index) => {
    log.buffer.push({ seq: index + 1, at: "2026-03-01T10:00:00Z", stream, text });
  });
  log.buffer.flush();
  log.status.set("ended");
  return render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <LogViewer log={log} run={run} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
}

describe("LogViewer", () => {
  it("shows hostile text as text", () => {
    const hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const { container } = show([["stdout", `${hostile}\n`]]);
    expect(screen.getByText(hostile)).toBeInTheDocument();
    expect(container.querySelector("img, script")).toBeNull();
  });

  it("tells the streams apart", () => {
    const { container } = show([
      ["stdout", "to stdout\n"],
      ["stderr", "to stderr\n"],
    ]);
    expect(container.querySelector('[data-stream="stderr"]')).toHaveTextContent("to stderr");
    expect(container.querySelector('[data-stream="stdout"]')).toHaveTextContent("to stdout");
  });

  it("ends with how the run ended and what was skipped", () => {
    show([["stdout", "x\n"]]);
    const end = screen.getByTestId("log-end");
    expect(end).toHaveTextContent("It ended with exit 1.");
    expect(end).toHaveTextContent("4.0 s");
    expect(end).toHaveTextContent("2 KiB skipped");
  });
});
