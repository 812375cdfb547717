import { Tabs } from "@mantine/core";
import { apiUrl } from "../../api/base";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import { Dialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { bodyOf, type Settings, type Turn } from "./chat";
import { codeOf } from "./code";

/** What was asked here, as a program asks it. */
export function CodeDialog(props: {
  model: string;
  settings: Settings;
  turns: Turn[];
  onClose: () => void;
}) {
  const shown = codeOf(apiUrl(), bodyOf(props.model, props.settings, props.turns));
  return (
    <Dialog title={t.playground.codeTitle} size="46rem" onClose={props.onClose}>
      <div className={css.stack}>
        <p className={css.note}>{t.playground.codeHelp}</p>
        <Tabs defaultValue="curl">
          <Tabs.List>
            {shown.map((one) => (
              <Tabs.Tab key={one.id} value={one.id}>
                {one.label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {shown.map((one) => (
            <Tabs.Panel key={one.id} value={one.id} pt="sm">
              <Code text={one.text} what={t.playground.codeOf(one.label)} />
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </Dialog>
  );
}
