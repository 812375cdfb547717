import { Button, Divider } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { goOn, readState, redeemWith, ssoAddress } from "../../api/auth";
import { BASE } from "../../api/base";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { isSsoCode, pageNow, ssoErrorOf } from "./sso_error";

const useProviders = () =>
  useQuery({ queryKey: ["auth-state"], queryFn: readState }).data?.providers ?? [];

/** What a way through an identity provider came back with, said once. */
export function SsoFailure() {
  const [failed] = useState(() => ssoErrorOf(location.search));
  useEffect(() => {
    if (failed) history.replaceState(history.state, "", location.pathname);
  }, [failed]);
  if (!failed) return null;
  const words = isSsoCode(failed.code) ? t.sso.errors[failed.code] : t.sso.failed;
  return (
    <div role="alert" className={css.failure}>
      <strong>{words[0]}</strong>
      <small>{words[1]}</small>
      {failed.request && <small>{t.errors.request(failed.request)}</small>}
    </div>
  );
}

/** The ways to sign in beside a password. */
export function SsoButtons() {
  const providers = useProviders();
  if (providers.length === 0) return null;
  return (
    <>
      <Divider label={t.sso.or} my="lg" />
      <div className={css.stack}>
        {providers.map(({ name, label }) => (
          <Button
            key={name}
            component="a"
            href={ssoAddress(name, pageNow(location, BASE))}
            variant="default"
            fullWidth
          >
            {t.sso.continueWith(label)}
          </Button>
        ))}
      </div>
    </>
  );
}

/** The same, of somebody who was invited. */
export function SsoRedeem(props: { token: string }) {
  const providers = useProviders();
  const redeem = useMutation({
    mutationFn: (provider: string) => redeemWith(provider, props.token),
    onSuccess: goOn,
  });
  if (providers.length === 0) return null;
  return (
    <>
      <Divider label={t.sso.or} my="lg" />
      <div className={css.stack}>
        <Failure error={redeem.error} />
        {providers.map(({ name, label }) => (
          <Button
            key={name}
            variant="default"
            fullWidth
            loading={redeem.isPending && redeem.variables === name}
            onClick={() => redeem.mutate(name)}
          >
            {t.sso.continueWith(label)}
          </Button>
        ))}
      </div>
    </>
  );
}
