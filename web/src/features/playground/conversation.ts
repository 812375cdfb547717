import { useCallback, useEffect, useRef, useState } from "react";
import { play } from "./api";
import { bodyOf, newAnswer, type Answer, type Asked, type Settings, type Turn } from "./chat";

export interface Conversation {
  turns: Turn[];
  isRunning: boolean;
  /** Asks, and hears the answer. Without a question it goes on from what there is. */
  ask: (key: string, model: string, settings: Settings, question?: Asked) => void;
  /** As ask, in place of the last answer. */
  again: (key: string, model: string, settings: Settings) => void;
  setResult: (turn: number, call: number, result: string) => void;
  stop: () => void;
  clear: () => void;
}

/** What was said with one model. Whoever leaves the page stops it. */
export function useConversation(): Conversation {
  const [turns, setTurns] = useState<Turn[]>([]);
  const running = useRef<AbortController | null>(null);
  const last = turns.at(-1);
  const isRunning = last?.role === "assistant" && last.state === "running";

  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const run = (before: Turn[], key: string, model: string, settings: Settings) => {
    stop();
    const own = new AbortController();
    running.current = own;
    setTurns([...before, newAnswer()]);
    void play(key, bodyOf(model, settings, before), own.signal, (answer: Answer) => {
      if (running.current === own) setTurns([...before, answer]);
    });
  };
  return {
    turns,
    isRunning,
    stop,
    ask: (key, model, settings, question) =>
      run(question ? [...turns, question] : turns, key, model, settings),
    again: (key, model, settings) => run(turns.slice(0, -1), key, model, settings),
    setResult: (turn, call, result) =>
      setTurns((now) =>
        now.map((one, index) =>
          index === turn && one.role === "assistant"
            ? {
                ...one,
                calls: one.calls.map((each, place) =>
                  place === call ? { ...each, result } : each,
                ),
              }
            : one,
        ),
      ),
    clear: () => {
      stop();
      running.current = null;
      setTurns([]);
    },
  };
}
