// Another image for scripts: a Python version or any image, with packages of Debian if need be.
import { type FormEvent, useState } from "react";
import { ApiError } from "~/api/client";
import { Button } from "~/components/ui/button";
import { Dialog } from "~/components/ui/dialog";
import { ErrorNotice } from "~/components/ui/error-notice";
import { CodeInput, Field } from "~/components/ui/field";
import { namesIn, officialImage, PYTHONS } from "./images";
import type { useImages } from "./use-images";

interface AddImageDialogProps {
  onClose: () => void;
  add: ReturnType<typeof useImages>["add"];
}

export function AddImageDialog({ onClose, add }: AddImageDialogProps) {
  const [base, setBase] = useState("");
  const [packages, setPackages] = useState("");
  const [name, setName] = useState("");
  const { error } = add;
  const about = (field: string) => (error instanceof ApiError && error.field === field ? error.message : null);
  const hasPlace = ["base", "name", "system_packages"].some((field) => about(field) !== null);
  const close = () => {
    add.reset();
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(
      { base: base.trim(), system_packages: namesIn(packages), ...(name.trim() ? { name: name.trim() } : {}) },
      { onSuccess: close },
    );
  };
  return (
    <Dialog
      open
      onClose={close}
      title="Add image"
      description="It is pulled if it is not here. What scripts need and it lacks is built on it; that takes a minute or so, and can be watched in the list."
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="add-image" disabled={base.trim() === ""} busy={add.isPending}>
            Add
          </Button>
        </>
      }
    >
      <form id="add-image" onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Image" hint="A Python image of the registry, or one of your own." error={about("base")}>
          {(control) => (
            <CodeInput
              {...control}
              placeholder={officialImage("3.12")}
              value={base}
              onChange={(event) => setBase(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="-mt-2 flex flex-wrap items-center gap-1.5">
          <legend className="sr-only">Official images of Python</legend>
          <span aria-hidden className="mr-1 text-ink-3 text-xs">
            Official Python
          </span>
          {PYTHONS.map((version) => (
            <Button key={version} size="sm" onClick={() => setBase(officialImage(version))}>
              {version}
            </Button>
          ))}
        </fieldset>
        <Field
          label="System packages"
          hint="Of Debian, for what pip does not bring; separated by spaces."
          error={about("system_packages")}
        >
          {(control) => (
            <CodeInput
              {...control}
              placeholder="none"
              value={packages}
              onChange={(event) => setPackages(event.target.value)}
            />
          )}
        </Field>
        <Field label="Name" hint="What scripts choose it by. Empty: called like the image." error={about("name")}>
          {(control) => <CodeInput {...control} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        {error && !hasPlace ? <ErrorNotice error={error} unchanged="No image was added." /> : null}
      </form>
    </Dialog>
  );
}
