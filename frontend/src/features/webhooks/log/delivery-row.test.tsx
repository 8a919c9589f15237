import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { TooltipProvider } from "~/components/ui/tooltip";
import type { Delivery } from "../contract";
import { DeliveryRow } from "./delivery-row";

const HOSTILE = '<img src="x" onerror="alert(1)"><script>alert(2)</script>';

const delivery: Delivery = {
  id: "d1",
  webhook_id: "w1",
  message_id: "m1",
  run_id: null,
  script_id: null,
  event: "failed",
  state: "failed",
  attempts: [
    { at: "2026-03-01T10:00:00Z", duration_ms: 3, status: null, error: "connection refused", response_excerpt: null },
    { at: "2026-03-01T10:01:00Z", duration_ms: 40, status: 503, error: null, response_excerpt: HOSTILE },
  ],
  next_attempt_at: null,
  created_at: "2026-03-01T10:00:00Z",
  delivered_at: null,
  request: {
    method: "POST",
    url_shown: "https://example.org/ho…",
    headers: { "content-type": "application/json" },
    body: HOSTILE,
  },
};

function show(open: boolean, onToggle = () => {}) {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(delivery))));
  const client = new QueryClient();
  return render(
    <QueryClientProvider client={client}>
      <TooltipProvider>
        <ul>
          <DeliveryRow id="d1" listed={delivery} open={open} onToggle={onToggle} />
        </ul>
      </TooltipProvider>
    </QueryClientProvider>,
  );
}

it("says in one line how it went, and opens", () => {
  const onToggle = vi.fn();
  show(false, onToggle);
  const row = screen.getByRole("button", { expanded: false });
  expect(row).toHaveTextContent("FailedFailedanswered 503 · 2 attempts");
  fireEvent.click(row);
  expect(onToggle).toHaveBeenCalledOnce();
});

it("shows what was sent and answered as text, whatever is in it", () => {
  const { container } = show(true);
  expect(screen.getByRole("region", { name: "Request" })).toHaveTextContent(HOSTILE);
  expect(screen.getByRole("region", { name: "Answer to attempt 2" })).toHaveTextContent(HOSTILE);
  expect(container.querySelector("img, script")).toBeNull();
  expect(screen.getByText(/has trouble of its own/)).toBeVisible();
  expect(screen.getByRole("button", { name: "Send again" })).toBeEnabled();
});
