import { Autocomplete, Button, Group, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../../text/en";
import { Dialog, FormDialog } from "../../ui/dialog";
import css from "../../ui/layout.module.css";
import { useChange } from "../../ui/use_change";
import { useModels } from "../keys/api";
import { addCredential, changeCredential, testCredential, type Credential } from "./api";

/** A credential is tested as soon as it is set. One that fails stays: the answer says why. */
export function EditCredential(props: { of?: Credential; onClose: () => void }) {
  const { of } = props;
  const models = useModels();
  const known = [...new Set(models.data?.data.map((model) => model.provider))];
  const [provider, setProvider] = useState(of?.provider ?? "");
  const [name, setName] = useState(of?.name ?? "default");
  const [key, setKey] = useState("");
  const [weight, setWeight] = useState(of?.weight ?? 1);
  const save = useChange(async () => {
    if (!of) return addCredential({ provider, name, api_key: key, weight });
    const changed = await changeCredential(of, { name, weight, ...(key ? { api_key: key } : {}) });
    return key ? testCredential(changed.id) : changed;
  });
  const saved = save.data;
  const title = of ? t.providers.editTitle(of.provider) : t.providers.add;
  if (saved) {
    return (
      <Dialog title={title} onClose={props.onClose}>
        <div className={css.stack}>
          {saved.last_test && !saved.last_test.ok ? (
            <div role="alert" className={css.failure}>
              {t.providers.savedFails(saved.last_test.status)}
            </div>
          ) : (
            <div role="status" className={css.notice} data-tone="good">
              {saved.last_test ? t.providers.savedWorks : t.ui.saved}
            </div>
          )}
          <Group justify="flex-end">
            <Button onClick={props.onClose}>{t.ui.close}</Button>
          </Group>
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={title}
      action={t.providers.saveAndTest}
      change={save}
      onSubmit={() => save.mutate(undefined)}
      onClose={props.onClose}
    >
      {!of && (
        <Autocomplete
          label={t.providers.provider}
          description={t.providers.providerHelp}
          data={known}
          value={provider}
          onChange={setProvider}
          required
          data-autofocus
        />
      )}
      <PasswordInput
        label={t.providers.key}
        description={of ? t.providers.keyKept : t.providers.keyHelp}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        autoComplete="off"
        required={!of}
      />
      <div className={css.fields}>
        <TextInput
          label={t.keys.name}
          description={t.providers.nameHelp}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          pattern="[a-z0-9_.\-]{1,64}"
          required
        />
        <NumberInput
          label={t.providers.weight}
          description={t.providers.weightHelp}
          value={weight}
          onChange={(next) => setWeight(Number(next) || 1)}
          min={1}
          max={1000}
          allowDecimal={false}
        />
      </div>
    </FormDialog>
  );
}
