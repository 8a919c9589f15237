// Unsaved texts of one script in this browser's storage. Several windows share it: one never removes a draft that
// another wrote.
import { recall, recallKeys, remember } from "~/lib/storage";

export interface Draft {
  text: string;
  /** Of the version it is based on. */
  etag: string | null;
}

export class DraftBox {
  /** What this window last put in, or found, under a path. */
  private readonly own = new Map<string, string>();

  constructor(private readonly scriptId: string) {}

  paths(): string[] {
    return recallKeys(this.key(""));
  }

  /** The draft of a path, which is this window's from now on. */
  take(path: string): Draft | null {
    const stored = recall(this.key(path));
    if (!stored) return null;
    try {
      const draft = JSON.parse(stored) as Partial<Draft>;
      if (typeof draft.text !== "string") return null;
      this.own.set(path, stored);
      return { text: draft.text, etag: draft.etag ?? null };
    } catch {
      return null;
    }
  }

  /** Answers whether it was kept. */
  keep(path: string, draft: Draft): boolean {
    const stored = JSON.stringify({ text: draft.text, etag: draft.etag } satisfies Draft);
    this.own.set(path, stored);
    return remember(this.key(path), stored);
  }

  drop(path: string) {
    const stored = recall(this.key(path));
    if (stored !== null && stored === this.own.get(path)) remember(this.key(path), null);
    this.own.delete(path);
  }

  move(from: string, to: string) {
    const stored = recall(this.key(from));
    if (stored === null) return;
    remember(this.key(to), stored);
    this.own.set(to, stored);
    remember(this.key(from), null);
    this.own.delete(from);
  }

  private key(path: string): string {
    return `draft.${this.scriptId}.${path}`;
  }
}
