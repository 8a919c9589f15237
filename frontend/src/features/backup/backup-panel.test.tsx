import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Backup, BackupList } from "~/api/types";
import { BackupPanel } from "./backup-panel";

vi.mock("~/components/ui/tooltip", () => ({ Tooltip: ({ children }: { children: React.ReactNode }) => children }));

const backup = (rest: Partial<Backup>): Backup => ({
  name: "pytask-20261125T033000Z-scheduled.tar.zst",
  kind: "backup",
  size_bytes: 4096,
  made_at: "2026-11-25T03:30:00Z",
  cause: "schedule",
  version: "0.1.0",
  logs: false,
  artifacts: false,
  checked_at: null,
  problem: null,
  account: null,
  ...rest,
});
const list = (rest: Partial<BackupList>): BackupList => ({
  items: [],
  folder: "/data/backups",
  job: null,
  last: null,
  next_at: null,
  restored: null,
  needs_key: false,
  ...rest,
});

function show(data: BackupList) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  queryClient.setQueryData(["backups"], data);
  render(
    <QueryClientProvider client={queryClient}>
      <BackupPanel />
    </QueryClientProvider>,
  );
}

// Roles are looked for in the whole document, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("says what to do where there is none, and what a restored instance needs", () => {
  show(list({ needs_key: true }));
  expect(screen.getByText("No backup yet")).toBeInTheDocument();
  expect(screen.getByText(/docker compose cp .*secrets\.key/)).toBeInTheDocument();
});

it("shows one that is not whole, and why the last was not made, as text", () => {
  const problem = "<img src=x onerror=alert(1)>";
  show(
    list({
      items: [backup({ problem })],
      last: { name: "x", cause: "manual", at: "2026-11-25T04:00:00Z", problem: "the data disk is nearly full" },
    }),
  );
  expect(screen.getByText("Not whole")).toBeInTheDocument();
  expect(screen.getByText(problem)).toBeInTheDocument();
  expect(screen.getByRole("status")).toHaveTextContent("the data disk is nearly full");
});

it("asks for one with what was chosen, and for none while one is made", async () => {
  const posted: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "POST") posted.push(await request.json());
    return Response.json(request.method === "POST" ? {} : list({}));
  });
  show(list({}));
  fireEvent.click(screen.getByRole("checkbox", { name: "with logs" }));
  fireEvent.click(screen.getByRole("button", { name: "Back up now" }));
  await waitFor(() => expect(posted).toEqual([{ logs: true, artifacts: false }]), { timeout: 10_000 });
  cleanup();
  const job = { kind: "make", name: "pytask-x", cause: "manual", started_at: "2026-11-25T04:00:00Z" } as const;
  show(list({ job: { ...job, phase: "writing", done_bytes: 512, total_bytes: 1024 } }));
  expect(screen.getByRole("button", { name: "Back up now" })).toBeDisabled();
  expect(screen.getByRole("status")).toHaveTextContent("512 B of about 1");
});
