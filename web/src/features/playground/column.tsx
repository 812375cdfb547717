import { ActionIcon, Autocomplete } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import type { Conversation } from "./conversation";
import own from "./playground.module.css";
import { Question, Reply } from "./turn";

const NEAR_END_PX = 80;

/** One model, and what was said with it. */
export function Column(props: {
  label: string;
  model: string;
  models: string[];
  onModel: (model: string) => void;
  onClose?: () => void;
  conversation: Conversation;
  onAgain: () => void;
  onGoOn: () => void;
}) {
  const { conversation } = props;
  const log = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = log.current;
    if (!box) return;
    // Whoever has scrolled up to read is left there.
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    const grew = Number(box.dataset.height ?? 0);
    if (left - (box.scrollHeight - grew) < NEAR_END_PX) box.scrollTop = box.scrollHeight;
    box.dataset.height = String(box.scrollHeight);
  }, [conversation.turns]);
  return (
    <section className={own.column}>
      <div className={own.columnHead}>
        <Autocomplete
          className={css.grow}
          aria-label={props.label}
          placeholder={props.label}
          data={props.models}
          value={props.model}
          onChange={props.onModel}
        />
        {props.onClose && (
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t.playground.single}
            onClick={props.onClose}
          >
            <IconX size={16} />
          </ActionIcon>
        )}
      </div>
      <div
        ref={log}
        role="log"
        aria-label={t.playground.conversation(props.model)}
        aria-busy={conversation.isRunning}
        tabIndex={0}
        className={own.log}
      >
        {conversation.turns.length === 0 && <p className={own.nothing}>{t.playground.empty}</p>}
        {conversation.turns.map((turn, index) =>
          turn.role === "user" ? (
            <Question key={index} of={turn} />
          ) : (
            <Reply
              key={index}
              of={turn}
              isLast={index === conversation.turns.length - 1}
              onAgain={props.onAgain}
              onGoOn={props.onGoOn}
              onResult={(call, result) => conversation.setResult(index, call, result)}
            />
          ),
        )}
      </div>
    </section>
  );
}
