import { Button } from "@mantine/core";
import { IconCode, IconColumns2, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async, Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Card, Empty, Page } from "../../ui/page";
import { useView } from "../../ui/view";
import { useKeys, type Key } from "../keys/api";
import { KeySelect } from "../keys/key_select";
import { usePlayableModels } from "./api";
import type { Turn } from "./chat";
import { CodeDialog } from "./code_dialog";
import { Column } from "./column";
import { Composer } from "./composer";
import { useConversation } from "./conversation";
import own from "./playground.module.css";
import { SettingsCard, settingsOf, usualDraft } from "./settings";

/** `beside`: a second model; "-" for one that is not chosen yet. */
const USUAL = { key: "", model: "", beside: "" };
const ACTIVE = { status: "active" } as const;

export function PlaygroundPage() {
  const may = useMay();
  const keys = useKeys(ACTIVE);
  const isUsable = (key: Key) => key.kind !== "management" && may("playground", key.user);
  return (
    <Async query={keys}>
      {({ rows }) => {
        const first = rows.find(isUsable);
        if (first) return <Playground firstKey={first.id} isUsable={isUsable} />;
        return (
          <Page title={t.nav.playground} lead={t.playground.lead}>
            <Card>
              <Empty
                title={t.playground.noKeys}
                text={t.playground.noKeysHelp}
                action={may("keys.write") && <LinkButton to="/keys">{t.nav.keys}</LinkButton>}
              />
            </Card>
          </Page>
        );
      }}
    </Async>
  );
}

function Playground(props: { firstKey: string; isUsable: (key: Key) => boolean }) {
  const [view, setView] = useView(USUAL);
  const [draft, setDraft] = useState(usualDraft);
  const [showsCode, setShowsCode] = useState(false);
  const first = useConversation();
  const second = useConversation();

  const key = view.key || props.firstKey;
  const list = usePlayableModels(key);
  const models = list.data ?? [];
  const usual = models.includes("sandbox") ? "sandbox" : (models[0] ?? "");
  const model = view.model || usual;
  const isPair = view.beside !== "";
  const beside = view.beside === "-" ? "" : view.beside;
  const settings = settingsOf(draft);
  const columns = [
    { model, conversation: first, label: t.playground.model },
    ...(isPair ? [{ model: beside, conversation: second, label: t.playground.otherModel }] : []),
  ];
  const asking = columns.filter((one) => one.model !== "");
  const isRunning = columns.some((one) => one.conversation.isRunning);
  const stop = () => columns.forEach((one) => one.conversation.stop());
  return (
    <Page
      title={t.nav.playground}
      lead={t.playground.lead}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} />}
            disabled={first.turns.length + second.turns.length === 0}
            onClick={() => {
              first.clear();
              second.clear();
            }}
          >
            {t.playground.newChat}
          </Button>
          <Button
            variant="default"
            leftSection={<IconCode size={16} />}
            disabled={!settings || model === ""}
            onClick={() => setShowsCode(true)}
          >
            {t.playground.code}
          </Button>
        </>
      }
    >
      <div className={css.filters}>
        <KeySelect
          className={css.grow ?? ""}
          label={t.playground.key}
          placeholder={t.playground.whichKey}
          question={ACTIVE}
          fits={props.isUsable}
          value={key}
          onChange={(chosen) => setView({ key: chosen })}
          allowDeselect={false}
        />
        {!isPair && (
          <Button
            variant="default"
            leftSection={<IconColumns2 size={16} />}
            onClick={() => setView({ beside: "-" })}
          >
            {t.playground.compare}
          </Button>
        )}
      </div>
      <Failure error={list.error} again={() => void list.refetch()} />
      <div className={own.playground}>
        <div className={css.stack}>
          <div className={own.columns}>
            {columns.map((one, index) => (
              <Column
                key={one.label}
                label={one.label}
                model={one.model}
                models={models}
                conversation={one.conversation}
                onModel={(name) => setView(index === 0 ? { model: name } : { beside: name || "-" })}
                onAgain={() => settings && one.conversation.again(key, one.model, settings)}
                onGoOn={() => settings && one.conversation.ask(key, one.model, settings)}
                {...(index === 1
                  ? {
                      onClose: () => {
                        second.clear();
                        setView({ beside: "" });
                      },
                    }
                  : {})}
              />
            ))}
          </div>
          <Composer
            canSend={settings !== null && asking.length > 0}
            isRunning={isRunning}
            onStop={stop}
            onSend={(asked) => {
              if (!settings) return;
              for (const one of asking) {
                one.conversation.ask(key, one.model, settings, asked);
              }
            }}
          />
        </div>
        <SettingsCard draft={draft} onChange={setDraft} />
      </div>
      {showsCode && settings && (
        <CodeDialog
          model={model}
          settings={settings}
          turns={questionsOf(first.turns)}
          onClose={() => setShowsCode(false)}
        />
      )}
    </Page>
  );
}

/** Up to the last question; what a program would be answered, it hears for itself. */
const questionsOf = (turns: Turn[]): Turn[] => {
  const last = turns.findLastIndex((turn) => turn.role === "user");
  if (last < 0) return [{ role: "user", text: t.playground.placeholder, pictures: [] }];
  return turns.slice(0, last + 1);
};
