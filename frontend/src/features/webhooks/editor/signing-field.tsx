// Whether messages are signed, and with what: none, the secret there is, or a new one.
import { useId } from "react";
import { Checkbox } from "~/components/ui/checkbox";
import type { Signing } from "../form";
import { Group } from "./group";

interface SigningFieldProps {
  value: Signing;
  onChange: (signing: Signing) => void;
  /** There is one already. */
  hasSecret: boolean;
  error?: string | undefined;
}

const CHOICES: readonly { value: Signing; label: string; means: string }[] = [
  { value: "keep", label: "As it is", means: "Messages are signed with the secret that the receiver has." },
  {
    value: "generate",
    label: "With a new secret",
    means: "Shown once. The receiver has to get it, too; until then it refuses what is sent.",
  },
  { value: "none", label: "Not any more", means: "The secret is thrown away." },
];

export function SigningField({ value, onChange, hasSecret, error }: SigningFieldProps) {
  const id = useId();
  return (
    <Group title="Signature">
      {hasSecret ? (
        CHOICES.map((choice) => (
          <div key={choice.value} className="flex gap-2 text-sm">
            <input
              type="radio"
              id={`${id}-${choice.value}`}
              name={id}
              className="mt-1 block size-3.5 shrink-0 accent-(--accent)"
              aria-describedby={`${id}-${choice.value}-means`}
              checked={value === choice.value}
              onChange={() => onChange(choice.value)}
            />
            <div className="min-w-0">
              <label htmlFor={`${id}-${choice.value}`} className="cursor-pointer">
                {choice.label}
              </label>
              <p id={`${id}-${choice.value}-means`} className="text-ink-3 text-xs">
                {choice.means}
              </p>
            </div>
          </div>
        ))
      ) : (
        <div className="flex gap-2 text-sm">
          <Checkbox
            id={id}
            className="mt-0.5 shrink-0"
            aria-describedby={`${id}-means`}
            checked={value === "generate"}
            onChange={(event) => onChange(event.target.checked ? "generate" : "none")}
          />
          <div className="min-w-0">
            <label htmlFor={id} className="cursor-pointer">
              Sign every message
            </label>
            <p id={`${id}-means`} className="text-ink-3 text-xs">
              For receivers of your own, which can then tell that a message is from here and not older than it says
              (Standard Webhooks). The secret for it is made now, and shown once. Slack, Discord, Teams and ntfy do not
              look at it.
            </p>
          </div>
        </div>
      )}
      {error ? <p className="text-fail text-xs">{error}</p> : null}
    </Group>
  );
}
