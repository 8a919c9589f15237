// The templates as cards: what each does, which packages it asks for, which files it brings. Arrow keys move.
import { RadioGroup } from "radix-ui";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Skeleton } from "~/components/ui/panel";
import { Tag } from "~/components/ui/tag";
import type { Template } from "../../contract";

interface TemplateCardsProps {
  templates: readonly Template[];
  isPending: boolean;
  error: unknown;
  onRetry: () => void;
  picked: string | null;
  onPick: (id: string) => void;
}

const GRID = "grid gap-2 sm:grid-cols-2";

export function TemplateCards({ templates, isPending, error, onRetry, picked, onPick }: TemplateCardsProps) {
  if (error) return <ErrorNotice error={error} onRetry={onRetry} />;
  if (isPending)
    return (
      <div role="status" aria-label="Loading" className={GRID}>
        {[1, 2, 3, 4].map((each) => (
          <Skeleton key={each} className="h-28" />
        ))}
      </div>
    );
  return (
    <RadioGroup.Root value={picked ?? ""} onValueChange={onPick} aria-label="Template" className={GRID}>
      {templates.map(({ id, name, description, requirements, files }) => (
        <RadioGroup.Item
          key={id}
          value={id}
          aria-label={name}
          aria-describedby={`template-${id}`}
          className="flex flex-col gap-1.5 rounded-md border border-line bg-panel p-3 text-left text-sm hover:border-line-strong data-[state=checked]:border-accent-ink data-[state=checked]:bg-accent-soft"
        >
          <span className="flex w-full items-center gap-2 font-medium">
            {name}
            <span
              aria-hidden
              className="ml-auto flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong"
            >
              <RadioGroup.Indicator className="size-2 rounded-full bg-accent-ink" />
            </span>
          </span>
          <span id={`template-${id}`} className="flex flex-1 flex-col gap-2">
            <span className="flex-1 text-ink-2">{description}</span>
            <span className="flex flex-wrap items-center gap-1">
              {requirements.map((each) => (
                <Tag key={each} className="font-mono">
                  {each}
                </Tag>
              ))}
              <span className="text-ink-3 text-xs">
                {requirements.length === 0 ? "Standard library alone" : null}
                {files.length > 1 ? `${requirements.length === 0 ? " · " : ""}${files.length} files` : null}
              </span>
            </span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
