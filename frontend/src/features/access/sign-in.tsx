// Stands before everything when the server wants to know who asks: a token goes in, and the browser is let in until
// that is taken back. The page behind stays as it is, with what was typed there.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { signedOut } from "~/api/signed-out";
import { Button } from "~/components/ui/button";
import { ErrorNotice } from "~/components/ui/error-notice";
import { CodeInput, Field } from "~/components/ui/field";
import { TextBlock } from "~/components/ui/text-block";
import { TooltipProvider } from "~/components/ui/tooltip";
import { sessionQuery, signIn } from "./requests";

const MAKE_ONE = "docker compose exec pytask-manager pytask-manager token create NAME";

export function SignIn() {
  const queryClient = useQueryClient();
  const { data: session } = useQuery({ ...sessionQuery, refetchInterval: 5000 });
  const [token, setToken] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const enter = useMutation({
    mutationFn: signIn,
    onSuccess: () => {
      signedOut.set(false);
      void queryClient.invalidateQueries();
    },
    onError: () => input.current?.select(),
  });
  useEffect(() => input.current?.focus(), []);
  // Signed in in another window, or nobody has to any more.
  const isIn = session?.who != null;
  useEffect(() => {
    if (!isIn) return;
    signedOut.set(false);
    void queryClient.invalidateQueries();
  }, [isIn, queryClient]);
  const refused = enter.error instanceof ApiError && enter.error.status === 401 ? enter.error : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) enter.mutate(token.trim());
  };
  return (
    <TooltipProvider>
      <main
        aria-label="Sign in"
        className="fixed inset-0 z-50 flex flex-col items-center overflow-auto bg-canvas px-4 pt-[14vh] pb-8"
      >
        <div className="w-full max-w-md">
          <h1 className="text-center font-semibold text-xl">Sign in to PyTask-Manager</h1>
          <p className="mt-1 text-center text-ink-2 text-sm">
            Other machines can reach this instance, so it asks for an access token.
          </p>
          <form onSubmit={submit} className="mt-5 flex flex-col gap-4 rounded-md border border-line bg-panel p-5">
            <Field
              label="Access token"
              hint="It begins with pytask_. This browser stays signed in until the token expires or is taken back."
              error={refused?.message}
            >
              {(control) => (
                <CodeInput
                  {...control}
                  ref={input}
                  type="password"
                  autoComplete="current-password"
                  value={token}
                  onChange={(event) => {
                    setToken(event.target.value);
                    enter.reset();
                  }}
                />
              )}
            </Field>
            {enter.error && !refused ? <ErrorNotice error={enter.error} unchanged="You are not signed in." /> : null}
            <Button look="primary" type="submit" disabled={token.trim() === ""} busy={enter.isPending}>
              {enter.isPending ? "Signing in…" : "Sign in"}
            </Button>
          </form>
          <div className="mt-5 text-sm">
            <p className="mb-1.5 text-ink-2">
              {session && !session.has_tokens
                ? "There is no token yet. Make the first one on the machine that this runs on:"
                : "No token? Somebody who has one makes another in Settings › Access. Or, on the machine that this runs on:"}
            </p>
            <TextBlock lines label="Command that makes a token" copies={MAKE_ONE}>
              {MAKE_ONE}
            </TextBlock>
          </div>
        </div>
      </main>
    </TooltipProvider>
  );
}
