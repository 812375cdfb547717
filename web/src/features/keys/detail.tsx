import { Button, Menu } from "@mantine/core";
import { IconDots, IconMessages, IconPencil, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono } from "../../ui/bits";
import css from "../../ui/layout.module.css";
import { LinkButton } from "../../ui/link_button";
import { Card, Facts, Page } from "../../ui/page";
import { useId } from "../../ui/view";
import { useChange } from "../../ui/use_change";
import { disableKey, enableKey, releaseKey, useApps, useKey, useMembers, type Key } from "./api";
import { EditKey } from "./edit";
import { Holds } from "./holds";
import { KeyUsage } from "./key_usage";
import { isOver, KeyStateBadge, Notices } from "./parts";
import { RevokeKey } from "./revoke";
import { RotateKey } from "./rotate";
import { KeyRules } from "./rules";
import { Secrets } from "./secrets";

export function KeyPage() {
  return <Async query={useKey(useId())}>{(key) => <Details of={key} />}</Async>;
}

function Details(props: { of: Key }) {
  const key = props.of;
  const apps = useApps();
  const members = useMembers();
  const name = (user: string | null) =>
    members.data?.find((member) => member.user === user)?.name ?? user ?? "";
  return (
    <Page
      title={key.name}
      lead={
        <span className={css.row}>
          <KeyStateBadge state={key.status} />
          <Mono>{key.display}</Mono>
          <Notices of={key} />
        </span>
      }
      actions={
        <>
          <Try of={key} />
          <Actions of={key} />
        </>
      }
    >
      <div className={css.halves}>
        <Card title={t.keys.about}>
          <Facts
            rows={[
              ...(key.description
                ? [[t.keys.description, key.description] as [string, string]]
                : []),
              [t.keys.id, <Mono key="id">{key.id}</Mono>],
              [t.keys.kind, t.keys.kinds[key.kind]],
              [t.keys.owner, key.user ? name(key.user) : t.keys.ofTheTeam],
              [t.keys.createdBy, <By key="by" id={key.created_by} name={name(key.created_by)} />],
              [t.keys.app, apps.data?.find((app) => app.id === key.app)?.name ?? t.keys.noApp],
              [t.keys.created, <Moment key="created" at={key.created_at} />],
              [t.keys.expires, <Moment key="expires" at={key.expires_at} />],
              [t.keys.lastUse, <Moment key="used" at={key.last_used_at} />],
              [t.keys.rotateEvery, <Moment key="due" at={key.rotation_due_at} />],
              ...(key.tool_selection && key.tool_selection.mode !== "off"
                ? [
                    [t.policy.selection, t.policy.selectionModes[key.tool_selection.mode]] as [
                      string,
                      string,
                    ],
                  ]
                : []),
              ...(key.tags.length > 0
                ? [[t.keys.tags, key.tags.join(", ")] as [string, string]]
                : []),
            ]}
          />
        </Card>
        <KeyUsage id={key.id} />
      </div>
      <Secrets of={key} />
      <Holds of={key} />
    </Page>
  );
}

const By = (props: { id: string; name: string }) =>
  props.id.startsWith("key_") ? (
    <Link to="/keys/$id" params={{ id: props.id }}>
      {props.id}
    </Link>
  ) : (
    <>{props.name}</>
  );

function Try(props: { of: Key }) {
  const may = useMay();
  const { id, kind, status, user } = props.of;
  if (status !== "active" || kind === "management" || !may("playground", user)) return null;
  return (
    <LinkButton
      to="/playground"
      search={{ key: id }}
      variant="default"
      leftSection={<IconMessages size={16} />}
    >
      {t.keys.tryIt}
    </LinkButton>
  );
}

type Dialog = "edit" | "rules" | "rotate" | "revoke" | null;

function Actions(props: { of: Key }) {
  const key = props.of;
  const [dialog, setDialog] = useState<Dialog>(null);
  const may = useMay();
  const disable = useChange(disableKey, { said: t.keys.disabledNow });
  const enable = useChange(enableKey, { said: t.keys.enabledNow });
  const release = useChange(releaseKey, { said: t.keys.releasedNow });
  if (isOver(key) || !may("keys.write", key.user ?? key.created_by)) return null;
  const close = () => setDialog(null);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPencil size={16} />}
        onClick={() => setDialog("edit")}
      >
        {t.keys.edit}
      </Button>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} />}
        onClick={() => setDialog("rotate")}
      >
        {t.keys.rotate}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" px="xs" aria-label={t.keys.more}>
            <IconDots size={18} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog("rules")}>{t.keys.rules}</Menu.Item>
          {key.status === "disabled" ? (
            <Menu.Item onClick={() => enable.mutate(key.id)}>{t.keys.enable}</Menu.Item>
          ) : (
            <Menu.Item onClick={() => disable.mutate(key.id)}>{t.keys.disable}</Menu.Item>
          )}
          {key.status === "quarantined" && may("keys.write") && (
            <Menu.Item onClick={() => release.mutate(key.id)}>{t.keys.release}</Menu.Item>
          )}
          <Menu.Item color="var(--kw-bad)" onClick={() => setDialog("revoke")}>
            {t.keys.revoke}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "edit" && <EditKey of={key} onClose={close} />}
      {dialog === "rules" && <KeyRules of={key} onClose={close} />}
      {dialog === "rotate" && <RotateKey of={key} onClose={close} />}
      {dialog === "revoke" && <RevokeKey of={key} onClose={close} />}
    </>
  );
}
