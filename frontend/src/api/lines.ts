/** The lines of a body, each as soon as it is whole. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield line;
      if (!done) continue;
      if (rest !== "") yield rest;
      return;
    }
  } finally {
    // Also when the one who reads leaves early.
    await reader.cancel().catch(() => undefined);
  }
}
