// @vitest-environment node
// Against a real WebSocket server that loses connections.
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket as Client, type WebSocket as ServerSocket, WebSocketServer } from "ws";
import type { LogRecord, Run, Sample } from "~/api/types";
import { LogBuffer } from "./log-buffer";
import { LogSocket, type LogStatus } from "./log-socket";

const record = (seq: number): LogRecord => ({
  seq,
  at: "2026-03-01T10:00:00Z",
  stream: "stdout",
  text: `line ${seq}\n`,
});
const send = (socket: ServerSocket, seq: number) => socket.send(JSON.stringify({ type: "records", records: [record(seq)] }));
const finish = (socket: ServerSocket) =>
  socket.send(JSON.stringify({ type: "state", run: { id: "r", state: "finished" } }));

let server: WebSocketServer;
let buffer: LogBuffer;
let open: LogSocket | undefined;
let asked: (string | null)[];
let statuses: LogStatus[];
let runs: Run[];
let samples: Sample[];

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  buffer = new LogBuffer();
  asked = [];
  statuses = [];
  runs = [];
  samples = [];
});

afterEach(async () => {
  open?.close();
  buffer.dispose();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

function serve(each: (socket: ServerSocket, nth: number) => void) {
  server.on("connection", (socket, request) => {
    asked.push(new URL(request.url ?? "/", "http://x").searchParams.get("after"));
    each(socket, asked.length);
  });
}

function connect(): LogSocket {
  open = new LogSocket({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`,
    lastSeq: () => buffer.lastSeq,
    onRecord: (each) => buffer.push(each),
    onRun: (run) => runs.push(run),
    onSamples: (some) => samples.push(...some),
    onStatus: (status) => statuses.push(status),
    socket: Client as unknown as new (url: string) => WebSocket,
    wait: () => 5,
  });
  open.open();
  return open;
}

describe("LogSocket", () => {
  it("asks for everything first, then only for what comes after the last record", async () => {
    serve((socket, nth) => {
      const from = nth === 1 ? 0 : 3;
      for (let seq = from; seq < from + 3; seq++) send(socket, seq);
      if (nth === 1) socket.close();
      else finish(socket);
    });
    connect();
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(asked).toEqual([null, "2"]);
    expect(buffer.text()).toBe("line 0\nline 1\nline 2\nline 3\nline 4\nline 5");
    expect(statuses).toEqual(["live", "lost", "live", "ended"]);
  });

  it("shows no line twice when the server repeats some", async () => {
    serve((socket, nth) => {
      for (let seq = nth === 1 ? 0 : 1; seq < 4; seq++) send(socket, seq);
      if (nth === 1) socket.terminate();
      else finish(socket);
    });
    connect();
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(buffer.count).toBe(4);
  });

  it("keeps trying while the server is away", async () => {
    serve((socket, nth) => {
      if (nth < 4) socket.terminate();
      else finish(socket);
    });
    connect();
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(asked).toHaveLength(4);
  });

  it("does not come back after the finished state", async () => {
    serve((socket) => {
      finish(socket);
      socket.close();
    });
    connect();
    await vi.waitFor(() => expect(server.clients.size).toBe(0));
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(runs.map((run) => run.state)).toEqual(["finished"]);
    expect(asked).toHaveLength(1);
  });

  it("passes measurements on, and kinds of frames it does not know by", async () => {
    const sample = { at: "2026-03-01T10:00:00Z", elapsed_ms: 500, memory_bytes: 1, cpu_ms: 2, pids: 3 };
    serve((socket) => {
      socket.send(JSON.stringify({ type: "later", what: 1 }));
      socket.send(JSON.stringify({ type: "samples", samples: [sample] }));
      finish(socket);
    });
    connect();
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(samples).toEqual([sample]);
    expect(buffer.count).toBe(0);
  });

  it("takes nothing more once closed", async () => {
    serve((socket) => send(socket, 0));
    const socket = connect();
    await vi.waitFor(() => expect(buffer.count).toBe(1));
    socket.close();
    await vi.waitFor(() => expect(server.clients.size).toBe(0));
    expect(asked).toHaveLength(1);
    expect(statuses).toEqual(["live"]);
  });
});
