// What users do with the official Node client. `node scenarios.mjs NAME ARGUMENTS` prints one JSON.
import { Buffer, File } from "node:buffer";
import OpenAI, { toFile } from "openai";

globalThis.File ??= File; // Node 18 has it only here
const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });
const hello = [{ role: "user", content: "Say hello" }];

const scenarios = {
  async chat({ model }) {
    return await client.chat.completions.create({ model, messages: hello });
  },

  async stream({ model, options }) {
    const stream = await client.chat.completions.create({
      model,
      messages: hello,
      stream: true,
      ...(options ?? {}),
    });
    const out = { text: "", chunks: 0, usage: null };
    for await (const chunk of stream) {
      out.chunks += 1;
      out.text += chunk.choices[0]?.delta?.content ?? "";
      out.usage = chunk.usage ?? out.usage;
    }
    return out;
  },

  async tools({ model, stream }) {
    const tools = [
      {
        type: "function",
        function: {
          name: "get_weather",
          parameters: { type: "object", properties: { city: { type: "string" } } },
        },
      },
    ];
    if (!stream) {
      const answer = await client.chat.completions.create({ model, messages: hello, tools });
      return answer.choices[0].message.tool_calls[0].function;
    }
    const runner = client.chat.completions.stream({ model, messages: hello, tools });
    const answer = await runner.finalChatCompletion();
    return answer.choices[0].message.tool_calls[0].function;
  },

  async embeddings({ model }) {
    const answer = await client.embeddings.create({ model, input: ["a", "b"] });
    return answer.data.map((row) => row.embedding);
  },

  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return ids;
  },

  async model({ model }) {
    return await client.models.retrieve(model);
  },

  async responses({ model }) {
    return (await client.responses.create({ model, input: "Say hello" })).output_text;
  },

  async responses_stream({ model }) {
    let text = "";
    const stream = await client.responses.create({ model, input: "Say hello", stream: true });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    return text;
  },

  async transcription({ model, bytes }) {
    const file = await toFile(Buffer.alloc(bytes, 7), "speech.wav");
    return await client.audio.transcriptions.create({ model, file });
  },

  async speech({ model }) {
    const answer = await client.audio.speech.create({ model, voice: "alloy", input: "hello" });
    return Buffer.from(await answer.arrayBuffer()).toString("base64");
  },

  async image({ model }) {
    const answer = await client.images.generate({ model, prompt: "a gate" });
    return answer.data[0].b64_json;
  },

  async abort({ model, after }) {
    const stream = await client.chat.completions.create({ model, messages: hello, stream: true });
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      if (chunks === after) break; // the client aborts the request
    }
    return { chunks };
  },

  // What the client makes of a refusal: the class of its error, and what it can read from it.
  async error({ model, retries, stream }) {
    try {
      const answer = await client.chat.completions.create(
        { model, messages: hello, stream: Boolean(stream) },
        { maxRetries: retries ?? 0 },
      );
      if (stream) for await (const _ of answer);
    } catch (error) {
      return {
        name: error.constructor.name,
        status: error.status ?? null,
        code: error.code ?? null,
        message: error.message,
        request_id: error.requestID ?? null,
      };
    }
    return { name: null };
  },
};

const [, , name, args] = process.argv;
const printed = await scenarios[name](JSON.parse(args));
process.stdout.write(JSON.stringify(printed));
