// Files on their way into a script's folder, one after the other: how far they are, what became of each. Sent by
// XMLHttpRequest, because only that tells how much of a body has left.
import { BASE, refusal } from "~/api/client";
import { segments } from "~/api/files";
import { createStore } from "~/lib/store";

export interface Upload {
  path: string;
  body: Blob;
  /** Replaces what is there; otherwise a file of that name is left alone. */
  replace: boolean;
}

export interface UploadState {
  files: number;
  done: number;
  bytes: number;
  sent: number;
  /** The one that is being sent. */
  current: string | null;
  refused: readonly { path: string; error: Error }[];
}

const IDLE: UploadState = { files: 0, done: 0, bytes: 0, sent: 0, current: null, refused: [] };
const PAUSES_MS = [150, 600];

export type Send = (upload: Upload, onSent: (bytes: number) => void, signal: AbortSignal) => Promise<void>;

/** One script's uploads; more may join while some are under way. */
export class Uploads {
  readonly state = createStore<UploadState>(IDLE);
  private readonly waiting: Upload[] = [];
  private abort = new AbortController();
  private working: Promise<UploadState> | null = null;

  constructor(private readonly send: Send) {}

  /** Answers what became of all of them once none is left. */
  add(uploads: readonly Upload[]): Promise<UploadState> {
    const state = this.state.get();
    this.waiting.push(...uploads);
    this.state.set({
      ...state,
      files: state.files + uploads.length,
      bytes: state.bytes + uploads.reduce((sum, each) => sum + each.body.size, 0),
    });
    this.working ??= this.work().finally(() => {
      this.working = null;
      this.state.set(IDLE);
    });
    return this.working;
  }

  /** What was sent stays. */
  cancel() {
    this.waiting.length = 0;
    this.abort.abort();
  }

  private async work(): Promise<UploadState> {
    this.abort = new AbortController();
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const before = this.state.get().sent;
      const { path, body } = next;
      this.change({ current: path });
      try {
        await this.send(next, (bytes) => this.change({ sent: before + Math.min(bytes, body.size) }), this.abort.signal);
        this.change({ done: this.state.get().done + 1 });
      } catch (error) {
        if (this.abort.signal.aborted) break;
        const refused = { path, error: error instanceof Error ? error : new Error(String(error)) };
        this.change({ refused: [...this.state.get().refused, refused] });
      }
      this.change({ sent: before + body.size });
    }
    return this.state.get();
  }

  private change(part: Partial<UploadState>) {
    this.state.set({ ...this.state.get(), ...part });
  }
}

export const sendTo =
  (scriptId: string): Send =>
  async (upload, onSent, signal) => {
    for (let attempt = 0; ; attempt++) {
      const outcome = await put(scriptId, upload, onSent, signal);
      if (outcome.status >= 200 && outcome.status < 300) return;
      // The answer to an earlier attempt was lost, and that one made the file.
      if (attempt > 0 && outcome.status === 412 && !upload.replace) return;
      const pause = outcome.status === 0 ? PAUSES_MS[attempt] : undefined;
      if (pause === undefined)
        throw outcome.status === 0
          ? refusal(0, { code: "unreachable", message: "The server did not answer.", request_id: "" })
          : refusal(outcome.status, outcome.body);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };

const put = (scriptId: string, { path, body, replace }: Upload, onSent: (bytes: number) => void, signal: AbortSignal) =>
  new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `${BASE}/scripts/${encodeURIComponent(scriptId)}/files/${segments(path)}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    if (!replace) request.setRequestHeader("if-none-match", "*");
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => resolve({ status: request.status, body: parsed(request.responseText) });
    request.onerror = () => resolve({ status: 0, body: null });
    const stop = () => {
      request.abort();
      reject(new Error("Cancelled"));
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.send(body);
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const all = new Map<string, Uploads>();

/** They go on while another tab of the page is looked at. */
export function uploadsOf(scriptId: string): Uploads {
  let uploads = all.get(scriptId);
  if (!uploads) {
    uploads = new Uploads(sendTo(scriptId));
    all.set(scriptId, uploads);
  }
  return uploads;
}
