import { Link } from "@tanstack/react-router";
import { apiUrl } from "../../api/base";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Code } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Card } from "../../ui/page";
import { useKeys } from "../keys/api";
import { snippets } from "../keys/snippets";

/** From nothing to a first answer. */
export function FirstSteps() {
  const may = useMay();
  const keys = useKeys();
  const hasKey = (keys.data?.rows.length ?? 0) > 0;
  const [first] = snippets(apiUrl(), "$KEYWARDEN_API_KEY", "sandbox");
  return (
    <Card title={t.firstSteps.title}>
      <ol className={css.numbered}>
        <li>
          <strong>{t.firstSteps.key}</strong>
          <p className={css.note}>{hasKey ? t.firstSteps.keyThere : t.firstSteps.keyHelp}</p>
          {may("keys.write") && (
            <LinkButton to="/keys" search={{ create: "1" }} size="xs">
              {t.keys.create}
            </LinkButton>
          )}
        </li>
        <li>
          <strong>{t.firstSteps.call}</strong>
          <p className={css.note}>{t.firstSteps.callHelp}</p>
          {first && <Code text={first.text} what={t.keys.snippet(first.label)} />}
          {may("playground") && <Link to="/playground">{t.firstSteps.play}</Link>}
        </li>
        <li>
          <strong>{t.firstSteps.provider}</strong>
          <p className={css.note}>{t.firstSteps.providerHelp}</p>
          {may("providers.write") && <Link to="/providers">{t.firstSteps.providerLink}</Link>}
        </li>
      </ol>
    </Card>
  );
}
