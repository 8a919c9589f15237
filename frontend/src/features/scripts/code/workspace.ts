// The files of one script that are open in this page: what was read, what was typed, what is saved.
//
// Invariants: nothing typed is lost (each unsaved text is also a draft in this browser's storage, dropped only when
// it was saved or given up); a save names the version it was based on, so another window's work is never overwritten
// silently: then the file is in conflict until the reader chooses. Plain TypeScript: knows no React and no editor.
import { ApiError } from "~/api/client";
import { type Expected, type FileText, readFile, type SavedFile, writeFile } from "~/api/files";
import { recall, remember } from "~/lib/storage";

export interface OpenFile {
  readonly path: string;
  readonly text: string;
  /** The text as the server has it. */
  readonly saved: string;
  readonly etag: string | null;
  readonly phase: "loading" | "ready" | "saving" | "failed";
  readonly error: unknown;
  /** The file was changed elsewhere since it was read here. */
  readonly conflict: boolean;
  /** Goes up whenever `text` was replaced by something other than typing. */
  readonly epoch: number;
}

export interface FileAccess {
  read(scriptId: string, path: string): Promise<FileText>;
  write(scriptId: string, path: string, text: string, expected: Expected): Promise<SavedFile>;
}

interface Draft {
  text: string;
  etag: string | null;
}

const DRAFT_MS = 250;
const SERVER: FileAccess = { read: readFile, write: writeFile };

export const isDirty = (file: OpenFile | undefined): boolean =>
  file !== undefined && file.phase !== "loading" && file.text !== file.saved;

export class Workspace {
  private files: ReadonlyMap<string, OpenFile> = new Map();
  private listeners = new Set<() => void>();
  private pending = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    readonly scriptId: string,
    private readonly access: FileAccess = SERVER,
  ) {}

  snapshot = (): ReadonlyMap<string, OpenFile> => this.files;
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dirtyPaths(): string[] {
    return [...this.files.values()].filter(isDirty).map((file) => file.path);
  }

  /** Reads a file once; a second call does nothing while it is at hand. */
  async open(path: string): Promise<void> {
    const known = this.files.get(path);
    if (known && known.phase !== "failed") return;
    this.put({ path, text: "", saved: "", etag: null, phase: "loading", error: null, conflict: false, epoch: 0 });
    try {
      const { text: saved, etag } = await this.access.read(this.scriptId, path);
      const draft = this.draftOf(path);
      const text = draft?.text ?? saved;
      // A draft made against another version must not pass as one made against this.
      const conflict = draft !== null && draft.text !== saved && draft.etag !== etag;
      this.put({
        path,
        text,
        saved,
        etag: draft && conflict ? draft.etag : etag,
        phase: "ready",
        error: null,
        conflict,
        epoch: 1,
      });
    } catch (error) {
      this.change(path, { phase: "failed", error });
    }
  }

  /** Takes in what the server has now, unless there is unsaved work. */
  async refresh(path: string): Promise<void> {
    const file = this.files.get(path);
    if (file?.phase !== "ready" || isDirty(file)) return;
    const fresh = await this.access.read(this.scriptId, path);
    const now = this.files.get(path);
    if (now !== file || fresh.text === file.saved) return;
    this.change(path, { text: fresh.text, saved: fresh.text, etag: fresh.etag, epoch: file.epoch + 1 });
  }

  edit(path: string, text: string) {
    const file = this.files.get(path);
    if (!file || file.phase === "loading" || file.text === text) return;
    this.change(path, { text });
    clearTimeout(this.pending.get(path));
    this.pending.set(
      path,
      setTimeout(() => this.keepDraft(path), DRAFT_MS),
    );
  }

  /** Answers whether the file is now saved as typed. */
  async save(path: string): Promise<boolean> {
    const file = this.files.get(path);
    if (!file || file.conflict || (file.phase !== "ready" && file.phase !== "failed")) return false;
    return isDirty(file) ? this.write(path, file.text, file.etag ? { etag: file.etag } : "anything") : true;
  }

  async saveAll(): Promise<boolean> {
    let saved = true;
    for (const path of this.dirtyPaths()) saved = (await this.save(path)) && saved;
    return saved;
  }

  /** The conflict's answers: what was typed here wins … */
  async keepMine(path: string): Promise<boolean> {
    const file = this.files.get(path);
    return file ? this.write(path, file.text, "anything") : false;
  }

  /** … or what the server has. */
  async takeTheirs(path: string): Promise<void> {
    const file = this.files.get(path);
    if (!file) return;
    const fresh = await this.access.read(this.scriptId, path);
    this.dropDraft(path);
    this.change(path, {
      text: fresh.text,
      saved: fresh.text,
      etag: fresh.etag,
      phase: "ready",
      conflict: false,
      error: null,
      epoch: file.epoch + 1,
    });
  }

  /** The file is gone, or has another name: what is known of it under this one ends. */
  forget(path: string) {
    this.dropDraft(path);
    const next = new Map(this.files);
    next.delete(path);
    this.publish(next);
  }

  /** Writes drafts that still wait; called when the page may go away. */
  keepDrafts() {
    for (const path of [...this.pending.keys()]) this.keepDraft(path);
  }

  private async write(path: string, text: string, expected: Expected): Promise<boolean> {
    this.change(path, { phase: "saving", error: null });
    try {
      const { etag } = await this.access.write(this.scriptId, path, text, expected);
      this.change(path, { saved: text, etag, phase: "ready", conflict: false, error: null });
      // Typing may have gone on while it was being saved.
      if (isDirty(this.files.get(path))) this.keepDraft(path);
      else this.dropDraft(path);
      return true;
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 412;
      if (conflict && (await this.isThere(path, text))) return true;
      this.change(path, conflict ? { phase: "ready", conflict: true } : { phase: "ready", error });
      return false;
    }
  }

  /** What was to be written is what the server has: it was saved, though its answer was lost, or somebody agreed. */
  private async isThere(path: string, text: string): Promise<boolean> {
    const fresh = await this.access.read(this.scriptId, path).catch(() => null);
    if (fresh?.text !== text) return false;
    this.change(path, { saved: text, etag: fresh.etag, phase: "ready", conflict: false, error: null });
    this.keepDraft(path);
    return true;
  }

  private draftKey(path: string): string {
    return `draft.${this.scriptId}.${path}`;
  }

  private draftOf(path: string): Draft | null {
    const stored = recall(this.draftKey(path));
    if (!stored) return null;
    try {
      const draft = JSON.parse(stored) as Partial<Draft>;
      return typeof draft.text === "string" ? { text: draft.text, etag: draft.etag ?? null } : null;
    } catch {
      return null;
    }
  }

  private keepDraft(path: string) {
    clearTimeout(this.pending.get(path));
    this.pending.delete(path);
    const file = this.files.get(path);
    if (!file) return;
    if (isDirty(file))
      remember(this.draftKey(path), JSON.stringify({ text: file.text, etag: file.etag } satisfies Draft));
    else this.dropDraft(path);
  }

  private dropDraft(path: string) {
    clearTimeout(this.pending.get(path));
    this.pending.delete(path);
    remember(this.draftKey(path), null);
  }

  private change(path: string, part: Partial<OpenFile>) {
    const file = this.files.get(path);
    if (file) this.put({ ...file, ...part });
  }

  private put(file: OpenFile) {
    this.publish(new Map(this.files).set(file.path, file));
  }

  private publish(files: ReadonlyMap<string, OpenFile>) {
    this.files = files;
    for (const listener of this.listeners) listener();
  }
}

const open = new Map<string, Workspace>();

/** One workspace per script for the life of the page, so that going to another tab and back keeps everything. */
export function workspaceOf(scriptId: string): Workspace {
  let workspace = open.get(scriptId);
  if (!workspace) {
    workspace = new Workspace(scriptId);
    open.set(scriptId, workspace);
  }
  return workspace;
}
