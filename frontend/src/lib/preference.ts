// A boolean or a word remembered in this browser, shared by every component that asks for the same key.
import { useCallback } from "react";
import { recall, remember } from "./storage";
import { createStore, type Store, useStore } from "./store";

const stores = new Map<string, Store<string>>();

function storeFor(key: string, initial: string): Store<string> {
  let store = stores.get(key);
  if (!store) {
    store = createStore(recall(key) ?? initial);
    stores.set(key, store);
  }
  return store;
}

export function usePreference<T extends string>(key: string, initial: T): [T, (next: T) => void] {
  const store = storeFor(key, initial);
  const set = useCallback(
    (next: T) => {
      remember(key, next);
      store.set(next);
    },
    [key, store],
  );
  return [useStore(store) as T, set];
}

export function useFlag(key: string, initial: boolean): [boolean, (next: boolean) => void] {
  const [word, set] = usePreference<"on" | "off">(key, initial ? "on" : "off");
  return [word === "on", useCallback((next: boolean) => set(next ? "on" : "off"), [set])];
}
