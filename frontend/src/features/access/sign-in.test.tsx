import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ask } from "~/api/client";
import { signedOut } from "~/api/signed-out";
import { SignIn } from "./sign-in";

const RIGHT = "pytask_right";
const NOBODY = { token_required: true, has_tokens: true, who: null };

beforeEach(() => {
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname;
    if (path !== "/api/v1/session")
      return new Response(JSON.stringify({ code: "token_required", message: "Sign in", request_id: "r" }), {
        status: 401,
      });
    if (request.method === "GET") return new Response(JSON.stringify(NOBODY));
    const { token } = (await request.json()) as { token: string };
    return token === RIGHT
      ? new Response(JSON.stringify({ ...NOBODY, who: { kind: "browser", scope: "full", name: "laptop" } }))
      : new Response(JSON.stringify({ code: "wrong_token", message: "There is no such token", request_id: "r" }), {
          status: 401,
        });
  });
});
afterEach(() => signedOut.set(false));

it("is wanted once an answer says so", async () => {
  await expect(ask("GET", "/scripts")).rejects.toMatchObject({ status: 401 });
  expect(signedOut.get()).toBe(true);
});

it("shows a refusal at the field, and lets in with the right token", async () => {
  signedOut.set(true);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SignIn />
    </QueryClientProvider>,
  );
  const field = screen.getByLabelText("Access token");
  expect(field).toHaveFocus();
  fireEvent.change(field, { target: { value: "pytask_wrong" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("There is no such token")).toBeVisible();
  expect(signedOut.get()).toBe(true);
  fireEvent.change(field, { target: { value: ` ${RIGHT} ` } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(signedOut.get()).toBe(false));
});
