import type { ReactNode } from "react";

/** Some of the fields of a form under a heading of their own. */
export const Group = ({ title, children }: { title: string; children: ReactNode }) => (
  <fieldset className="flex min-w-0 flex-col gap-3">
    <legend className="mb-1.5 font-medium text-ink text-sm">{title}</legend>
    {children}
  </fieldset>
);
