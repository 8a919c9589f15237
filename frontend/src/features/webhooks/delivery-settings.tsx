// How messages are delivered, whatever webhook they are of: how often it is tried, how long it is waited, how long the
// list is kept, where links in messages lead, and which places of one's own network may be reached.
import { type FormEvent, useState } from "react";
import { ErrorNotice } from "~/components/ui/error-notice";
import { CodeInput, controlClass, Field } from "~/components/ui/field";
import { FormEnd } from "~/components/ui/form-end";
import { Panel } from "~/components/ui/panel";
import { QuantityField } from "~/features/limits/quantity-field";
import { cn } from "~/lib/cn";
import type { NotificationSettings } from "./contract";
import { NUMBER_NAMES, NUMBERS, numberOf, patchOf, refusalOf, shownNumber, typedOf, type Wish } from "./settings-form";

interface DeliverySettingsProps {
  set: Wish;
  defaults: NotificationSettings;
  save: {
    mutate: (patch: Wish, options: { onSuccess: () => void }) => void;
    isPending: boolean;
    error: unknown;
  };
}

export function DeliverySettings({ set, defaults, save }: DeliverySettingsProps) {
  const [text, setText] = useState(() => typedOf(set));
  const patch = patchOf(text, set);
  const targets = refusalOf(save.error, "private_targets");
  const address = refusalOf(save.error, "public_url");
  const placed =
    targets !== null || address !== null || NUMBER_NAMES.some((name) => refusalOf(save.error, name) !== null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (patch)
      save.mutate(patch, { onSuccess: () => setText((before) => ({ ...before, ...typedOf({ ...set, ...patch }) })) });
  };
  return (
    <Panel
      id="delivery"
      title="Delivery"
      actions={<span className="text-ink-3 text-xs max-sm:hidden">Holds for every webhook</span>}
    >
      <form onSubmit={submit}>
        <div className="grid items-start gap-x-6 gap-y-5 p-4 sm:grid-cols-2">
          <Field
            className="sm:col-span-2"
            label="Private targets"
            hint="One a line: a host, an address or a network such as 192.168.1.0/24. Webhooks reach the internet only, and of your own network what stands here, so that an address cannot be used to look around in it."
            error={targets}
          >
            {(control) => (
              <textarea
                {...control}
                spellCheck={false}
                autoComplete="off"
                rows={Math.min(10, Math.max(2, text.private_targets.split("\n").length))}
                placeholder="none"
                className={cn(controlClass, "w-full resize-y px-2.5 py-1.5 font-mono text-[12.5px] leading-5")}
                value={text.private_targets}
                onChange={(event) => setText({ ...text, private_targets: event.target.value })}
              />
            )}
          </Field>
          <Field
            className="sm:col-span-2"
            label="Address of this instance"
            hint="As browsers open it. Messages then have a link to their run; without it they have none."
            error={address}
          >
            {(control) => (
              <CodeInput
                {...control}
                type="url"
                inputMode="url"
                placeholder={`such as ${window.location.origin}`}
                value={text.public_url}
                onChange={(event) => setText({ ...text, public_url: event.target.value })}
              />
            )}
          </Field>
          {NUMBER_NAMES.map((name) => (
            <QuantityField
              key={name}
              label={NUMBERS[name].label}
              quantity={NUMBERS[name].quantity}
              text={text[name]}
              onChange={(next) => setText({ ...text, [name]: next })}
              standard={shownNumber(name, defaults[name])}
              hint={NUMBERS[name].hint}
              error={
                numberOf(name, text[name], set) === "wrong"
                  ? "A number above zero, or nothing."
                  : refusalOf(save.error, name)
              }
            />
          ))}
          {save.error && !placed ? (
            <ErrorNotice error={save.error} unchanged="Nothing was changed." className="sm:col-span-2" />
          ) : null}
        </div>
        <FormEnd
          changed={patch !== null}
          busy={save.isPending}
          note="It holds from the next attempt on, for what waits already too."
        />
      </form>
    </Panel>
  );
}
