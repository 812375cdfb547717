import { Select } from "@mantine/core";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { FormDialog } from "../../ui/dialog";
import { NameField } from "../../ui/name_field";
import { useChange } from "../../ui/use_change";
import { usePlans } from "../plans/api";

type Team = Schema["Account"];
type OpenState = Exclude<Team["state"], "closed">;

/** A team's name, its plan, and whether its calls are let in at all. */
export function EditTeam(props: { of: Team; onClose: () => void }) {
  const { of } = props;
  const [name, setName] = useState(of.name);
  const [plan, setPlan] = useState(of.plan.id);
  // A team is closed elsewhere; any of these states opens it again.
  const [state, setState] = useState<OpenState | "">(of.state === "closed" ? "" : of.state);
  const plans = usePlans();
  const changes = {
    ...(name.trim() === of.name ? {} : { name: name.trim() }),
    ...(plan === of.plan.id ? {} : { plan }),
    ...(state === "" || state === of.state ? {} : { state }),
  };
  const save = useChange(
    () =>
      ok(
        api.PATCH("/v1/admin/teams/{id}", {
          params: { path: { id: of.id }, header: { "If-Match": `"${of.version}"` } },
          body: changes,
        }),
      ),
    { said: t.ui.saved, then: props.onClose },
  );
  const names = plans.data?.map((one) => ({ value: one.id, label: one.name }));
  return (
    <FormDialog
      title={t.teams.editTitle(of.name)}
      ready={name.trim() !== "" && Object.keys(changes).length > 0}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      <NameField value={name} onChange={setName} />
      <Select
        label={t.team.plan}
        data={names ?? [{ value: of.plan.id, label: of.plan.name }]}
        value={plan}
        onChange={(next) => setPlan(next ?? of.plan.id)}
        allowDeselect={false}
        searchable
      />
      <Select
        label={t.keys.state}
        description={t.teams.stateHelp}
        data={t.teams.stateChoices}
        placeholder={t.team.states.closed}
        value={state || null}
        onChange={(next) => setState((next ?? "") as OpenState | "")}
        allowDeselect={false}
      />
    </FormDialog>
  );
}
