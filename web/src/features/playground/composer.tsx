import { ActionIcon, Button, FileButton, Textarea } from "@mantine/core";
import { IconPhoto, IconPlayerStopFilled, IconSend, IconX } from "@tabler/icons-react";
import { useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { t } from "../../text/en";
import css from "../../ui/layout.module.css";
import type { Asked, Picture } from "./chat";
import { ACCEPTED, readPictures } from "./pictures";
import own from "./playground.module.css";

/** The next message: text, and pictures where the model takes them. */
export function Composer(props: {
  canSend: boolean;
  isRunning: boolean;
  onSend: (asked: Asked) => void;
  onStop: () => void;
}) {
  const [text, setText] = useState("");
  const [pictures, setPictures] = useState<Picture[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const ready = props.canSend && !props.isRunning && (text.trim() !== "" || pictures.length > 0);

  const add = async (files: File[]) => {
    if (files.length === 0) return;
    const read = await readPictures(files, pictures.length);
    setProblem(typeof read === "string" ? read : null);
    if (typeof read !== "string") setPictures((before) => [...before, ...read]);
  };
  const send = () => {
    if (!ready) return;
    props.onSend({ role: "user", text, pictures });
    setText("");
    setPictures([]);
    setProblem(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && props.isRunning) props.onStop();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void add(files);
  };
  return (
    <form
      className={own.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Textarea
        aria-label={t.playground.message}
        placeholder={t.playground.placeholder}
        description={t.playground.messageHelp}
        inputWrapperOrder={["input", "description", "error"]}
        error={problem}
        rows={3}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      {pictures.length > 0 && (
        <ul className={own.pictures}>
          {pictures.map((picture, index) => (
            <li key={picture.url}>
              <img src={picture.url} alt={t.playground.picture(picture.name)} />
              <ActionIcon
                size="sm"
                variant="default"
                aria-label={t.playground.detach(picture.name)}
                onClick={() => setPictures(pictures.filter((_, place) => place !== index))}
              >
                <IconX size={14} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <div className={css.between}>
        <FileButton accept={ACCEPTED} multiple onChange={(files) => void add(files)}>
          {(file) => (
            <Button {...file} variant="default" leftSection={<IconPhoto size={16} />}>
              {t.playground.attach}
            </Button>
          )}
        </FileButton>
        {props.isRunning ? (
          <Button
            variant="default"
            leftSection={<IconPlayerStopFilled size={16} />}
            onClick={props.onStop}
          >
            {t.playground.stop}
          </Button>
        ) : (
          <Button type="submit" disabled={!ready} leftSection={<IconSend size={16} />}>
            {t.playground.send}
          </Button>
        )}
      </div>
    </form>
  );
}
