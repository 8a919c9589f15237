import { fireEvent, render, screen, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ApiError } from "~/api/client";
import { TooltipProvider } from "~/components/ui/tooltip";
import type { Variable } from "./requests";
import { VariablesForm } from "./variables-form";

const variable = (name: string, value: string | null): Variable => ({
  name,
  value,
  secret: value === null,
  description: "",
  updated_at: "2026-11-25T08:00:00Z",
  masked: value === null,
  to_be_entered: false,
  trouble: null,
});
const stored = [variable("REGION", "eu"), variable("TOKEN", null)];

function show(error: Error | null = null) {
  const save = { mutate: vi.fn(), isPending: false, error, reset: vi.fn() };
  render(
    <TooltipProvider>
      <VariablesForm stored={stored} empty="" save={save} />
    </TooltipProvider>,
  );
  return save;
}
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

it("saves what was typed, and a secret only where it is replaced", () => {
  const save = show();
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  type("Value of REGION", "us");
  press("Save");
  expect(save.mutate.mock.lastCall?.[0]).toEqual([
    { name: "REGION", secret: false, description: "", value: "us" },
    { name: "TOKEN", secret: true, description: "" },
  ]);
  press("Replace TOKEN");
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  expect(screen.getByRole("alert")).toHaveTextContent("A secret needs a value.");
  type("Value of TOKEN", "line 1\nline 2");
  press("Save");
  expect(save.mutate.mock.lastCall?.[0][1]).toEqual({
    name: "TOKEN",
    secret: true,
    description: "",
    value: "line 1\nline 2",
  });
});

it("takes over a .env and says what it did not", () => {
  const save = show();
  press("Paste a .env");
  const dialog = within(screen.getByRole("dialog"));
  fireEvent.change(dialog.getByLabelText("Contents of the .env"), {
    target: { value: "TOKEN=t\nnonsense\nNEW='n n'" },
  });
  expect(dialog.getByRole("status")).toHaveTextContent("Line 2 is no NAME=value.");
  fireEvent.click(dialog.getByRole("button", { name: "Take over 2 variables" }));
  press("Save");
  expect(save.mutate.mock.lastCall?.[0]).toEqual([
    { name: "REGION", secret: false, description: "", value: "eu" },
    { name: "TOKEN", secret: true, description: "", value: "t" },
    { name: "NEW", secret: true, description: "", value: "n n" },
  ]);
});

it("shows a refusal at the variable that it is about", () => {
  show(new ApiError(422, "invalid_field", "REGION is refused", null, { field: "items", name: "REGION" }));
  const row = screen.getByLabelText("Name of REGION").closest("li");
  if (!row) throw new Error("a row");
  expect(within(row).getByRole("alert")).toHaveTextContent("REGION is refused");
});
