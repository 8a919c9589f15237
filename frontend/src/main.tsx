import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "~/api/client";
import { Gate } from "~/app/gate";
import { followEvents } from "~/app/live-events";
import { router } from "~/app/router";
import "~/app/styles.css";
import { watchTheme } from "~/lib/theme";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The event stream tells what changed; reading again on every mount would only repeat it.
      staleTime: 10_000,
      // A refusal does not get better by asking again; a server that was not reached may.
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

watchTheme();
followEvents(queryClient);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Gate>
        <RouterProvider router={router} />
      </Gate>
    </QueryClientProvider>
  </StrictMode>,
);
