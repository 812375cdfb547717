import { t } from "../../text/en";
import { Moment, Mono, State } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import type { Key } from "./api";

/** Each secret of a key: whether it works, since when and until when, and who uses it. */
export function Secrets(props: { of: Key }) {
  return (
    <Card title={t.keys.secrets} flush>
      <DataTable
        label={t.keys.secrets}
        rows={props.of.secrets}
        id={(secret) => secret.id}
        columns={[
          { head: t.keys.secret, cell: (secret) => <Mono>{secret.display}</Mono> },
          {
            head: t.keys.state,
            cell: (secret) =>
              secret.live ? (
                <State tone={secret.deprecated_at ? "warn" : "good"}>
                  {secret.deprecated_at ? t.keys.secretOld : t.keys.secretLive}
                </State>
              ) : (
                <State tone="idle">{t.keys.secretEnded}</State>
              ),
          },
          { head: t.keys.created, cell: (secret) => <Moment at={secret.created_at} /> },
          { head: t.keys.lastUse, cell: (secret) => <Moment at={secret.last_used_at} /> },
          {
            head: t.keys.endsAt,
            cell: (secret) => <Moment at={secret.ends_at} never={t.keys.noEnd} />,
          },
          {
            head: t.keys.usedFrom,
            cell: (secret) =>
              secret.networks.length === 0 ? (
                <span className={css.note}>{t.keys.nowhere}</span>
              ) : (
                <span>
                  {secret.networks.map((one) => (
                    <span key={one.network} className={css.seen}>
                      <Mono>{one.network}</Mono> <Moment at={one.last_used_at} />
                    </span>
                  ))}
                </span>
              ),
          },
        ]}
      />
    </Card>
  );
}
