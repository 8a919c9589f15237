import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";

/** Brings the section that the address names into view, once it is there. */
export function useSection(ready: boolean) {
  const hash = useLocation({ select: (location) => location.hash });
  useEffect(() => {
    if (ready && hash) document.getElementById(hash)?.scrollIntoView({ block: "start" });
  }, [ready, hash]);
}
