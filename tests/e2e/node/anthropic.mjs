// What users do with Anthropic's official Node client. `node anthropic.mjs NAME ARGUMENTS` prints one JSON.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ maxRetries: 0, timeout: 20_000 });
const base = { max_tokens: 64, messages: [{ role: "user", content: "Say hello" }] };
const tools = [
  {
    name: "get_weather",
    input_schema: { type: "object", properties: { city: { type: "string" } } },
  },
];

const scenarios = {
  async message({ model, retries }) {
    return await client.messages.create({ ...base, model }, { maxRetries: retries ?? 0 });
  },

  async stream({ model }) {
    const stream = client.messages.stream({ ...base, model });
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const message = await stream.finalMessage();
    return { text, output_tokens: message.usage.output_tokens };
  },

  async tools({ model, stream }) {
    const request = { ...base, model, tools };
    const answer = stream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
    const { name, input } = answer.content[0];
    return { name, input };
  },

  async count({ model }) {
    const { messages } = base;
    return (await client.messages.countTokens({ model, messages })).input_tokens;
  },

  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return ids;
  },

  async abort({ model, after }) {
    const stream = await client.messages.create({ ...base, model, stream: true });
    let events = 0;
    for await (const _ of stream) {
      events += 1;
      if (events === after) break; // the client aborts the request
    }
    return { events };
  },

  async error({ model }) {
    try {
      await client.messages.create({ ...base, model });
    } catch (error) {
      return {
        name: error.constructor.name,
        status: error.status ?? null,
        type: error.error?.error?.type ?? null,
        code: error.error?.error?.details?.error_code ?? null,
        request_id: error.requestID ?? null,
      };
    }
    return { name: null };
  },
};

const [, , name, args] = process.argv;
const printed = await scenarios[name](JSON.parse(args));
process.stdout.write(JSON.stringify(printed));
