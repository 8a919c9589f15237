// Tokens for programs and other machines: who has one, what it may do, how long; made, shown once, taken back.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, LogOut, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button, IconButton } from "~/components/ui/button";
import { ConfirmDialog } from "~/components/ui/confirm-dialog";
import { ErrorNotice, toastError } from "~/components/ui/error-notice";
import { Empty, Panel, SkeletonRows } from "~/components/ui/panel";
import { Tag } from "~/components/ui/tag";
import { RelativeTime } from "~/components/ui/time";
import { cn } from "~/lib/cn";
import type { Session, Token } from "./contract";
import { expiresSoon, expiryInWords } from "./expiry";
import { NewTokenDialog } from "./new-token-dialog";
import { deleteToken, sessionQuery, signOut, tokensQuery } from "./requests";

export function AccessPanel() {
  const { data, error, refetch } = useQuery(tokensQuery);
  const { data: session } = useQuery(sessionQuery);
  const [adding, setAdding] = useState(false);
  const mayChange = session?.who?.scope !== "read";
  return (
    <>
      {session ? <Whoever session={session} /> : null}
      <Panel
        id="tokens"
        title="Tokens"
        actions={
          mayChange ? (
            <Button size="sm" onClick={() => setAdding(true)}>
              <Plus aria-hidden /> New token
            </Button>
          ) : null
        }
      >
        {error ? <ErrorNotice error={error} onRetry={() => void refetch()} className="m-4" /> : null}
        {!data ? (
          error ? null : (
            <SkeletonRows rows={2} height={60} />
          )
        ) : data.length === 0 ? (
          <Empty
            title="There are no tokens"
            action={
              mayChange ? (
                <Button look="primary" onClick={() => setAdding(true)}>
                  <Plus aria-hidden /> New token
                </Button>
              ) : null
            }
          >
            A program shows its token with every request: <code className="num">Authorization: Bearer pytask_…</code>.
            The command line takes it from <code className="num">PYTASK_TOKEN</code>. On this machine none is needed,
            until other machines can reach this instance.
          </Empty>
        ) : (
          <ul aria-label="Tokens">
            {data.map((token) => (
              <TokenRow key={token.id} token={token} own={token.id === session?.who?.token_id} mayChange={mayChange} />
            ))}
          </ul>
        )}
      </Panel>
      {adding ? <NewTokenDialog onClose={() => setAdding(false)} /> : null}
    </>
  );
}

/** Whether somebody has to sign in here, and as who this browser is. */
function Whoever({ session }: { session: Session }) {
  const { who, token_required } = session;
  const out = useMutation({
    mutationFn: signOut,
    // Everything that was read belongs to who is gone now.
    onSuccess: () => window.location.reload(),
    onError: (error) => toastError(error, "You are still signed in."),
  });
  return (
    <Panel aria-label="Who may use this instance">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3 text-sm">
        <p className="min-w-0 flex-1 basis-72 text-ink-2">
          {token_required
            ? "Nobody gets in without a token: other machines can reach this instance, or its configuration asks for it."
            : "On this machine nobody has to sign in. Where other machines can reach this instance, everybody has to."}
          {who?.kind === "browser" ? (
            <span className="mt-0.5 block text-ink-3">
              This browser is signed in with the token “{who.name}”
              {who.scope === "read" ? ", which may look and change nothing" : ""}.
            </span>
          ) : null}
        </p>
        {who?.kind === "browser" ? (
          <Button size="sm" busy={out.isPending} onClick={() => out.mutate()}>
            <LogOut aria-hidden /> Sign out
          </Button>
        ) : null}
      </div>
    </Panel>
  );
}

function TokenRow({ token, own, mayChange }: { token: Token; own: boolean; mayChange: boolean }) {
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const now = new Date();
  const remove = useMutation({
    mutationFn: () => deleteToken(token.id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["access"] }),
    onSuccess: () => toast(`“${token.name}” is taken back`),
    onError: (error) => toastError(error, "The token was not taken back."),
  });
  return (
    <li className="flex items-start gap-3 border-line border-b px-4 py-3 text-sm last:border-b-0">
      <KeyRound aria-hidden className="mt-0.5 size-3.5 shrink-0 text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium [overflow-wrap:anywhere]">{token.name}</span>
          <Tag>{token.scope === "read" ? "may look" : "may do everything"}</Tag>
          {own ? <Tag>this browser</Tag> : null}
        </p>
        <p className="text-ink-3">
          <span className="num">pytask_{token.hint}…</span> · made <RelativeTime at={token.created_at} /> ·{" "}
          {token.last_used_at ? (
            <>
              last used <RelativeTime at={token.last_used_at} />
            </>
          ) : (
            "not used yet"
          )}
        </p>
        <p className={cn(token.expired ? "text-fail" : expiresSoon(token, now) ? "text-skip" : "text-ink-3")}>
          {expiryInWords(token, now)}
        </p>
      </div>
      {mayChange ? (
        <IconButton label={`Take back ${token.name}`} onClick={() => setAsking(true)}>
          <Trash2 />
        </IconButton>
      ) : null}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Take this token back?"
        description={`Whatever uses “${token.name}” is refused at once, and browsers that signed in with it have to sign in again${own ? ", this one, too" : ""}. It cannot be brought back.`}
        act="Take back"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(undefined, { onSettled: () => setAsking(false) })}
      />
    </li>
  );
}
