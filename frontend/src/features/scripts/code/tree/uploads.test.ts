import { expect, it } from "vitest";
import { Uploads } from "./uploads";

const blob = (size: number) => new Blob([new Uint8Array(size)]);
const upload = (path: string, size = 10) => ({ path, body: blob(size), replace: false });

it("sends one after the other and counts", async () => {
  const sent: string[] = [];
  const uploads = new Uploads(async ({ path }, onSent) => {
    sent.push(path);
    onSent(5);
    expect(uploads.state.get().current).toBe(path);
  });
  const first = uploads.add([upload("a"), upload("b", 20)]);
  uploads.add([upload("c")]);
  expect(uploads.state.get()).toMatchObject({ files: 3, bytes: 40 });
  expect(await first).toMatchObject({ files: 3, done: 3, sent: 40, refused: [] });
  expect(sent).toEqual(["a", "b", "c"]);
  expect(uploads.state.get().files).toBe(0);
});

it("goes on after a refusal and says which it was", async () => {
  const uploads = new Uploads(async ({ path }) => {
    if (path === "b") throw new Error("Too large");
  });
  const state = await uploads.add([upload("a"), upload("b"), upload("c")]);
  expect(state.done).toBe(2);
  expect(state.refused.map((each) => [each.path, each.error.message])).toEqual([["b", "Too large"]]);
});

it("stops when cancelled, and works again afterwards", async () => {
  const uploads = new Uploads(
    ({ path }, _, signal) =>
      new Promise((resolve, reject) => {
        if (path !== "slow") return resolve();
        signal.addEventListener("abort", () => reject(new Error("Cancelled")));
        uploads.cancel();
      }),
  );
  expect(await uploads.add([upload("a"), upload("slow"), upload("c")])).toMatchObject({ done: 1, refused: [] });
  expect(await uploads.add([upload("d")])).toMatchObject({ done: 1, files: 1 });
});
