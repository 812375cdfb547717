// Server-sent events, as they come in pieces.

const END = /\r\n\r\n|\n\n|\r\r/;

const dataOf = (event: string) =>
  event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line.startsWith("data: ") ? 6 : 5))
    .join("\n");

/** The `data` of each whole event. What is cut off at the end is left out. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      for (let end = END.exec(rest); end; end = END.exec(rest)) {
        const data = dataOf(rest.slice(0, end.index));
        rest = rest.slice(end.index + end[0].length);
        if (data !== "") yield data;
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => null);
  }
}
