"""Azure OpenAI, and providers that take OpenAI's dialect otherwise: what reaches an imposter of theirs."""
import json

import httpx
import openai
import pytest

from imposter import PROVIDER_KEY, USAGE, answer_chat, answer_embeddings, chunk

HELLO = [{"role": "user", "content": "Hello"}]
DEPLOYMENT = "gpt-4o"


@pytest.fixture
def azure(imposter):
    """An imposter that has no other path, key, or body than Azure takes."""
    known = {"/openai/v1/chat/completions": answer_chat, "/openai/v1/embeddings": answer_embeddings,
             f"/openai/deployments/{DEPLOYMENT}/chat/completions?api-version=2024-10-21": answer_chat,
             f"/openai/deployments/{DEPLOYMENT}/embeddings?api-version=2024-10-21": answer_embeddings}

    async def behave(call, link):
        if call.header("api-key") != PROVIDER_KEY or call.header("authorization") is not None:
            body = {"error": {"code": "401", "message": "Access denied due to invalid subscription key "
                              "or wrong API endpoint."}}
            await link.answer(401, body)
        elif call.path not in known:
            await link.answer(404, {"error": {"code": "404", "message": "Resource not found"}})
        else:
            await known[call.path](call, link)

    imposter.behave = behave
    return imposter


def block(name, *lines, models=(DEPLOYMENT,), variable="IMPOSTER_API_KEY") -> str:
    credential = [f'api_key_env = "{variable}"'] if variable else []
    return "\n".join(["[[provider]]", f'name = "{name}"', *credential, *lines,
                      f"models = {json.dumps(list(models))}", ""])


def address(imposter, path="") -> str:
    return f'base_url = "http://127.0.0.1:{imposter.port}{path}"'


def ask(gateway, **options):
    return openai.OpenAI(api_key=gateway.key, base_url=gateway.base_url, max_retries=0, timeout=20,
                         **options)


def test_the_v1_api_gets_the_deployment_in_the_body_and_the_key_as_azure_wants_it(start, azure):
    gateway = start(block("azure", address(azure)))
    with ask(gateway) as client:
        answer = client.chat.completions.create(model="azure/gpt-4o", messages=HELLO)
        assert answer.choices[0].message.content == "Hello, world"
        assert client.embeddings.create(model="azure/gpt-4o", input="a").data
    assert [call.path for call in azure.calls] == ["/openai/v1/chat/completions", "/openai/v1/embeddings"]
    assert azure.calls[0].json() == {"messages": HELLO, "model": DEPLOYMENT}


def test_a_dated_version_names_the_deployment_in_the_path(start, azure):
    gateway = start(block("my-azure", 'kind = "azure"', 'api_version = "2024-10-21"',
                          address(azure), models=[DEPLOYMENT, "not-there"]))
    with ask(gateway) as client:
        answer = client.chat.completions.create(model="my-azure/gpt-4o", messages=HELLO)
        assert answer.usage.total_tokens == USAGE["total_tokens"]
        chunks = list(client.chat.completions.create(model="my-azure/gpt-4o", messages=HELLO, stream=True))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello, world"
        assert client.embeddings.create(model="my-azure/gpt-4o", input="a").data
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="my-azure/not-there", messages=HELLO)
    assert azure.calls[0].path == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert azure.calls[1].json()["stream_options"] == {"include_usage": True}
    assert azure.calls[-1].path == "/openai/deployments/not-there/chat/completions?api-version=2024-10-21"


def test_a_key_in_azures_field_and_its_query_are_read_and_not_passed_on(start, azure):
    gateway = start(block("azure", address(azure, "/openai/v1")))
    sent = httpx.post(f"{gateway.base_url}/chat/completions?api-version=2024-10-21", timeout=20,
                      headers={"api-key": gateway.key},
                      json={"model": "azure/gpt-4o", "messages": HELLO})
    assert sent.status_code == 200, sent.text
    assert azure.last().path == "/openai/v1/chat/completions"
    assert azure.last().header("api-key") == PROVIDER_KEY


def test_a_teams_own_key_goes_out_in_azures_field(start, azure):
    gateway = start(block("azure", address(azure)))
    own = "canary-azure-team-key-0000000000000000"

    async def accept(call, link):
        await answer_chat(call, link)

    azure.behave = accept
    added = gateway.cli("providers", "add", "azure", stdin=own + "\n")
    assert added.returncode == 0, added.stderr
    with ask(gateway) as client:
        client.chat.completions.create(model="azure/gpt-4o", messages=HELLO)
    assert azure.last().header("api-key") == own
    assert azure.last().header("authorization") is None


def test_a_key_that_azure_refuses_is_the_gateways_trouble(start, azure):
    gateway = start(block("azure", address(azure)), env={"IMPOSTER_API_KEY": "wrong-key"})
    with ask(gateway) as client, pytest.raises(openai.InternalServerError) as refused:
        client.chat.completions.create(model="azure/gpt-4o", messages=HELLO)
    assert refused.value.code == "provider_credentials_rejected"


ROLES = [{"role": "developer", "content": "Be brief: \"role\":\"developer\""}, *HELLO]


@pytest.mark.parametrize(("kind", "variable", "wanted"), [
    ("mistral", "MISTRAL_API_KEY", {"messages": ROLES, "max_tokens": 9, "stream": True}),
    ("cohere", "CO_API_KEY", {"messages": ROLES, "max_completion_tokens": 9, "stream": True}),
    ("deepseek", "DEEPSEEK_API_KEY", {"messages": [ROLES[0] | {"role": "system"}, *HELLO], "max_tokens": 9, "stream": True,
                  "stream_options": {"include_usage": True}}),
    ("groq", "GROQ_API_KEY", {"messages": ROLES, "max_completion_tokens": 9, "stream": True,
              "stream_options": {"include_usage": True}}),
])
def test_what_a_kind_does_not_take_is_said_as_it_does(start, imposter, kind, variable, wanted):
    async def behave(call, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        await link.event(chunk("", "stop") | {"usage": USAGE})
        await link.event("[DONE]")
        await link.end_stream()

    lines = (f'kind = "{kind}"', address(imposter, "/v1"))
    gateway = start(block("house", *lines, models=["m"], variable=None),
                    env={variable: "not-a-real-key"})
    imposter.behave = behave
    with ask(gateway) as client:
        list(client.chat.completions.create(model="house/m", messages=ROLES, stream=True,
                                            max_completion_tokens=9,
                                            stream_options={"include_usage": True}))
    assert imposter.last().json() == wanted | {"model": "m"}
    assert imposter.last().header("authorization") == "Bearer not-a-real-key"


def test_rerank_goes_where_cohere_has_it(start, imposter):
    async def behave(call, link):
        await link.answer(200, {"results": [{"index": 0, "relevance_score": 0.5}]})

    gateway = start(block("cohere", address(imposter, "/compatibility/v1"), models=["rerank-v3.5"]))
    imposter.behave = behave
    answer = httpx.post(f"{gateway.base_url}/rerank", timeout=20,
                        headers={"Authorization": f"Bearer {gateway.key}"},
                        json={"model": "cohere/rerank-v3.5", "query": "a", "documents": ["a"]})
    assert answer.status_code == 200, answer.text
    assert imposter.last().path == "/v1/rerank"
