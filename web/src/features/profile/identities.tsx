import { Button, Group } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  goOn,
  linkWith,
  listIdentities,
  readState,
  unlinkIdentity,
  type OwnIdentity,
  type SsoProvider,
} from "../../api/auth";
import type { Schema } from "../../api/client";
import { secondFactor } from "../../api/passkeys";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { Async } from "../../ui/async";
import { Moment } from "../../ui/bits";
import { DataTable } from "../../ui/data_table";
import { FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { Card } from "../../ui/page";
import { OwnCode, OwnPassword } from "../../ui/proof_fields";
import { toast } from "../../ui/toast";
import { SsoFailure } from "../sign_in/sso";

/** Who one is at the identity providers of this gateway. */
export function Identities() {
  const identities = useQuery({ queryKey: ["own-identities"], queryFn: listIdentities });
  const state = useQuery({ queryKey: ["auth-state"], queryFn: readState });
  const [linking, setLinking] = useState<SsoProvider | null>(null);
  const [unlinking, setUnlinking] = useState<OwnIdentity | null>(null);
  const providers = state.data?.providers ?? [];
  if (providers.length === 0 && !identities.data?.data.length) return null;
  return (
    <Card title={t.sso.linked} flush>
      <SsoFailure />
      <Async query={identities}>
        {({ data, has_password }) => {
          const isLast = data.length === 1 && !has_password;
          return (
            <>
              {data.length === 0 && <p className={css.note}>{t.sso.none}</p>}
              {data.length > 0 && (
                <DataTable
                  label={t.sso.linked}
                  rows={data}
                  id={(one) => one.id}
                  columns={[
                    { head: t.sso.provider, cell: (one) => one.label },
                    { head: t.signIn.email, cell: (one) => one.email ?? "–" },
                    { head: t.profile.since, cell: (one) => <Moment at={one.created_at} /> },
                    {
                      head: t.ui.actions,
                      bare: true,
                      right: true,
                      cell: (one) =>
                        isLast ? (
                          <small className={css.note}>{t.sso.last}</small>
                        ) : (
                          <Button
                            variant="default"
                            size="compact-sm"
                            onClick={() => setUnlinking(one)}
                          >
                            {t.sso.unlink}
                          </Button>
                        ),
                    },
                  ]}
                />
              )}
              <Group p="md">
                {providers.map((provider) => (
                  <Button
                    key={provider.name}
                    variant="default"
                    onClick={() => setLinking(provider)}
                  >
                    {t.sso.link(provider.label)}
                  </Button>
                ))}
              </Group>
              {linking && (
                <Prove
                  title={t.sso.link(linking.label)}
                  text={t.sso.linkText}
                  action={t.sso.linkAction}
                  hasPassword={has_password}
                  run={async (proof) => goOn(await linkWith(linking.name, proof))}
                  onClose={() => setLinking(null)}
                />
              )}
              {unlinking && (
                <Unlink
                  identity={unlinking}
                  hasPassword={has_password}
                  onClose={() => setUnlinking(null)}
                />
              )}
            </>
          );
        }}
      </Async>
    </Card>
  );
}

function Unlink(props: { identity: OwnIdentity; hasPassword: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  return (
    <Prove
      title={t.sso.unlinkTitle(props.identity.label)}
      text={t.sso.unlinkText}
      action={t.sso.unlink}
      hasPassword={props.hasPassword}
      run={async (proof) => {
        await unlinkIdentity(props.identity.id, proof);
        toast(t.sso.unlinked);
        props.onClose();
        await queries.invalidateQueries({ queryKey: ["own-identities"] });
      }}
      onClose={props.onClose}
    />
  );
}

type Proof = Schema["OwnProof"];

/** Whoever changes how one signs in shows the password that one has. */
function Prove(props: {
  title: string;
  text: string;
  action: string;
  hasPassword: boolean;
  run: (proof: Proof) => Promise<void>;
  onClose: () => void;
}) {
  const { session } = useHere();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { passkeys } = session.user;
  const asksCode = props.hasPassword && session.user.has_second_factor;
  const change = useMutation({
    mutationFn: async () =>
      props.run({
        ...(props.hasPassword ? { password } : {}),
        ...(asksCode ? await secondFactor(code, passkeys) : {}),
      }),
  });
  return (
    <FormDialog
      title={props.title}
      action={props.action}
      change={change}
      onSubmit={() => change.mutate()}
      onClose={props.onClose}
    >
      <div>{props.text}</div>
      {props.hasPassword && <OwnPassword value={password} onChange={setPassword} focus />}
      {asksCode && <OwnCode value={code} onChange={setCode} orPasskey={passkeys > 0} />}
    </FormDialog>
  );
}
