// What carries the messages between Monaco's language client and a socket, and keeps from the client what it does not
// bear: answers that were overtaken by typing ("content modified") become empty ones instead of errors that nobody
// catches, and so do all that are owed when the socket closes; files that an answer leads to are looked up before.
// Nothing is sent to a socket that is not open.
import { filesIn, without } from "./places";

export interface Message {
  jsonrpc: "2.0";
  id?: number | string | null;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

type Listener = (message: Message) => void;

/** Of the protocol: cancelled by either side, or the text was changed meanwhile. */
const OVERTAKEN = new Set([-32800, -32801, -32802]);

/** An answer that says nothing new. The client takes null for most requests; of diagnostics it wants to know the kind. */
const nothing = (method: string): unknown => (method === "textDocument/diagnostic" ? { kind: "unchanged" } : null);

export class Transport {
  /** The client asks for it and acts on `send` alone. */
  readonly state = { value: { state: "open" as const }, onChange: () => ({ dispose() {} }) };
  private listener: Listener | undefined;
  private waiting: Message[] = [];
  private readonly owed = new Map<number | string, string>();

  /** `prepare` answers which of the files are there, after having looked for them. */
  constructor(
    private readonly socket: WebSocket,
    private readonly prepare: (files: Iterable<string>) => Promise<ReadonlySet<string>>,
  ) {
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.take(JSON.parse(data));
    });
    socket.addEventListener("close", () => {
      for (const [id, method] of [...this.owed]) this.take({ jsonrpc: "2.0", id, result: nothing(method) });
    });
  }

  setListener(listener: Listener | undefined) {
    this.listener = listener;
    if (!listener) return;
    for (const message of this.waiting.splice(0)) listener(message);
  }

  async send(message: Message): Promise<void> {
    const { id, method } = message;
    const asks = method !== undefined && id !== undefined && id !== null;
    if (asks) this.owed.set(id, method);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    else if (asks) queueMicrotask(() => this.take({ jsonrpc: "2.0", id, result: nothing(method) }));
  }

  toString() {
    return this.socket.url;
  }

  private take(message: Message) {
    const heard = this.softened(message);
    // Of the server's own messages none leads anywhere that was not asked about.
    const files = heard.method === undefined ? filesIn(heard.result) : new Set<string>();
    if (files.size === 0) this.deliver(heard);
    else void this.prepare(files).then((there) => this.deliver({ ...heard, result: without(heard.result, there) }));
  }

  private deliver(message: Message) {
    if (this.listener) this.listener(message);
    else this.waiting.push(message);
  }

  private softened(message: Message): Message {
    const { id, method, error } = message;
    if (method !== undefined || id === undefined || id === null) return message;
    const asked = this.owed.get(id);
    this.owed.delete(id);
    if (asked === undefined) return message;
    // A server has nothing to say of a file that it has closed meanwhile.
    const saysNothing = error ? OVERTAKEN.has(error.code) : (message.result ?? null) === null;
    return saysNothing ? { jsonrpc: "2.0", id, result: nothing(asked) } : message;
  }
}
