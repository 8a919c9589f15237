// The stream of everything that changes. Keeps one WebSocket open, comes back after a loss, and tells when it did:
// whoever listens must then read again what may have changed meanwhile.
import { backoff, socketUrl } from "~/lib/backoff";
import { createStore } from "~/lib/store";
import { signedOut } from "./signed-out";
import type { EventFrame } from "./types";

export type Connection = "connecting" | "open" | "lost";

/** The page's connection to the server, shown in the frame. */
export const connection = createStore<Connection>("connecting");

export interface EventListener {
  onFrame(frame: EventFrame): void;
  /** Open again after a loss: frames were missed. */
  onRegained(): void;
}

/** A loss shorter than this is not worth a word (a laptop's lid, a restarted proxy). */
const QUIET_MS = 1500;

export function openEvents(listener: EventListener): () => void {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let everOpen = false;
  let closed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let announce: ReturnType<typeof setTimeout> | undefined;

  const connect = () => {
    socket = new WebSocket(socketUrl("/api/v1/events"));
    socket.onopen = () => {
      attempt = 0;
      clearTimeout(announce);
      announce = undefined;
      connection.set("open");
      if (everOpen) listener.onRegained();
      everOpen = true;
    };
    socket.onmessage = (message) => {
      if (typeof message.data === "string") listener.onFrame(JSON.parse(message.data) as EventFrame);
    };
    socket.onclose = () => {
      if (closed) return;
      announce ??= setTimeout(() => connection.set("lost"), QUIET_MS);
      retry = setTimeout(connect, backoff(attempt++));
    };
  };
  const hurry = () => {
    if (socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(retry);
    attempt = 0;
    connect();
  };

  connect();
  window.addEventListener("online", hurry);
  const stopWatching = signedOut.subscribe(() => {
    if (!signedOut.get()) hurry();
  });
  return () => {
    stopWatching();
    closed = true;
    clearTimeout(retry);
    clearTimeout(announce);
    window.removeEventListener("online", hurry);
    socket?.close();
  };
}
