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

describe("a change from elsewhere under unsaved work", () => {
  const elsewhere = (text: string) => {
    server.state.text = text;
    server.state.version++;
  };
  beforeEach(async () => {
    workspace.edit(PATH, "mine");
    elsewhere("theirs");
    await workspace.refresh(PATH);
  });

  it("is a conflict before anything is saved, and shows both", () => {
    expect(file()).toMatchObject({ text: "mine", conflict: true, theirs: { text: "theirs" } });
    expect(server.access.write).not.toHaveBeenCalled();
  });

  it("ends when it is taken back", async () => {
    server.state.text = "one";
    server.state.version = 1;
    await workspace.refresh(PATH);
    expect(file()).toMatchObject({ text: "mine", conflict: false, theirs: null });
    expect(await workspace.save(PATH)).toBe(true);
  });

  it("ends when both agree", async () => {
    elsewhere("mine");
    await workspace.refresh(PATH);
    expect(file()).toMatchObject({ conflict: false, saved: "mine" });
    expect(isDirty(file())).toBe(false);
  });

  it("is decided over the version that was seen, not over a later one", async () => {
    elsewhere("theirs, once more");
    expect(await workspace.keepMine(PATH)).toBe(false);
    expect(server.state.text).toBe("theirs, once more");
    expect(file()).toMatchObject({ text: "mine", conflict: true, theirs: { text: "theirs, once more" } });
    workspace.edit(PATH, "both");
    expect(await workspace.keepMine(PATH)).toBe(true);
    expect(server.state.text).toBe("both");
  });

  it("stays one over a reload", async () => {
    workspace.keepDrafts();
    const next = new Workspace("s1", server.access);
    await next.open(PATH);
    expect(next.snapshot().get(PATH)).toMatchObject({ text: "mine", conflict: true, theirs: { text: "theirs" } });
    await next.refresh(PATH);
    expect(next.snapshot().get(PATH)?.conflict).toBe(true);
  });
});

describe("a file that is deleted elsewhere", () => {
  const gone = () => vi.mocked(server.access.read).mockRejectedValue(new ApiError(404, "not_found", "No such file."));

  it("is let go where there was nothing unsaved", async () => {
    gone();
    await workspace.refresh(PATH);
    expect(file()).toBeUndefined();
  });

  it("is a conflict where there was", async () => {
    workspace.edit(PATH, "mine");
    gone();
    await workspace.refresh(PATH);
    expect(file()).toMatchObject({ conflict: true, theirs: "deleted" });
    expect(await workspace.keepMine(PATH)).toBe(true);
    expect(server.access.write).toHaveBeenCalledWith("s1", PATH, "mine", "absent");
  });

  it("comes back from its draft", async () => {
    workspace.edit(PATH, "mine");
    workspace.keepDrafts();
    gone();
    const next = new Workspace("s1", server.access);
    await next.open(PATH);
    expect(next.snapshot().get(PATH)).toMatchObject({ text: "mine", conflict: true, theirs: "deleted" });
  });
});

describe("closing and moving", () => {
  it("closes into a draft that opening brings back", async () => {
    workspace.edit(PATH, "unsaved");
    workspace.close(PATH);
    expect(file()).toBeUndefined();
    expect(workspace.draftPaths()).toEqual([PATH]);
    expect(await workspace.saveAll()).toBe(true);
    expect(server.access.write).not.toHaveBeenCalled();
    await workspace.open(PATH);
    expect(file()).toMatchObject({ text: "unsaved", conflict: false });
  });

  it("takes unsaved work along to another name", async () => {
    workspace.edit(PATH, "unsaved");
    workspace.moved(PATH, "lib/first.py");
    expect(workspace.dirtyPaths()).toEqual(["lib/first.py"]);
    workspace.moved("lib", "src");
    expect(workspace.draftPaths()).toEqual(["src/first.py"]);
    const next = new Workspace("s1", server.access);
    await next.open("src/first.py");
    expect(next.snapshot().get("src/first.py")?.text).toBe("unsaved");
    workspace.forget("src");
    expect(workspace.draftPaths()).toEqual([]);
  });

  it("leaves another window's draft alone", async () => {
    const other = new Workspace("s1", server.access);
    await other.open(PATH);
    workspace.edit(PATH, "mine");
    workspace.keepDrafts();
    other.edit(PATH, "theirs");
    other.keepDrafts();
    await workspace.save(PATH);
    const next = new Workspace("s1", server.access);
    await next.open(PATH);
    expect(next.snapshot().get(PATH)).toMatchObject({ text: "theirs", conflict: true });
  });
});
