import { Button, Menu } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { useHere } from "../../app/session";
import { usd } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment, Mono, State } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { NameDialog } from "../../ui/name_dialog";
import { Card, Page } from "../../ui/page";
import { RowMenu } from "../../ui/row_menu";
import { toast } from "../../ui/toast";
import { useChange } from "../../ui/use_change";
import { CloseTeam } from "../team/close";
import { AddCredit } from "./credit";
import { EditTeam } from "./edit";

export type Team = Schema["Account"];

const PAGE = 100;

const createTeam = (name: string) => ok(api.POST("/v1/admin/teams", { body: { name } }));

/** What is left of each team's balance; of the first hundred. */
const useBalances = () =>
  useQuery({
    queryKey: ["credits"],
    queryFn: async () => {
      const list = await ok(api.GET("/v1/admin/credits", { params: { query: { limit: PAGE } } }));
      return new Map(list.data.map((row) => [row.team.id, row]));
    },
  });

export function TeamsPage() {
  const { setTeam } = useHere();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const [crediting, setCrediting] = useState<Team | null>(null);
  const [closing, setClosing] = useState<Team | null>(null);
  const [editing, setEditing] = useState<Team | null>(null);
  const balances = useBalances();
  const create = useChange(createTeam, { said: t.ui.saved, then: () => setCreating(false) });
  const teams = useInfiniteQuery({
    queryKey: ["teams"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/v1/admin/teams", {
          params: { query: { limit: PAGE, ...(pageParam ? { after: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.next : null),
  });
  const open = (team: Team) => {
    setTeam(team);
    toast(t.teams.opened(team.name));
    void navigate({ to: "/" });
  };
  return (
    <Page
      title={t.nav.teams}
      lead={t.teams.lead}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          {t.teams.create}
        </Button>
      }
    >
      <Card flush>
        <Async query={teams}>
          {({ pages }) => (
            <DataTable
              label={t.nav.teams}
              rows={pages.flatMap((page) => page.data)}
              id={(team) => team.id}
              columns={[
                {
                  head: t.keys.name,
                  cell: (team) => (
                    <span>
                      {team.name}
                      <br />
                      <span className={css.note}>
                        <Mono>{team.id}</Mono>
                      </span>
                    </span>
                  ),
                },
                {
                  head: t.keys.state,
                  cell: (team) => (
                    <State tone={team.state === "active" ? "good" : "bad"}>
                      {t.team.states[team.state] ?? team.state}
                    </State>
                  ),
                },
                { head: t.team.plan, cell: (team) => team.plan.name },
                {
                  head: t.teams.balance,
                  right: true,
                  cell: (team) => {
                    const row = balances.data?.get(team.id);
                    return row ? usd(row.balance_usd) : "–";
                  },
                },
                { head: t.keys.created, cell: (team) => <Moment at={team.created_at} /> },
                {
                  head: t.ui.actions,
                  bare: true,
                  right: true,
                  cell: (team) => (
                    <span className={css.rowEnd}>
                      <Button
                        variant="default"
                        size="compact-sm"
                        aria-label={t.teams.openOf(team.name)}
                        onClick={() => open(team)}
                      >
                        {t.teams.open}
                      </Button>
                      <RowMenu label={t.teams.actionsOf(team.name)}>
                        <Menu.Item onClick={() => setEditing(team)}>{t.ui.edit}</Menu.Item>
                        <Menu.Item onClick={() => setCrediting(team)}>{t.teams.credit}</Menu.Item>
                        {team.state !== "closed" && (
                          <Menu.Item color="var(--kw-bad)" onClick={() => setClosing(team)}>
                            {t.teams.closeOf}
                          </Menu.Item>
                        )}
                      </RowMenu>
                    </span>
                  ),
                },
              ]}
              foot={
                teams.hasNextPage && (
                  <Button
                    variant="default"
                    loading={teams.isFetchingNextPage}
                    onClick={() => void teams.fetchNextPage()}
                  >
                    {t.ui.loadMore}
                  </Button>
                )
              }
            />
          )}
        </Async>
      </Card>
      {editing && <EditTeam of={editing} onClose={() => setEditing(null)} />}
      {creating && (
        <NameDialog
          title={t.teams.create}
          change={create}
          onSave={(name) => create.mutate(name)}
          onClose={() => setCreating(false)}
        />
      )}
      {closing && <CloseTeam whose="any" team={closing} onClose={() => setClosing(null)} />}
      {crediting && <AddCredit to={crediting} onClose={() => setCrediting(null)} />}
    </Page>
  );
}
