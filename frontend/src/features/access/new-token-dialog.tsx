// A new token: for whom, what it may do, how long. Then the token itself, once.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { Choices } from "~/components/ui/choices";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { Select } from "~/components/ui/select";
import { ShownOnce } from "~/components/ui/shown-once";
import type { Scope } from "./contract";
import { EXPIRIES, type Expiry, expiresAt } from "./expiry";
import { createToken } from "./requests";

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("full");
  const [expiry, setExpiry] = useState<Expiry>("90");
  const create = useMutation({
    mutationFn: createToken,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["access"] }),
  });
  const { data: made, error } = create;
  const field = error instanceof ApiError ? (error.status === 409 ? "name" : error.field) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate({ name: name.trim(), scope, expires_at: expiresAt(expiry, new Date()) });
  };
  if (made)
    return (
      <Dialog
        open
        wide
        onClose={onClose}
        title={`Token “${made.name}”`}
        footer={
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        }
      >
        <ShownOnce name="The token" value={made.token}>
          A program sends it with every request: <code className="num">Authorization: Bearer …</code>; the command line
          takes it from <code className="num">PYTASK_TOKEN</code>; a browser asks for it. If it gets lost, make another.
        </ShownOnce>
      </Dialog>
    );
  return (
    <Dialog
      open
      onClose={onClose}
      title="New token"
      description="For one program, machine or person each, so that each can be taken back alone."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form="new-token" disabled={name.trim() === ""} busy={create.isPending}>
            Make the token
          </Button>
        </>
      }
    >
      <form id="new-token" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="Whom or what it is for." error={field === "name" ? error?.message : null}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              placeholder="laptop"
              value={name}
              onChange={(event) => {
                setName(event.target.value);
                create.reset();
              }}
            />
          )}
        </Field>
        <div>
          <p className="mb-1 font-medium text-sm">What it may do</p>
          <div className="rounded-md border border-line">
            <Choices<Scope>
              label="What it may do"
              value={scope}
              onChange={setScope}
              choices={[
                { value: "full", label: "Everything", means: "As you do here: also run and change scripts." },
                { value: "read", label: "Look", means: "Read everything, follow runs and logs; change nothing." },
              ]}
            />
          </div>
        </div>
        <Field label="Expires after" error={field === "expires_at" ? error?.message : null}>
          {({ id }) => <Select<Expiry> id={id} value={expiry} onChange={setExpiry} options={EXPIRIES} />}
        </Field>
        {error && field !== "name" && field !== "expires_at" ? (
          <ErrorNotice error={error} unchanged="No token was made." />
        ) : null}
      </form>
    </Dialog>
  );
}
