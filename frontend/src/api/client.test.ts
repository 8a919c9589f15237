import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, raw } from "./client";

const network = vi.fn<typeof fetch>();
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 200 });
  network.mockReset();
  vi.stubGlobal("fetch", network);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const dropped = () => Promise.reject(new TypeError("Failed to fetch"));
const answer = (status: number, body: unknown) => Promise.resolve(Response.json(body, { status }));

describe("reaching the server", () => {
  it("sends a reading again when the network dropped it", async () => {
    network.mockImplementationOnce(dropped).mockImplementationOnce(() => answer(200, { fine: true }));
    expect(await (await raw("/system")).json()).toEqual({ fine: true });
  });

  it("gives up after three tries and says so", async () => {
    network.mockImplementation(dropped);
    await expect(raw("/system")).rejects.toMatchObject({ code: "unreachable", status: 0 });
    expect(network).toHaveBeenCalledTimes(3);
  });

  it("sends a change once only, unless it carries a key", async () => {
    network.mockImplementation(dropped);
    await expect(raw("/scripts", { method: "POST" })).rejects.toBeInstanceOf(ApiError);
    expect(network).toHaveBeenCalledTimes(1);
    await expect(raw("/x", { method: "POST", headers: { "idempotency-key": "k" } })).rejects.toBeInstanceOf(ApiError);
    expect(network).toHaveBeenCalledTimes(4);
  });

  it("does not repeat what the server refused, and keeps its words", async () => {
    const body = { code: "name_taken", message: "Taken.", request_id: "r1", details: { field: "name" } };
    network.mockImplementation(() => answer(409, body));
    const error = await raw("/scripts").catch((thrown: unknown) => thrown as ApiError);
    expect(error).toMatchObject({ status: 409, code: "name_taken", message: "Taken.", requestId: "r1", field: "name" });
    expect(network).toHaveBeenCalledTimes(1);
  });

  it("finds words for an answer that is not ours", async () => {
    network.mockImplementation(() => Promise.resolve(new Response("<html>", { status: 502 })));
    await expect(raw("/system")).rejects.toMatchObject({ status: 502, code: "unexpected_answer" });
  });
});
