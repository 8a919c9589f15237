import type { ErrorComponentProps } from "@tanstack/react-router";
import { Button } from "~/components/ui/button";
import { Empty } from "~/components/ui/panel";
import { errorText } from "~/lib/format";

/** A page that could not be loaded or drawn. The frame around it stays. */
export const PageError = ({ error }: ErrorComponentProps) => (
  <Empty
    title="This page could not be shown"
    className="pt-24"
    action={<Button onClick={() => window.location.reload()}>Reload</Button>}
  >
    {errorText(error)} Nothing was changed; unsaved code is kept as a draft. After an upgrade, reloading brings the new
    pages.
  </Empty>
);
