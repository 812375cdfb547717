// What people build with Vercel's AI SDK. `node ai_sdk.mjs NAME ARGUMENTS` prints one JSON.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

globalThis.AI_SDK_LOG_WARNINGS = false; // it would print them among what we read
const { KEYWARDEN_URL: baseURL, KEYWARDEN_API_KEY: apiKey } = process.env;
const openai = createOpenAI({ baseURL, apiKey });
const kinds = {
  responses: openai,
  chat: openai.chat,
  anthropic: createAnthropic({ baseURL, apiKey }),
};

const scenarios = {
  async text({ kind, model }) {
    const { text, usage, finishReason } = await generateText({
      model: kinds[kind](model),
      prompt: "Say something",
    });
    return { text, usage, finishReason };
  },

  async stream({ kind, model }) {
    const answer = streamText({ model: kinds[kind](model), prompt: "Say something" });
    const out = { text: "", pieces: 0 };
    for await (const piece of answer.textStream) {
      out.pieces += 1;
      out.text += piece;
    }
    return { ...out, usage: await answer.usage };
  },

  async tools({ kind, model }) {
    let ran = 0;
    const { text, steps } = await generateText({
      model: kinds[kind](model),
      prompt: "What is the weather in Oslo?",
      stopWhen: stepCountIs(4),
      tools: {
        get_weather: tool({
          description: "The weather in a city",
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            ran += 1;
            return `It snows in ${city}.`;
          },
        }),
      },
    });
    return { ran, text, steps: steps.length };
  },

  async object({ kind, model }) {
    const { object } = await generateObject({
      model: kinds[kind](model),
      prompt: "Where is it?",
      schema: z.object({ name: z.string(), people: z.number() }),
    });
    return object;
  },

  async error({ kind, model }) {
    try {
      await generateText({ model: kinds[kind](model), prompt: "Hello", maxRetries: 0 });
    } catch (error) {
      return { name: error.name, status: error.statusCode, isRetryable: error.isRetryable };
    }
    return { name: null };
  },
};

const [, , name, args] = process.argv;
const printed = await scenarios[name](JSON.parse(args));
process.stdout.write(JSON.stringify(printed));
