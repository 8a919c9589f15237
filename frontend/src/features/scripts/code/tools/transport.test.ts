import { expect, it } from "vitest";
import { type Message, Transport } from "./transport";

class FakeSocket extends EventTarget {
  readyState: number = WebSocket.OPEN;
  readonly url = "ws://here";
  readonly sent: Message[] = [];
  send(data: string) {
    this.sent.push(JSON.parse(data));
  }
  says(message: Partial<Message>) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ jsonrpc: "2.0", ...message }) }));
  }
  closes() {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new Event("close"));
  }
}

function pair() {
  const socket = new FakeSocket();
  const transport = new Transport(socket as unknown as WebSocket, async () => new Set(["file:///script/a.py"]));
  const heard: Message[] = [];
  transport.setListener((message) => heard.push(message));
  return { socket, transport, heard };
}

const ask = (id: number, method: string): Message => ({ jsonrpc: "2.0", id, method, params: {} });

it("passes on what is said, and keeps what comes before anybody listens", () => {
  const socket = new FakeSocket();
  const transport = new Transport(socket as unknown as WebSocket, async () => new Set(["file:///script/a.py"]));
  socket.says({ method: "hello" });
  const heard: Message[] = [];
  transport.setListener((message) => heard.push(message));
  socket.says({ id: 9, method: "workspace/configuration" });
  void transport.send(ask(1, "textDocument/hover"));
  socket.says({ id: 1, error: { code: -32603, message: "broken" } });
  expect(socket.sent).toEqual([ask(1, "textDocument/hover")]);
  expect(heard.map((message) => message.method ?? message.error?.message)).toEqual([
    "hello",
    "workspace/configuration",
    "broken",
  ]);
});

it("answers with nothing new what was overtaken by typing", () => {
  const { socket, transport, heard } = pair();
  void transport.send(ask(1, "textDocument/inlayHint"));
  void transport.send(ask(2, "textDocument/diagnostic"));
  for (const id of [1, 2]) socket.says({ id, error: { code: -32801, message: "content modified" } });
  expect(heard.map((message) => [message.result, message.error])).toEqual([
    [null, undefined],
    [{ kind: "unchanged" }, undefined],
  ]);
});

it("has nothing said of a file that the server no longer knows", () => {
  const { socket, transport, heard } = pair();
  void transport.send(ask(1, "textDocument/diagnostic"));
  void transport.send(ask(2, "textDocument/hover"));
  for (const id of [1, 2]) socket.says({ id, result: null });
  expect(heard.map((message) => message.result)).toEqual([{ kind: "unchanged" }, null]);
});

it("owes no answer when the socket is closed, and sends nothing to it", async () => {
  const { socket, transport, heard } = pair();
  void transport.send(ask(1, "textDocument/hover"));
  socket.closes();
  expect(heard.map((message) => message.id)).toEqual([1]);
  await transport.send(ask(2, "textDocument/hover"));
  await transport.send({ jsonrpc: "2.0", method: "textDocument/didChange" });
  expect([heard.length, heard[1]?.result, socket.sent.length]).toEqual([2, null, 1]);
});

it("leads only to files that are there", async () => {
  const { socket, transport, heard } = pair();
  void transport.send(ask(1, "textDocument/definition"));
  socket.says({ id: 1, result: [{ uri: "file:///script/a.py" }, { uri: "file:///gone.py" }] });
  await Promise.resolve();
  await Promise.resolve();
  expect(heard.map((message) => message.result)).toEqual([[{ uri: "file:///script/a.py" }]]);
});
