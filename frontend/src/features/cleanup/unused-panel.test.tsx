import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { TooltipProvider } from "~/components/ui/tooltip";
import { cleanupQuery, type Group, type Job, type Preview, previewQuery } from "./requests";
import { UnusedPanel } from "./unused-panel";

const group = (kind: Group["kind"], what: string, chosen: boolean, bytes: number): Group => ({
  kind,
  what,
  why: `Why ${what} can go`,
  chosen,
  safe: kind !== "folders",
  place: "data",
  items_count: bytes > 0 ? 1 : 0,
  bytes,
  examples: bytes > 0 ? [{ what: `one of ${what}`, bytes }] : [],
});

const preview: Preview = {
  fingerprint: "f1",
  computed_at: "2026-03-01T10:00:00Z",
  total_bytes: 3 * 1024,
  groups: [
    group("trash", "Scripts in the trash", true, 1024),
    group("folders", "Folders without a script", false, 4096),
    group("environments", "Environments", true, 2048),
    group("images", "Images", true, 0),
  ],
  left_alone: [{ what: "notes.txt", why: "It was not made here" }],
  left_alone_count: 1,
};

const sent: { method: string; url: string; body: string }[] = [];

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    sent.push({ method: request.method, url: pathname + search, body: await request.text() });
    const json = (status: number, body: unknown) =>
      new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
    if (request.method === "POST")
      return json(409, { code: "cleanup_outdated", message: "What would go is no longer that.", request_id: "r" });
    if (pathname.endsWith("/preview")) return json(200, { ...preview, fingerprint: "f2" });
    return json(200, { running: null, last_reports: [], next_at: null });
  });
});

function show(running: Job | null = null) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queryClient.setQueryData(previewQuery(null).queryKey, preview);
  queryClient.setQueryData(cleanupQuery.queryKey, { running, last_reports: [], next_at: null });
  render(
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <UnusedPanel />
      </TooltipProvider>
    </QueryClientProvider>,
  );
}

it("shows what goes with its size and why, and what stays", () => {
  show();
  expect(screen.getByText("3 KiB", { selector: "p *" })).toBeInTheDocument();
  expect(screen.getByRole("checkbox", { name: "Folders without a script" })).not.toBeChecked();
  expect(screen.getByRole("checkbox", { name: "Scripts in the trash" })).toHaveAccessibleDescription(
    /Why Scripts in the trash can go/,
  );
  expect(screen.getByText(/Nothing of the others: images/)).toBeInTheDocument();
  expect(screen.getByText("1 thing is left alone")).toBeInTheDocument();
});

it("names what cannot be had back, sends the preview that was agreed to, and says what was refused", async () => {
  show();
  fireEvent.click(screen.getByRole("button", { name: "Clean up now" }));
  const dialog = screen.getByRole("dialog", { name: "Free 3 KiB?" });
  expect(within(dialog).getByText(/Scripts in the trash \(for good\)/)).toBeInTheDocument();
  expect(within(dialog).queryByText(/Folders/)).toBeNull();
  fireEvent.click(within(dialog).getByRole("button", { name: "Clean up" }));
  await screen.findByText("What would go is no longer that.");
  const posted = sent.find((each) => each.method === "POST");
  expect(JSON.parse(posted?.body ?? "{}")).toEqual({ fingerprint: "f1" });
  // And looks once more.
  await waitFor(() => expect(sent.some((each) => each.url.includes("/cleanup/preview"))).toBe(true));
});

it("asks for a preview of exactly the kinds that are chosen", async () => {
  show();
  fireEvent.click(screen.getByRole("checkbox", { name: "Folders without a script" }));
  await waitFor(() =>
    expect(sent.map((each) => decodeURIComponent(each.url))).toContain(
      "/api/v1/cleanup/preview?kinds=trash,folders,environments,images",
    ),
  );
});

it("shows how far it is, and nothing can be begun or chosen meanwhile", () => {
  show({
    id: 1,
    trigger: "manual",
    started_at: "2026-03-01T10:00:00Z",
    continued: 0,
    items: 4,
    items_done: 1,
    bytes: 4096,
    freed_bytes: 1024,
    kind: "environments",
  });
  expect(screen.getByRole("status")).toHaveTextContent("1 of 4 things, freed 1 KiB of 4 KiB");
  expect(screen.getByRole("button", { name: "Clean up now" })).toBeDisabled();
  expect(screen.getByRole("checkbox", { name: "Scripts in the trash" })).toBeDisabled();
});
