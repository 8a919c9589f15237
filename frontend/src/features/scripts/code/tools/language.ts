// One language server for a script, shared by all editors of the page that show it: connected while one of them is
// there, again when it was lost (see `after-close`), and again when somebody types after it was stopped for idleness.
import { BASE } from "~/api/client";
import { socketUrl } from "~/lib/backoff";
import { createStore, type Store } from "~/lib/store";
import { afterClose } from "./after-close";

export type LanguageStatus =
  | { state: "connecting" | "ready" | "asleep" | "off" }
  /** Why there is none, in words for people. */
  | { state: "unavailable"; reason: string };

interface Client {
  end(): void;
}

export interface LanguageOptions {
  scriptId: string;
  /** Made when the socket is open; a function, so that this file needs no editor. */
  client(socket: WebSocket): Client;
  socket?: new (url: string) => WebSocket;
  wait?: (attempt: number) => number;
}

/** So long a talk has to last before its end counts as a first failure. */
const SETTLED_MS = 10_000;

export class Language {
  readonly status: Store<LanguageStatus> = createStore<LanguageStatus>({ state: "off" });
  private users = 0;
  private socket: WebSocket | null = null;
  private client: Client | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private openedAt = 0;

  constructor(private readonly options: LanguageOptions) {}

  /** Somebody is there; the answer is for when they leave. */
  use(): () => void {
    this.users++;
    if (this.users === 1) this.connect();
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      this.users--;
      if (this.users === 0) this.disconnect();
    };
  }

  /** Somebody types, clicks or asks for it again. */
  wake() {
    const { state } = this.status.get();
    if (this.users > 0 && state === "asleep") this.connect();
  }

  /** After it was given up. */
  again() {
    this.failures = 0;
    if (this.users > 0 && this.status.get().state === "unavailable") this.connect();
  }

  private connect() {
    clearTimeout(this.retry);
    const Socket = this.options.socket ?? WebSocket;
    const socket = new Socket(socketUrl(`${BASE}/scripts/${this.options.scriptId}/tools/language`));
    this.socket = socket;
    this.status.set({ state: "connecting" });
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.openedAt = Date.now();
      this.client = this.options.client(socket);
    });
    socket.addEventListener("message", () => {
      if (socket === this.socket && this.status.get().state === "connecting") this.status.set({ state: "ready" });
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) this.closed(event.code, event.reason);
    });
  }

  private closed(code: number, reason: string) {
    this.drop();
    const settled = this.openedAt > 0 && Date.now() - this.openedAt > SETTLED_MS;
    this.failures = settled ? 1 : this.failures + 1;
    const next = afterClose(code, reason, this.failures, this.options.wait);
    if (next.kind === "give-up") this.status.set({ state: "unavailable", reason: next.reason });
    else if (next.kind === "when-used") this.status.set({ state: "asleep" });
    else {
      this.status.set({ state: "connecting" });
      this.retry = setTimeout(() => this.connect(), next.afterMs);
    }
  }

  private disconnect() {
    clearTimeout(this.retry);
    const { socket } = this;
    this.drop();
    socket?.close();
    this.failures = 0;
    this.status.set({ state: "off" });
  }

  private drop() {
    this.socket = null;
    this.client?.end();
    this.client = null;
  }
}
