// @vitest-environment node
// Against a real WebSocket server that loses connections.
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket as Client, type WebSocket as ServerSocket, WebSocketServer } from "ws";
import type { Run, Sample } from "~/api/types";
import { LogSocket, type LogStatus } from "./log-socket";

const tail = (socket: ServerSocket, total: number) =>
  socket.send(
    JSON.stringify({ type: "tail", first: total, total, lines_all: total, bytes: 1, ended: false, lines: [] }),
  );
const finish = (socket: ServerSocket) =>
  socket.send(JSON.stringify({ type: "state", run: { id: "r", state: "finished" } }));

let server: WebSocketServer;
let open: LogSocket | undefined;
let asked: (string | undefined)[];
let totals: number[];
let statuses: LogStatus[];
let runs: Run[];
let samples: Sample[];

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  asked = [];
  totals = [];
  statuses = [];
  runs = [];
  samples = [];
});

afterEach(async () => {
  open?.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

function serve(each: (socket: ServerSocket, nth: number) => void) {
  server.on("connection", (socket, request) => {
    asked.push(request.url);
    each(socket, asked.length);
  });
}

function connect(): LogSocket {
  open = new LogSocket({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live?tail=200`,
    onTail: (told) => totals.push(told.total),
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
  it("asks for the tail again after a loss", async () => {
    serve((socket, nth) => {
      tail(socket, nth * 10);
      if (nth === 1) socket.close();
      else finish(socket);
    });
    connect();
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    expect(asked).toEqual(["/live?tail=200", "/live?tail=200"]);
    expect(totals).toEqual([10, 20]);
    expect(statuses).toEqual(["live", "lost", "live", "ended"]);
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
    await vi.waitFor(() => expect(statuses.at(-1)).toBe("ended"));
    await vi.waitFor(() => expect(server.clients.size).toBe(0));
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
    expect(totals).toEqual([]);
  });

  it("takes nothing more once closed", async () => {
    serve((socket) => tail(socket, 1));
    const socket = connect();
    await vi.waitFor(() => expect(totals).toEqual([1]));
    socket.close();
    await vi.waitFor(() => expect(server.clients.size).toBe(0));
    expect(asked).toHaveLength(1);
    expect(statuses).toEqual(["live"]);
  });
});
