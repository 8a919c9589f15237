import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { TooltipProvider } from "~/components/ui/tooltip";
import { WebhookDialog } from "./webhook-dialog";

// Finding things by their roles in a form of this size takes its time on a machine that is busy.
vi.setConfig({ testTimeout: 30_000 });

let answer: (request: Request) => Promise<[status: number, body: unknown]>;
const sent: unknown[] = [];

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", async (request: Request) => {
    const [status, body] = await answer(request);
    return new Response(JSON.stringify(body), { status });
  });
});

function show() {
  const onClose = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <WebhookDialog onClose={onClose} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return onClose;
}

const type = (name: string, value: string) =>
  fireEvent.change(screen.getByRole("textbox", { name }), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

it("sees by an address who receives, keeps what is typed on a refusal, and shows a secret once", async () => {
  answer = async (request) => {
    sent.push(await request.json());
    return sent.length === 1
      ? [
          422,
          {
            code: "invalid_field",
            message: "hooks.slack.com leads to 10.0.0.7, which is in a private network, not on the internet.",
            request_id: "r1",
            details: { field: "url" },
          },
        ]
      : [201, { id: "w1", secret: "whsec_abc" }];
  };
  const onClose = show();
  type("Address", "https://hooks.slack.com/services/T/B/x");
  expect(screen.getByRole("radio", { name: "Slack" })).toBeChecked();
  fireEvent.click(screen.getByRole("checkbox", { name: "Sign every message" }));
  press("Add webhook");
  await screen.findByText(/in a private network/);
  const address = screen.getByRole("textbox", { name: "Address" });
  expect(address).toHaveValue("https://hooks.slack.com/services/T/B/x");
  expect(address).toHaveFocus();
  press("Add webhook");
  expect(await screen.findByText("whsec_abc")).toBeVisible();
  expect(sent[1]).toMatchObject({ name: "Slack", format: "slack", secret: "generate" });
  expect(onClose).not.toHaveBeenCalled();
  press("I have it");
  expect(onClose).toHaveBeenCalledOnce();
});

it("asks before it throws away what was typed", () => {
  answer = async () => [500, {}];
  const onClose = show();
  type("Name", "Team");
  press("Cancel");
  expect(onClose).not.toHaveBeenCalled();
  expect(screen.getByRole("alert")).toHaveTextContent("What you typed is not saved.");
  press("Go on editing");
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveValue("Team");
  type("Name", "");
  press("Cancel");
  expect(onClose).toHaveBeenCalledOnce();
});

it("points at the line of a template that cannot be read", async () => {
  answer = async () => [
    422,
    { code: "invalid_field", message: "undefined value", request_id: "r1", details: { field: "template", line: 2 } },
  ];
  show();
  fireEvent.click(screen.getByRole("radio", { name: "Own template" }));
  type("Template", "first\n{{ script.nam }}\nlast");
  const place = await screen.findByRole("button", { name: /Line 2/ }, { timeout: 15_000 });
  expect(place).toHaveTextContent("{{ script.nam }}");
  fireEvent.click(place);
  const area = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Template" });
  await waitFor(() => expect(area).toHaveFocus());
  expect(area.value.slice(area.selectionStart, area.selectionEnd)).toBe("{{ script.nam }}");
});
