// The files of one script that are open in this page: what was read, what was typed, what is saved.
//
// Invariants: nothing typed is lost (each unsaved text is also a draft in this browser's storage, dropped only when
// it was saved or given up); a save names the version it was based on, so another window's work is never overwritten
// silently: then the file is in conflict until the reader chooses, and the choice is bound to the version that was
// seen. Plain TypeScript: knows no React and no editor.
import { ApiError } from "~/api/client";
import { type Expected, type FileText, readFile, type SavedFile, writeFile } from "~/api/files";
import { DraftBox } from "./drafts";
import { movedPath } from "./tree/paths";

/** What is there now instead of what the file was based on. */
export type Theirs = FileText | "deleted";

export interface OpenFile {
  readonly path: string;
  readonly text: string;
  /** The text as the server has it. */
  readonly saved: string;
  /** Of the version that `text` is based on. */
  readonly etag: string | null;
  readonly phase: "loading" | "ready" | "saving" | "failed";
  readonly error: unknown;
  /** The file was changed elsewhere since it was read here, and there is unsaved work. */
  readonly conflict: boolean;
  readonly theirs: Theirs | null;
  /** This browser's storage did not take the draft. */
  readonly unkept: boolean;
  /** Goes up whenever `text` was replaced by something other than typing. */
  readonly epoch: number;
}

export interface FileAccess {
  read(scriptId: string, path: string): Promise<FileText>;
  write(scriptId: string, path: string, text: string, expected: Expected): Promise<SavedFile>;
}

const DRAFT_MS = 250;
const SERVER: FileAccess = { read: readFile, write: writeFile };
const SETTLED = { phase: "ready", conflict: false, theirs: null, error: null, unkept: false } as const;

export const isDirty = (file: OpenFile | undefined): boolean =>
  file !== undefined &&
  file.phase !== "loading" &&
  file.phase !== "failed" &&
  (file.conflict || file.text !== file.saved);

const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;

export class Workspace {
  private files: ReadonlyMap<string, OpenFile> = new Map();
  private listeners = new Set<() => void>();
  private pending = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly drafts: DraftBox;

  constructor(
    readonly scriptId: string,
    private readonly access: FileAccess = SERVER,
  ) {
    this.drafts = new DraftBox(scriptId);
  }

  snapshot = (): ReadonlyMap<string, OpenFile> => this.files;
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dirtyPaths(): string[] {
    return [...this.files.values()].filter(isDirty).map((file) => file.path);
  }

  /** Files with unsaved work in this browser, open or not. */
  draftPaths(): string[] {
    return [...new Set([...this.drafts.paths(), ...this.dirtyPaths()])];
  }

  /** Reads a file once; a second call does nothing while it is at hand. */
  async open(path: string): Promise<void> {
    const known = this.files.get(path);
    if (known && known.phase !== "failed") return;
    const blank = { path, text: "", saved: "", etag: null, epoch: 0, ...SETTLED };
    this.put({ ...blank, phase: "loading" });
    const draft = this.drafts.take(path);
    try {
      const fresh = await this.access.read(this.scriptId, path);
      const text = draft?.text ?? fresh.text;
      // A draft made against another version must not pass as one made against this.
      const conflict = draft !== null && draft.text !== fresh.text && draft.etag !== fresh.etag;
      this.change(path, {
        text,
        saved: fresh.text,
        etag: conflict ? draft.etag : fresh.etag,
        ...SETTLED,
        conflict,
        theirs: conflict ? fresh : null,
        epoch: 1,
      });
    } catch (error) {
      if (draft && isMissing(error))
        this.change(path, { ...draft, ...SETTLED, conflict: true, theirs: "deleted", epoch: 1 });
      else this.change(path, { phase: "failed", error });
    }
  }

  /** Takes in what the server has now; where there is unsaved work, as a conflict. */
  async refresh(path: string): Promise<void> {
    const file = this.files.get(path);
    if (file?.phase !== "ready") return;
    const theirs = await this.look(path);
    const now = this.files.get(path);
    // Saved, or decided, while it was being read.
    if (now?.phase !== "ready" || now.etag !== file.etag || now.saved !== file.saved) return;
    if (theirs === "deleted") {
      if (isDirty(now)) this.change(path, { conflict: true, theirs });
      else this.drop(path);
    } else if (theirs.text === now.text) {
      if (isDirty(now)) this.drafts.drop(path);
      this.change(path, { saved: theirs.text, etag: theirs.etag, ...SETTLED });
    } else if (!isDirty(now)) {
      this.change(path, { text: theirs.text, saved: theirs.text, etag: theirs.etag, epoch: now.epoch + 1 });
    } else if (theirs.etag !== now.etag) {
      this.change(path, { conflict: true, theirs });
    } else if (now.conflict) {
      // It is again what the unsaved work was based on.
      this.change(path, { ...SETTLED, saved: theirs.text });
    }
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

  /** Puts a text into an open file as if it had been typed. */
  replace(path: string, text: string) {
    const file = this.files.get(path);
    if (!file) return;
    this.edit(path, text);
    this.change(path, { epoch: file.epoch + 1 });
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

  /** The conflict's answers: what was typed here (or merged) wins over the version that was seen … */
  async keepMine(path: string, over: Theirs | null = this.files.get(path)?.theirs ?? null): Promise<boolean> {
    const file = this.files.get(path);
    if (!file) return false;
    if (over === null) return this.write(path, file.text, "anything");
    if (over === "deleted") return this.write(path, file.text, "absent");
    return this.write(path, file.text, over.etag ? { etag: over.etag } : "anything");
  }

  /** … or what the server has. Also gives up unsaved work where there is no conflict. */
  async takeTheirs(path: string): Promise<void> {
    const file = this.files.get(path);
    if (!file) return;
    const fresh = await this.look(path);
    this.drafts.drop(path);
    if (fresh === "deleted") this.drop(path);
    else
      this.change(path, {
        text: fresh.text,
        saved: fresh.text,
        etag: fresh.etag,
        ...SETTLED,
        epoch: file.epoch + 1,
      });
  }

  /** Puts a file away. What was not saved stays as a draft and comes back when it is opened again. */
  close(path: string) {
    this.keepDraft(path);
    this.drop(path);
  }

  /** The file or folder is gone: what is known below this name ends. */
  forget(path: string) {
    for (const known of this.draftPaths()) if (movedPath(known, path, path) !== null) this.drafts.drop(known);
    for (const known of this.files.keys()) if (movedPath(known, path, path) !== null) this.drop(known);
  }

  /** The file or folder has another name; unsaved work goes with it. */
  moved(from: string, to: string) {
    for (const known of [...this.files.keys()]) this.keepDraft(known);
    for (const known of this.drafts.paths()) {
      const next = movedPath(known, from, to);
      if (next !== null) this.drafts.move(known, next);
    }
    const files = new Map<string, OpenFile>();
    for (const [known, file] of this.files) {
      const next = movedPath(known, from, to) ?? known;
      files.set(next, { ...file, path: next });
    }
    this.publish(files);
  }

  /** Writes every draft that may not be written yet; called when the page may go away. */
  keepDrafts() {
    for (const path of new Set([...this.pending.keys(), ...this.dirtyPaths()])) this.keepDraft(path);
  }

  private async write(path: string, text: string, expected: Expected): Promise<boolean> {
    this.change(path, { phase: "saving", error: null });
    try {
      const { etag } = await this.access.write(this.scriptId, path, text, expected);
      this.change(path, { saved: text, etag, ...SETTLED });
      // Typing may have gone on while it was being saved.
      this.keepDraft(path);
      return true;
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 412;
      if (!conflict) {
        this.change(path, { phase: "ready", error });
        return false;
      }
      return this.refused(path, text);
    }
  }

  /** Something else is there. What was to be written may be it: it was saved, though its answer was lost. */
  private async refused(path: string, text: string): Promise<boolean> {
    const theirs = await this.look(path).catch(() => null);
    if (theirs !== null && theirs !== "deleted" && theirs.text === text) {
      this.change(path, { saved: text, etag: theirs.etag, ...SETTLED });
      this.keepDraft(path);
      return true;
    }
    this.change(path, { phase: "ready", conflict: true, theirs });
    return false;
  }

  private async look(path: string): Promise<Theirs> {
    try {
      return await this.access.read(this.scriptId, path);
    } catch (error) {
      if (isMissing(error)) return "deleted";
      throw error;
    }
  }

  private keepDraft(path: string) {
    clearTimeout(this.pending.get(path));
    this.pending.delete(path);
    const file = this.files.get(path);
    if (!file || file.phase === "loading" || file.phase === "failed") return;
    if (!isDirty(file)) return this.drafts.drop(path);
    const unkept = !this.drafts.keep(path, { text: file.text, etag: file.etag });
    if (unkept !== file.unkept) this.change(path, { unkept });
  }

  private drop(path: string) {
    clearTimeout(this.pending.get(path));
    this.pending.delete(path);
    const next = new Map(this.files);
    if (next.delete(path)) this.publish(next);
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
