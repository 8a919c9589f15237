// A webhook is added or changed. Nothing typed is lost on a refusal: it is shown at its field; and leaving with
// something typed asks first. A secret that was made is shown here, once, before the dialog closes.
import { type FormEvent, Fragment, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { CodeInput, Field, Input } from "~/components/ui/field";
import { ShownOnce } from "~/components/ui/shown-once";
import { viewerZone } from "~/features/schedules/zoned";
import type { Webhook } from "../contract";
import { type Draft, draftOf, type Errors, fieldOf, nameOf, newDraft, patchOf, read } from "../form";
import { aboutFormat, formatOf } from "../formats";
import { useSaveWebhook } from "../use-webhooks";
import { EventsField } from "./events-field";
import { FormatField } from "./format-field";
import { Group } from "./group";
import { RulesFields } from "./rules-fields";
import { Sent } from "./sent";
import { SigningField } from "./signing-field";
import { TemplateField } from "./template-field";

interface WebhookDialogProps {
  onClose: () => void;
  /** The one to change; a new one is added where there is none. */
  webhook?: Webhook | undefined;
  /** Whose a new one becomes; of every script where there is none. */
  scriptId?: string | undefined;
}

export function WebhookDialog({ onClose, webhook, scriptId }: WebhookDialogProps) {
  const [opened] = useState<Draft>(() => (webhook ? draftOf(webhook, viewerZone()) : newDraft(viewerZone())));
  const [draft, setDraft] = useState(opened);
  const [wrong, setWrong] = useState<Errors>({});
  const [leaving, setLeaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const { add, change } = useSaveWebhook();
  const refusal = add.error ?? change.error;
  const refused = refusal instanceof ApiError ? fieldOf(refusal.field) : null;
  const errors: Errors = refused && refusal ? { ...wrong, [refused]: refusal.message } : wrong;
  const busy = add.isPending || change.isPending;
  const about = aboutFormat(draft.format);
  const set = (next: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...next }));
    setWrong({});
    add.reset();
    change.reset();
  };
  // What was refused is brought into view, with the caret in it.
  const first = Object.keys(errors)[0];
  useEffect(() => {
    if (first === undefined) return;
    const place = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input');
    place?.focus();
  }, [first]);
  const leave = () => {
    if (secret === null && JSON.stringify(draft) !== JSON.stringify(opened)) setLeaving(true);
    else onClose();
  };
  const onSuccess = (made: { secret?: string | null }) => {
    if (made.secret) setSecret(made.secret);
    else {
      toast(
        webhook ? "Saved" : "The webhook is on",
        webhook ? {} : { description: "Send it a test to see it arrive." },
      );
      onClose();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeaving(false);
    const { body, errors: found } = read(draft, webhook !== undefined);
    if (!body) return setWrong(found);
    if (!webhook) return add.mutate(scriptId ? { ...body, script_id: scriptId } : body, { onSuccess });
    const patch = patchOf(webhook, body);
    if (Object.keys(patch).length === 0) onClose();
    else change.mutate({ id: webhook.id, patch }, { onSuccess });
  };

  if (secret !== null)
    return (
      <Dialog
        open
        wide
        onClose={onClose}
        title={webhook ? "The secret is changed" : "The webhook is on"}
        footer={
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        }
      >
        <ShownOnce name="The signing secret" value={secret}>
          The receiver needs it to check the signature. If it gets lost, a new one can be made in the editor.
        </ShownOnce>
      </Dialog>
    );
  return (
    <Dialog
      open
      wide
      onClose={leave}
      title={webhook ? `Webhook “${webhook.name}”` : scriptId ? "New webhook of this script" : "New webhook"}
      footer={
        // Two fragments by their keys: a button that became another one under the pointer would send the form.
        leaving ? (
          <Fragment key="leaving">
            <p role="alert" className="mr-auto self-center text-ink-2 text-sm max-sm:basis-full">
              What you typed is not saved.
            </p>
            <Button onClick={() => setLeaving(false)}>Go on editing</Button>
            <Button look="danger" onClick={onClose}>
              Discard
            </Button>
          </Fragment>
        ) : (
          <Fragment key="editing">
            <Button onClick={leave}>Cancel</Button>
            <Button look="primary" type="submit" form="webhook" busy={busy}>
              {webhook ? "Save" : "Add webhook"}
            </Button>
          </Fragment>
        )
      }
    >
      <form ref={form} id="webhook" onSubmit={submit} noValidate className="flex flex-col gap-5">
        <Field label="Name" error={errors.name} hint={webhook ? undefined : "Empty: it is called like its receiver."}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              placeholder={nameOf(draft)}
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <FormatField
          value={draft.format}
          error={errors.format}
          onChange={(format) => set({ format, formatChosen: true })}
        />
        <Field
          label="Address"
          error={errors.url}
          hint={
            webhook
              ? `Empty keeps the one there is: ${webhook.url_shown}`
              : `${about.where} It is stored sealed, and never shown in full again.`
          }
        >
          {(control) => (
            <CodeInput
              {...control}
              type="url"
              inputMode="url"
              placeholder={webhook ? "unchanged" : about.example}
              value={draft.url}
              onChange={(event) => {
                const url = event.target.value;
                const format = draft.formatChosen ? null : formatOf(url);
                set({ url, ...(format ? { format } : {}) });
              }}
            />
          )}
        </Field>
        <EventsField value={draft.events} error={errors.events} onChange={(events) => set({ events })} />
        <RulesFields draft={draft} set={set} errors={errors} />
        <Group title="What is sent">
          {draft.format === "template" ? <TemplateField draft={draft} set={set} errors={errors} /> : null}
          <Sent draft={draft} />
        </Group>
        <SigningField
          value={draft.signing}
          hasSecret={webhook?.has_secret ?? false}
          error={errors.signing}
          onChange={(signing) => set({ signing })}
        />
        {refusal && !refused ? (
          <ErrorNotice error={refusal} unchanged={webhook ? "The webhook stays as it was." : "Nothing was added."} />
        ) : null}
      </form>
    </Dialog>
  );
}
