import { ActionIcon, Button, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ago, exactTime, toTheSecond } from "../format/times";
import { t } from "../text/en";
import css from "./layout.module.css";

export type Tone = "good" | "warn" | "bad" | "idle";

export function State(props: { tone: Tone; children: ReactNode }) {
  return (
    <span className={css.state} data-tone={props.tone}>
      {props.children}
    </span>
  );
}

/** "3 hours ago"; the exact moment for who points at it. */
export function Moment(props: { at: string | null | undefined; never?: string }) {
  if (!props.at) return <span className={css.note}>{props.never ?? t.ui.never}</span>;
  return (
    <time dateTime={props.at} title={exactTime(props.at)}>
      {ago(props.at)}
    </time>
  );
}

/** To the second; its time zone for who points at it. */
export const At = (props: { moment: string }) => (
  <time dateTime={props.moment} title={exactTime(props.moment)}>
    {toTheSecond(props.moment)}
  </time>
);

export const Mono = (props: { children: ReactNode }) => (
  <span className={css.mono}>{props.children}</span>
);

export function Copy(props: { value: string; what: string; label?: string }) {
  return (
    <CopyButton value={props.value} timeout={2000}>
      {({ copied, copy }) =>
        props.label ? (
          <Button
            onClick={copy}
            leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          >
            {copied ? t.ui.copied : props.label}
          </Button>
        ) : (
          <Tooltip label={copied ? t.ui.copied : t.ui.copy(props.what)} withArrow>
            <ActionIcon
              variant="default"
              size="md"
              onClick={copy}
              aria-label={copied ? t.ui.copied : t.ui.copy(props.what)}
            >
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )
      }
    </CopyButton>
  );
}

/** Something to be copied: code, or a secret. */
export function Code(props: { text: string; what: string; wrap?: boolean }) {
  return (
    <div className={css.code} data-wrap={props.wrap || undefined}>
      <pre tabIndex={0} aria-label={props.what}>
        {props.text}
      </pre>
      <Copy value={props.text} what={props.what} />
    </div>
  );
}
