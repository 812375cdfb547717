import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono, State } from "../../ui/bits";
import { Confirm } from "../../ui/confirm";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Page } from "../../ui/page";
import { RowMenu } from "../../ui/row_menu";
import { useChange } from "../../ui/use_change";
import { ResetLink } from "./reset_link";

export type User = Schema["User"];

const PAGE = 100;

const changeUser = (asked: { id: string; is_disabled: boolean }) =>
  ok(
    api.PATCH("/v1/admin/users/{id}", {
      params: { path: { id: asked.id } },
      body: { is_disabled: asked.is_disabled },
    }),
  );

export function UsersPage() {
  const users = useInfiniteQuery({
    queryKey: ["users"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/v1/admin/users", {
          params: { query: { limit: PAGE, ...(pageParam ? { after: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.next : null),
  });
  return (
    <Page title={t.nav.users} lead={t.users.lead}>
      <Card flush>
        <Async query={users}>
          {({ pages }) => (
            <DataTable
              label={t.nav.users}
              rows={pages.flatMap((page) => page.data)}
              id={(user) => user.id}
              columns={[
                {
                  head: t.keys.name,
                  cell: (user) => (
                    <span>
                      {user.name}
                      <br />
                      <span className={css.note}>{user.email}</span>
                    </span>
                  ),
                },
                { head: t.keys.id, cell: (user) => <Mono>{user.id}</Mono> },
                {
                  head: t.keys.state,
                  cell: (user) => (
                    <span className={css.row}>
                      {user.is_operator && <State tone="good">{t.profile.operator}</State>}
                      {user.is_disabled && <State tone="bad">{t.users.disabled}</State>}
                    </span>
                  ),
                },
                { head: t.keys.created, cell: (user) => <Moment at={user.created_at} /> },
                {
                  head: t.ui.actions,
                  bare: true,
                  right: true,
                  cell: (user) => <Actions of={user} />,
                },
              ]}
              foot={
                users.hasNextPage && (
                  <Button
                    variant="default"
                    loading={users.isFetchingNextPage}
                    onClick={() => void users.fetchNextPage()}
                  >
                    {t.ui.loadMore}
                  </Button>
                )
              }
            />
          )}
        </Async>
      </Card>
    </Page>
  );
}

function Actions(props: { of: User }) {
  const user = props.of;
  const { session } = useHere();
  const [dialog, setDialog] = useState<"disable" | "reset" | null>(null);
  const close = () => setDialog(null);
  const disable = useChange(changeUser, { said: t.users.disabledNow, then: close });
  const enable = useChange(changeUser, { said: t.keys.enabledNow });
  return (
    <>
      <RowMenu label={t.users.actionsOf(user.name)}>
        {user.email && <Menu.Item onClick={() => setDialog("reset")}>{t.users.reset}</Menu.Item>}
        {user.is_disabled ? (
          <Menu.Item onClick={() => enable.mutate({ id: user.id, is_disabled: false })}>
            {t.users.enable}
          </Menu.Item>
        ) : (
          <Menu.Item
            color="var(--kw-bad)"
            disabled={user.id === session.user.id}
            onClick={() => setDialog("disable")}
          >
            {t.users.disable}
          </Menu.Item>
        )}
      </RowMenu>
      {dialog === "reset" && <ResetLink of={user} onClose={close} />}
      {dialog === "disable" && (
        <Confirm
          title={t.users.disableTitle(user.name)}
          action={t.users.disable}
          danger
          change={disable}
          onConfirm={() => disable.mutate({ id: user.id, is_disabled: true })}
          onClose={close}
        >
          {t.users.disableText}
        </Confirm>
      )}
    </>
  );
}
