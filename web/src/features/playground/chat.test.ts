import { expect, test } from "vitest";
import { bodyOf, newAnswer, take, type Settings, type Turn } from "./chat";

const PLAIN: Settings = {
  system: "",
  temperature: null,
  topP: null,
  tokensMax: null,
  tools: [],
  fields: {},
};

test("an answer is put together from its pieces", () => {
  const pieces = [
    { choices: [{ delta: { content: "Hel" } }] },
    { choices: [{ delta: { content: "lo" }, finish_reason: "stop" }] },
    { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  ];
  expect(pieces.reduce(take, newAnswer())).toMatchObject({
    text: "Hello",
    finish: "stop",
    tokens: { input: 3, output: 2 },
  });
});

test("what a tool is called with comes in pieces, too", () => {
  const call = (index: number, more: object) => ({
    choices: [{ delta: { tool_calls: [{ index, ...more }] } }],
  });
  const { calls } = [
    call(0, { id: "a", function: { name: "weather", arguments: '{"ci' } }),
    call(1, { id: "b", function: { name: "time", arguments: "{}" } }),
    call(0, { function: { arguments: 'ty":1}' } }),
  ].reduce(take, newAnswer());
  expect(calls).toEqual([
    { id: "a", name: "weather", arguments: '{"city":1}', result: "" },
    { id: "b", name: "time", arguments: "{}", result: "" },
  ]);
});

test("only what was set is sent", () => {
  const asked: Turn = { role: "user", text: "Hi", pictures: [] };
  expect(bodyOf("m", PLAIN, [asked])).toEqual({
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const body = bodyOf(
    "m",
    { ...PLAIN, system: "Be brief", temperature: 0, fields: { seed: 7 } },
    [],
  );
  expect(body).toMatchObject({
    messages: [{ role: "system", content: "Be brief" }],
    temperature: 0,
    seed: 7,
  });
});

test("a conversation keeps results of tools and leaves out what never came", () => {
  const turns: Turn[] = [
    { role: "user", text: "", pictures: [{ name: "a.png", url: "data:image/png;base64,AA" }] },
    { ...newAnswer(), state: "failed" },
    {
      ...newAnswer(),
      calls: [{ id: "a", name: "weather", arguments: "{}", result: "sun" }],
    },
  ];
  expect(bodyOf("m", PLAIN, turns).messages).toEqual([
    {
      role: "user",
      content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "a", type: "function", function: { name: "weather", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "a", content: "sun" },
  ]);
});
