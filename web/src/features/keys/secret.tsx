import { Button, Loader, Tabs } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { apiUrl } from "../../api/base";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { readKey, useModels } from "./api";
import { snippets } from "./snippets";

const POLL_MS = 1500;

/** A secret, this once: copy it, try it, and see the first call come in. */
export function Secret(props: { id: string; secret: string; onDone: () => void }) {
  const models = useModels();
  const names = models.data?.data.map((model) => model.model) ?? [];
  const model = names.find((name) => name === "sandbox") ?? names[0] ?? "sandbox";
  const shown = snippets(apiUrl(), props.secret, model);
  return (
    <div className={css.stack}>
      <div className={css.notice}>{t.keys.once}</div>
      <Code text={props.secret} what={t.keys.secret} wrap />
      <Tabs defaultValue="curl">
        <Tabs.List>
          {shown.map((snippet) => (
            <Tabs.Tab key={snippet.id} value={snippet.id}>
              {snippet.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown.map((snippet) => (
          <Tabs.Panel key={snippet.id} value={snippet.id} pt="sm">
            <Code text={snippet.text} what={t.keys.snippet(snippet.label)} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <div className={css.between}>
        <FirstCall id={props.id} />
        <Button onClick={props.onDone}>{t.keys.done}</Button>
      </div>
    </div>
  );
}

/** "Waiting for the first call…", until the newest secret has been used. */
function FirstCall(props: { id: string }) {
  const key = useQuery({
    queryKey: ["key", props.id, "first-call"],
    queryFn: () => readKey(props.id),
    refetchInterval: (query) => (query.state.data?.secrets[0]?.first_used_at ? false : POLL_MS),
  });
  const came = key.data?.secrets[0]?.first_used_at;
  return (
    <span role="status" className={css.row}>
      {came ? (
        <>
          <IconCircleCheck size={20} className={css.good} aria-hidden />
          <span className={css.good}>{t.keys.firstCallCame}</span>
        </>
      ) : (
        <>
          <Loader size="xs" aria-hidden />
          <span className={css.note}>{t.keys.firstCallWaiting}</span>
        </>
      )}
    </span>
  );
}
