// Who is not known to the server sees nothing but the place to sign in. The page behind it stays, and cannot be reached.
import { lazy, type ReactNode, Suspense } from "react";
import { signedOut } from "~/api/signed-out";
import { load } from "~/lib/load";
import { useStore } from "~/lib/store";

const SignIn = lazy(() => load(() => import("~/features/access/sign-in")).then((part) => ({ default: part.SignIn })));

export function Gate({ children }: { children: ReactNode }) {
  const locked = useStore(signedOut);
  return (
    <>
      <div className="h-full" inert={locked}>
        {children}
      </div>
      {locked ? (
        <Suspense fallback={<div className="fixed inset-0 z-50 bg-canvas" />}>
          <SignIn />
        </Suspense>
      ) : null}
    </>
  );
}
