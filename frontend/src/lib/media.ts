// Whether the window is as wide as a phone, for what cannot be said in CSS.
import { useSyncExternalStore } from "react";

const PHONE = "(max-width: 767px)";

const subscribe = (listener: () => void) => {
  const query = window.matchMedia(PHONE);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
};

export const usePhone = (): boolean => useSyncExternalStore(subscribe, () => window.matchMedia(PHONE).matches);
