import { expect, it } from "vitest";
import { BATCH, inBatches } from "./batches";

const ids = Array.from({ length: BATCH * 2 + 3 }, (_, at) => `${at}`);

it("sends parts, tells how far it is, and gathers what was refused", async () => {
  const over: number[] = [];
  const ended = await inBatches(
    ids,
    { kind: "pause" },
    async (part) => ({
      done: part.slice(1),
      failed: [{ id: part[0] ?? "", code: "not_found", message: "It is gone." }],
    }),
    (progress) => over.push(progress.over),
  );
  expect(over).toEqual([0, BATCH, BATCH * 2, ids.length]);
  expect(ended).toMatchObject({ error: null, over: ids.length });
  expect(ended.failed.map(({ id }) => id)).toEqual(["0", `${BATCH}`, `${BATCH * 2}`]);
  expect(ended.done).toHaveLength(ids.length - 3);
});
it("ends where the server does not answer, and knows what was done", async () => {
  let calls = 0;
  const ended = await inBatches(
    ids,
    { kind: "delete" },
    async (part) => {
      if (++calls === 2) throw new Error("The server did not answer.");
      return { done: [...part], failed: [] };
    },
    () => undefined,
  );
  expect(ended).toMatchObject({ over: BATCH, total: ids.length, error: new Error("The server did not answer.") });
  expect(calls).toBe(2);
});
