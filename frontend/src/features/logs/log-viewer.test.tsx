import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "~/api/types";
import { TooltipProvider } from "~/components/ui/tooltip";
import type { LinesWindow, LogStream } from "./contract";
import { LogViewer } from "./log-viewer";
import { RunLog } from "./run-log";
import type { Picking } from "./use-log-view";

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

/** The server's answers come from these lines. */
function show(lines: [stream: LogStream, text: string, cut?: number][], picking?: Picking) {
  const window: LinesWindow = {
    first: 1,
    total: lines.length,
    lines_all: lines.length,
    bytes: 100,
    ended: true,
    lines: lines.map(([stream, text, cut = 0], index) => ({
      line: index + 1,
      at: "2026-03-01T10:00:01.500Z",
      stream,
      text,
      cut,
    })),
  };
  const log = new RunLog(run, () => {});
  log.windows.push(window);
  log.status.set("ended");
  const view = render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <LogViewer log={log} run={run} picking={picking} onPlace={onPlace} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { ...view, log };
}

const onPlace = vi.fn();
const answers = (frames: object[]) => new Response(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""));

describe("LogViewer", () => {
  it("shows hostile text as text", () => {
    const hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const { container } = show([["stdout", hostile]]);
    expect(screen.getByText(hostile)).toBeInTheDocument();
    expect(container.querySelector("img, script")).toBeNull();
  });

  it("tells the streams apart", () => {
    const { container } = show([
      ["stdout", "to stdout"],
      ["stderr", "to stderr"],
    ]);
    expect(container.querySelector('[data-stream="stderr"]')).toHaveTextContent("to stderr");
    expect(container.querySelector('[data-stream="stdout"]')).toHaveTextContent("to stdout");
  });

  it("ends with how the run ended and what was skipped", () => {
    show([["stdout", "x"]]);
    const end = screen.getByTestId("log-end");
    expect(end).toHaveTextContent("It ended with exit 1.");
    expect(end).toHaveTextContent("4.0 s");
    expect(end).toHaveTextContent("2 KiB skipped");
  });

  it("tells screen readers where a row is in the whole", () => {
    show([
      ["stdout", "one"],
      ["stderr", "two"],
    ]);
    const rows = within(screen.getByRole("list", { name: "Lines" })).getAllByRole("listitem");
    expect(rows).toHaveLength(2);
    expect(rows[1]).toHaveAttribute("aria-posinset", "2");
    expect(rows[1]).toHaveAttribute("aria-setsize", "2");
    expect(rows[1]).toHaveTextContent("stderr: two");
  });

  it("says how much of a line is not shown, and where it is", () => {
    show([["stdout", "long", 2048]]);
    expect(screen.getByTestId("log")).toHaveTextContent("long … 2 KiB more, in the download");
    expect(screen.getByRole("link", { name: "the download" })).toHaveAttribute(
      "href",
      "/api/v1/runs/r1/log?format=text",
    );
  });

  it("picks lines by their numbers, more with Shift, and lets go", () => {
    const { container } = show(Array.from({ length: 6 }, (_, n) => ["stdout", `row ${n + 1}`]));
    fireEvent.click(screen.getByRole("link", { name: "Line 2" }));
    fireEvent.click(screen.getByRole("link", { name: "Line 5" }), { shiftKey: true });
    expect(container.querySelectorAll("[data-picked]")).toHaveLength(4);
    expect(screen.getByTestId("log-picked")).toHaveTextContent("Lines 2–5");
    fireEvent.keyDown(screen.getByTestId("log"), { key: "Escape" });
    expect(container.querySelectorAll("[data-picked]")).toHaveLength(0);
  });

  it("shows lines that the address names, and tells what is picked then", () => {
    const onPick = vi.fn();
    const { container } = show(
      [
        ["stdout", "a"],
        ["stdout", "b"],
      ],
      { picked: { from: 2, to: 2 }, onPick },
    );
    expect(container.querySelector("[data-picked]")).toHaveTextContent("b");
    fireEvent.click(screen.getByRole("link", { name: "Line 1" }));
    expect(onPick).toHaveBeenCalledWith({ from: 1, to: 1 });
  });

  it("has times off, since the start, and in UTC", () => {
    show([["stdout", "x"]]);
    const log = screen.getByTestId("log");
    expect(log.querySelector("time")).toBeNull();
    fireEvent.keyDown(log, { key: "t" });
    expect(log.querySelector("time")).toHaveTextContent("+0:00:01.500");
    fireEvent.keyDown(log, { key: "t" });
    fireEvent.keyDown(log, { key: "t" });
    expect(log.querySelector("time")).toHaveTextContent("10:00:01.500");
  });

  it("leads from a traceback's frame to the script's file", () => {
    show([["stderr", '  File "/script/main.py", line 12, in <module>']]);
    fireEvent.click(screen.getByRole("button", { name: 'File "/script/main.py", line 12' }));
    expect(onPlace).toHaveBeenCalledWith({ path: "main.py", line: 12 });
  });

  it("searches, marks what is found, and cancels with Escape", async () => {
    const asked = vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      answers([
        {
          type: "matches",
          lines: [{ line: 2, position: 2, at: "", stream: "stdout", text: "a needle", ranges: [[2, 8]] }],
        },
        { type: "done", searched_bytes: 9, total_bytes: 9, matches: 1, listed: 1 },
      ]),
    );
    show([
      ["stdout", "hay"],
      ["stdout", "a needle"],
    ]);
    fireEvent.keyDown(screen.getByTestId("log"), { key: "/" });
    const box = screen.getByRole("searchbox", { name: "Search for" });
    expect(box).toHaveFocus();
    fireEvent.change(box, { target: { value: "needle" } });
    fireEvent.keyDown(box, { key: "Enter" });
    await vi.waitFor(() => expect(screen.getByTestId("log-search-count")).toHaveTextContent("1 of 1 line"));
    const [input] = asked.mock.calls[0] ?? [];
    const url = new URL((input as Request).url);
    expect(url.pathname).toBe("/api/v1/runs/r1/log/search");
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ q: "needle", regex: "false", ignore_case: "true" });
    expect(screen.getByTestId("log").querySelector("mark")).toHaveTextContent("needle");
    fireEvent.keyDown(box, { key: "Escape" });
    expect(screen.queryByTestId("log-search")).toBeNull();
    expect(screen.getByTestId("log").querySelector("mark")).toBeNull();
  });

  it("finds the first line on stderr where there is no traceback", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) =>
      (input as Request).url.includes("/search")
        ? answers([{ type: "done", searched_bytes: 9, total_bytes: 9, matches: 0, listed: 0 }])
        : Response.json({
            first: 1,
            total: 1,
            lines_all: 3,
            bytes: 9,
            ended: true,
            lines: [{ line: 2, at: "", stream: "stderr", text: "oh", cut: 0 }],
          }),
    );
    const { container } = show([
      ["stdout", "a"],
      ["stderr", "oh"],
      ["stdout", "b"],
    ]);
    fireEvent.keyDown(screen.getByTestId("log"), { key: "e" });
    await vi.waitFor(() => expect(container.querySelector("[data-picked]")).toHaveTextContent("oh"));
  });
});
