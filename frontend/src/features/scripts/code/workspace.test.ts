import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "~/api/client";
import { type FileAccess, isDirty, Workspace } from "./workspace";

/** A server with one file, which refuses a write based on another version. */
function serverWith(text: string) {
  const state = { text, version: 1 };
  const access: FileAccess = {
    read: vi.fn(async () => ({ text: state.text, etag: `v${state.version}` })),
    write: vi.fn(async (_script, _path, body, expected) => {
      if (typeof expected === "object" && expected.etag !== `v${state.version}`)
        throw new ApiError(412, "changed", "Changed elsewhere.");
      state.text = body;
      state.version++;
      return { revision: state.version, etag: `v${state.version}` };
    }),
  };
  return { state, access };
}

const PATH = "main.py";
let server: ReturnType<typeof serverWith>;
let workspace: Workspace;
const file = () => workspace.snapshot().get(PATH);

beforeEach(async () => {
  server = serverWith("one");
  workspace = new Workspace("s1", server.access);
  await workspace.open(PATH);
});

describe("saving", () => {
  it("writes against the version it read and is clean afterwards", async () => {
    workspace.edit(PATH, "two");
    expect(workspace.dirtyPaths()).toEqual([PATH]);
    expect(await workspace.save(PATH)).toBe(true);
    expect(server.access.write).toHaveBeenCalledWith("s1", PATH, "two", { etag: "v1" });
    expect(isDirty(file())).toBe(false);
    workspace.edit(PATH, "three");
    expect(await workspace.save(PATH)).toBe(true);
    expect(server.state.text).toBe("three");
  });

  it("does not write a file that did not change", async () => {
    expect(await workspace.save(PATH)).toBe(true);
    expect(server.access.write).not.toHaveBeenCalled();
  });

  it("stays dirty when typing went on during the save", async () => {
    workspace.edit(PATH, "two");
    const saving = workspace.save(PATH);
    workspace.edit(PATH, "two and more");
    await saving;
    expect(server.state.text).toBe("two");
    expect(isDirty(file())).toBe(true);
  });

  it("keeps the text when the server refuses", async () => {
    workspace.edit(PATH, "two");
    vi.mocked(server.access.write).mockRejectedValueOnce(new ApiError(507, "disk_full", "The disk is full."));
    expect(await workspace.save(PATH)).toBe(false);
    expect(file()).toMatchObject({ text: "two", saved: "one", conflict: false });
    expect(file()?.error).toBeInstanceOf(ApiError);
    expect(await workspace.save(PATH)).toBe(true);
  });
});

describe("conflicts", () => {
  beforeEach(async () => {
    workspace.edit(PATH, "mine");
    server.state.text = "theirs";
    server.state.version++;
    expect(await workspace.save(PATH)).toBe(false);
  });

  it("overwrites nobody silently", async () => {
    expect(file()?.conflict).toBe(true);
    expect(await workspace.save(PATH)).toBe(false);
    expect(server.state.text).toBe("theirs");
  });

  it("sees none where the other wrote the same", async () => {
    server.state.text = "mine";
    await workspace.takeTheirs(PATH);
    workspace.edit(PATH, "both");
    server.state.text = "both";
    server.state.version++;
    expect(await workspace.save(PATH)).toBe(true);
    expect(file()).toMatchObject({ conflict: false, saved: "both" });
  });

  it("overwrites when told to", async () => {
    expect(await workspace.keepMine(PATH)).toBe(true);
    expect(server.state.text).toBe("mine");
    expect(file()?.conflict).toBe(false);
  });

  it("gives up what was typed when told to", async () => {
    const before = file()?.epoch ?? 0;
    await workspace.takeTheirs(PATH);
    expect(file()).toMatchObject({ text: "theirs", saved: "theirs", conflict: false });
    expect(file()?.epoch).toBeGreaterThan(before);
    workspace.edit(PATH, "theirs, mended");
    expect(await workspace.save(PATH)).toBe(true);
  });
});

describe("drafts", () => {
  it("survive a reload", async () => {
    workspace.edit(PATH, "unsaved");
    workspace.keepDrafts();
    const next = new Workspace("s1", server.access);
    await next.open(PATH);
    expect(next.snapshot().get(PATH)).toMatchObject({ text: "unsaved", saved: "one", conflict: false });
    expect(await next.save(PATH)).toBe(true);
    const third = new Workspace("s1", server.access);
    await third.open(PATH);
    expect(isDirty(third.snapshot().get(PATH))).toBe(false);
  });

  it("come back in conflict when the file changed meanwhile", async () => {
    workspace.edit(PATH, "unsaved");
    workspace.keepDrafts();
    server.state.text = "newer";
    server.state.version++;
    const next = new Workspace("s1", server.access);
    await next.open(PATH);
    expect(next.snapshot().get(PATH)).toMatchObject({ text: "unsaved", conflict: true });
  });

  it("go when the text is typed back to what is saved", async () => {
    workspace.edit(PATH, "unsaved");
    workspace.keepDrafts();
    workspace.edit(PATH, "one");
    workspace.keepDrafts();
    expect(localStorage.length).toBe(0);
  });
});

describe("refreshing", () => {
  it("takes in a change from elsewhere", async () => {
    server.state.text = "elsewhere";
    await workspace.refresh(PATH);
    expect(file()?.text).toBe("elsewhere");
  });

  it("leaves unsaved work alone", async () => {
    workspace.edit(PATH, "mine");
    server.state.text = "elsewhere";
    await workspace.refresh(PATH);
    expect(file()?.text).toBe("mine");
  });
});
