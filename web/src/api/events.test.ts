import { expect, test } from "vitest";
import { events } from "./events";

const TEXT = ': hello\n\ndata: {"a":"é"}\n\nevent: x\r\ndata:1\r\ndata: 2\r\n\r\ndata: [DONE]\n\n';

async function read(pieces: Uint8Array[]) {
  const all: string[] = [];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  for await (const data of events(body)) all.push(data);
  return all;
}

test("events are the same wherever they were cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; ++at) {
    const pieces = [bytes.slice(0, at), bytes.slice(at)];
    expect(await read(pieces)).toEqual(['{"a":"é"}', "1\n2", "[DONE]"]);
  }
});

test("what is cut off is no event", async () => {
  expect(await read([new TextEncoder().encode("data: 1\n\ndata: 2\n")])).toEqual(["1"]);
});
