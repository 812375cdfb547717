import { Button } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { count } from "../../format/numbers";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { DataTable } from "../../ui/data_table";
import css from "../../ui/layout.module.css";
import { Card, Page } from "../../ui/page";
import { PolicyDialog } from "../policy/dialog";
import { LimitsView, PolicyView } from "../policy/view";
import { changeInstance, useInstance, usePlans, type Plan } from "./api";
import { EditPlan } from "./edit";

/** What teams on a plan may do, and what holds where no plan says anything. */
export function PlansPage() {
  const plans = usePlans();
  const [editing, setEditing] = useState<Plan | "new" | null>(null);
  const close = () => setEditing(null);
  return (
    <Page
      title={t.nav.plans}
      lead={t.plans.lead}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setEditing("new")}>
          {t.plans.create}
        </Button>
      }
    >
      <Card flush>
        <Async query={plans}>
          {(rows) => (
            <DataTable
              label={t.nav.plans}
              rows={rows}
              id={(plan) => plan.id}
              columns={[
                { head: t.keys.name, cell: (plan) => <strong>{plan.name}</strong> },
                { head: t.plans.keysMax, right: true, cell: (plan) => cap(plan.active_keys_max) },
                {
                  head: t.plans.creationsMax,
                  right: true,
                  cell: (plan) => cap(plan.creations_per_hour_max),
                },
                {
                  head: t.plans.defaults,
                  cell: (plan) => <LimitsView of={plan.key_defaults} />,
                },
                { head: t.plans.policy, cell: (plan) => <PolicyView of={plan.policy} /> },
                {
                  head: t.ui.actions,
                  bare: true,
                  right: true,
                  cell: (plan) => (
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={t.plans.editTitle(plan.name)}
                      onClick={() => setEditing(plan)}
                    >
                      {t.ui.edit}
                    </Button>
                  ),
                },
              ]}
            />
          )}
        </Async>
      </Card>
      <Instance />
      {editing && <EditPlan {...(editing === "new" ? {} : { of: editing })} onClose={close} />}
    </Page>
  );
}

const cap = (value: number | null | undefined) =>
  value ? count(value) : <span className={css.note}>{t.plans.configured}</span>;

function Instance() {
  const instance = useInstance();
  const [editing, setEditing] = useState(false);
  const settings = instance.data;
  return (
    <Card
      title={t.plans.instance}
      actions={
        settings && (
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPencil size={14} />}
            onClick={() => setEditing(true)}
          >
            {t.plans.editInstance}
          </Button>
        )
      }
    >
      <p className={css.note}>{t.plans.instanceHelp}</p>
      <Async query={instance}>{({ policy }) => <PolicyView of={policy} />}</Async>
      {editing && settings && (
        <PolicyDialog
          title={t.plans.editInstance}
          help={t.plans.instanceHelp}
          of={settings.policy}
          withKinds
          save={(policy) => changeInstance(settings.version, { policy })}
          onClose={() => setEditing(false)}
        />
      )}
    </Card>
  );
}
