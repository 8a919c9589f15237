import { describe, expect, it } from "vitest";
import { linesOf } from "./lines";

describe("lines of a body", () => {
  const all = async (lines: AsyncIterable<string>) => {
    const list: string[] = [];
    for await (const line of lines) list.push(line);
    return list;
  };
  const body = (...chunks: Uint8Array[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  it("come whole, wherever the chunks are cut", async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}\n\n{"b":1}\nlast');
    const chunks = Array.from(bytes, (_, index) => bytes.slice(index, index + 1));
    expect(await all(linesOf(body(...chunks)))).toEqual(['{"a":"é"}', '{"b":1}', "last"]);
  });
  it("let go of the body when the reader leaves", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("line\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of linesOf(endless)) break;
    expect(cancelled).toBe(true);
  });
});
