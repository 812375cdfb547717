import { Autocomplete, Button, NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schema } from "../../api/client";
import { t } from "../../text/en";
import { Failure } from "../../ui/async";
import css from "../../ui/layout.module.css";
import { Card, Page } from "../../ui/page";
import { useView } from "../../ui/view";
import { useModels } from "../keys/api";
import { KeySelect } from "../keys/key_select";
import { Verdict } from "./verdict";

const USUAL = { key: "", model: "", endpoint: "", ip: "" };

const ask = (body: Schema["ExplainQuestion"]) => ok(api.POST("/v1/account/explain", { body }));

/** Would this call pass? Nothing is sent and nothing is counted. */
export function ExplainPage() {
  const [view, setView] = useView(USUAL);
  const [tokensOut, setTokensOut] = useState<number | "">("");
  const [tools, setTools] = useState<string[]>([]);
  const models = useModels();
  const answer = useMutation({ mutationFn: ask });
  return (
    <Page title={t.nav.explain} lead={t.explain.lead}>
      <Card>
        <form
          className={css.stack}
          onSubmit={(event) => {
            event.preventDefault();
            answer.mutate({
              key: view.key,
              ...(view.model ? { model: view.model } : {}),
              ...(view.endpoint ? { endpoint: view.endpoint } : {}),
              ...(view.ip ? { ip: view.ip } : {}),
              ...(tools.length > 0 ? { tools } : {}),
              ...(tokensOut === "" ? {} : { tokens_out: tokensOut }),
            });
          }}
        >
          <div className={css.fields}>
            <KeySelect
              label={t.usage.dimensions.key}
              placeholder={t.explain.whichKey}
              value={view.key}
              onChange={(key) => setView({ key })}
              required
            />
            <Autocomplete
              label={t.usage.dimensions.model}
              placeholder={t.explain.optional}
              data={[...new Set(models.data?.data.map((model) => model.model))]}
              value={view.model}
              onChange={(model) => setView({ model })}
            />
            <Autocomplete
              label={t.explain.endpoint}
              placeholder="/v1/chat/completions"
              data={ENDPOINTS}
              value={view.endpoint}
              onChange={(endpoint) => setView({ endpoint })}
            />
            <TextInput
              label={t.explain.address}
              placeholder={t.explain.optional}
              value={view.ip}
              onChange={(event) => setView({ ip: event.currentTarget.value })}
            />
            <NumberInput
              label={t.explain.tokensOut}
              placeholder={t.explain.optional}
              value={tokensOut}
              onChange={(next) => setTokensOut(typeof next === "number" ? next : "")}
              min={0}
              allowDecimal={false}
              hideControls
            />
            <TagsInput
              label={t.explain.tools}
              placeholder={tools.length === 0 ? t.explain.optional : undefined}
              value={tools}
              onChange={setTools}
              acceptValueOnBlur
            />
          </div>
          <div>
            <Button type="submit" loading={answer.isPending} disabled={!view.key}>
              {t.explain.ask}
            </Button>
          </div>
        </form>
      </Card>
      <Failure error={answer.error} />
      {answer.data && <Verdict of={answer.data} />}
    </Page>
  );
}

const ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/images/generations",
  "/v1/audio/speech",
];
