// The indexes packages come from, and who signs in there. A password goes in and is never shown again.
import { KeyRound, TriangleAlert } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError } from "~/api/client";
import type { CredentialsPatch, IndexView } from "~/api/types";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { Field, Input } from "~/components/ui/field";
import { keepsPassword, loginPatch, withoutAddress } from "./index-logins";
import { useChangeSettings } from "./use-change-settings";

export const IndexLoginsList = ({ indexes }: { indexes: IndexView[] }) => (
  <section aria-label="Signing in to indexes" className="border-line border-t">
    <div className="px-4 pt-3.5 pb-1">
      <h3 className="font-medium text-sm">Signing in to indexes</h3>
      <p className="text-ink-3 text-xs">
        In the order in which they are asked. A password is stored sealed and never shown again. A script that builds
        packages from source gets none, and so cannot install while an index wants one.
      </p>
    </div>
    <ul className="divide-y divide-line">
      {indexes.map((index) => (
        <IndexRow key={index.address} index={index} />
      ))}
    </ul>
  </section>
);

function IndexRow({ index }: { index: IndexView }) {
  const [act, setAct] = useState<"edit" | "remove" | null>(null);
  const change = useChangeSettings();
  const { address, credentials } = index;
  const close = () => {
    change.reset();
    setAct(null);
  };
  const send = (value: CredentialsPatch | null) =>
    change.mutate({ index_credentials: { [address]: value } }, { onSuccess: close });
  const ours = credentials?.set_by === "settings";
  const refusal = change.error ? <Refusal error={change.error} address={address} /> : null;
  return (
    <li className="px-4 py-3" data-index={address}>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="break-all font-mono text-[12.5px] leading-5">{address}</p>
          <p className="flex items-center gap-1.5 text-ink-3 text-xs">
            <LoginState index={index} />
          </p>
        </div>
        {act ? null : (
          <div className="flex gap-1.5">
            <Button size="sm" onClick={() => setAct("edit")}>
              {credentials ? "Change" : "Add user and password"}
            </Button>
            {ours ? (
              <Button size="sm" look="quiet" onClick={() => setAct("remove")}>
                Remove
              </Button>
            ) : null}
          </div>
        )}
      </div>
      {act === "edit" ? <LoginForm index={index} change={{ send, close, refusal, busy: change.isPending }} /> : null}
      {act === "remove" ? (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          <p className="min-w-0 grow text-ink-2 text-sm">
            The user name and the password go for good; installs ask this index without them.
          </p>
          <Button size="sm" look="danger" busy={change.isPending} onClick={() => send(null)}>
            Remove both
          </Button>
          <Button ref={focusOnce} size="sm" look="quiet" onClick={close}>
            Keep
          </Button>
          {refusal}
        </div>
      ) : null}
    </li>
  );
}

function LoginState({ index }: { index: IndexView }) {
  const { credentials, role } = index;
  if (!credentials) return role === "main" ? "This installation's own index; nobody signs in" : "Nobody signs in";
  const name = <span className="break-all font-mono text-ink-2">{credentials.username}</span>;
  if (credentials.set_by === "configuration") return <span>{name} signs in, as PYTASK_INDEX_URL says</span>;
  if (credentials.has_password)
    return (
      <>
        <KeyRound aria-hidden className="size-3.5 shrink-0" />
        <span>{name} signs in, with a stored password</span>
      </>
    );
  return (
    <>
      <TriangleAlert aria-hidden className="size-3.5 shrink-0 text-fail" />
      <span className="text-fail">The stored password of {name} can no longer be read; enter it again</span>
    </>
  );
}

/** The button that was pressed is gone, so the focus goes to what took its place. */
const focusOnce = (element: HTMLElement | null) => element?.focus();

interface LoginFormProps {
  index: IndexView;
  change: { send: (value: CredentialsPatch) => void; close: () => void; refusal: ReactNode; busy: boolean };
}

function LoginForm({ index, change }: LoginFormProps) {
  const [typed, setTyped] = useState({ username: index.credentials?.username ?? "", password: "" });
  const patch = loginPatch(typed, index);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (patch) change.send(patch);
  };
  return (
    <form onSubmit={submit} className="mt-3 grid gap-x-6 gap-y-3 sm:grid-cols-2">
      <Field label="User name" hint="For a token alone, the name its index says, often __token__.">
        {(control) => (
          <Input
            {...control}
            ref={focusOnce}
            autoComplete="off"
            spellCheck={false}
            value={typed.username}
            onChange={(event) => setTyped({ ...typed, username: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Password or token"
        hint={keepsPassword(index) ? "Empty keeps the one that is stored." : "It cannot be looked at afterwards."}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="new-password"
            placeholder={keepsPassword(index) ? "unchanged" : ""}
            value={typed.password}
            onChange={(event) => setTyped({ ...typed, password: event.target.value })}
          />
        )}
      </Field>
      {change.refusal}
      <div className="flex justify-end gap-2 sm:col-span-2">
        <Button look="quiet" onClick={change.close}>
          Cancel
        </Button>
        <Button type="submit" look="primary" disabled={!patch} busy={change.busy}>
          Save
        </Button>
      </div>
    </form>
  );
}

const Refusal = ({ error, address }: { error: Error; address: string }) =>
  error instanceof ApiError && error.field === "index_credentials" ? (
    <p role="alert" className="basis-full text-fail text-sm sm:col-span-2">
      {withoutAddress(error.message, address)}
    </p>
  ) : (
    <ErrorNotice error={error} unchanged="Nothing was changed." className="basis-full sm:col-span-2" />
  );
