"""What users do with Anthropic's official clients works, and the provider gets what it should."""
import asyncio
import threading

import anthropic
import httpx
import pytest

import claude
from conftest import ROOMY, provider
from gateway import Gateway
from imposter import PROVIDER_KEY

MODEL = "claude-imposter-1"
HELLO = [{"role": "user", "content": "Say hello"}]
TOOLS = [{"name": "get_weather", "description": "The weather in a city", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


@pytest.fixture
def upstream(the_claude):
    the_claude.reset()
    the_claude.behave = claude.answer_as_anthropic
    return the_claude


@pytest.fixture(scope="module")
def gateway(the_claude, the_imposter, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("claude") / "data",
                      ROOMY + claude.provider(the_claude) + provider(the_imposter),
                      env={"CLAUDE_API_KEY": claude.CLAUDE_KEY, "IMPOSTER_API_KEY": PROVIDER_KEY})
    yield gateway
    assert gateway.stop() == 0, gateway.logged()


@pytest.fixture
def client(gateway):
    with anthropic.Anthropic(api_key=gateway.key, base_url=gateway.url, max_retries=0,
                             timeout=20) as made:
        yield made


def ask(client, **more):
    return client.messages.create(**{"model": MODEL, "max_tokens": 64, "messages": HELLO} | more)


@pytest.mark.parametrize("model", [MODEL, f"claude/{MODEL}", "quick"])
def test_a_message_is_answered_whatever_the_form_of_the_model_id(client, upstream, model):
    answer = ask(client, model=model)
    assert answer.content[0].text == "Hello, world"
    assert answer.usage.cache_read_input_tokens == 70
    assert upstream.last().json()["model"] == MODEL


def test_a_bearer_token_will_do_as_claude_code_sends_it(gateway, upstream):
    with anthropic.Anthropic(auth_token=gateway.key, api_key=None, base_url=gateway.url) as client:
        assert ask(client).content[0].text == "Hello, world"
    assert gateway.key.encode() not in upstream.last().head


def test_the_provider_gets_its_own_key_and_nothing_of_the_client(client, gateway, upstream):
    ask(client, extra_headers={"Cookie": "session=of-the-client", "X-Forwarded-For": "10.9.8.7"})
    call = upstream.last()
    assert call.header("x-api-key") == claude.CLAUDE_KEY
    assert gateway.key.encode() not in call.head + call.body
    for name in ("authorization", "cookie", "x-forwarded-for", "x-stainless-os", "openai-beta"):
        assert call.header(name) is None, name


def test_what_is_being_tried_out_reaches_the_provider(client, upstream):
    answer = client.beta.messages.create(model=MODEL, max_tokens=64, messages=HELLO,
                                         betas=["one-2026-01-01", "two-2026-01-01"])
    assert answer.content[0].text == "Hello, world"
    assert upstream.last().header("anthropic-beta") == "one-2026-01-01,two-2026-01-01"


def test_claude_codes_query_reaches_the_provider(gateway, upstream):
    answer = httpx.post(f"{gateway.url}/v1/messages?beta=true", json={
        "model": MODEL, "max_tokens": 64, "messages": HELLO}, headers={"x-api-key": gateway.key})
    assert answer.status_code == 200
    assert upstream.last().path == "/v1/messages?beta=true"
    assert upstream.last().header("anthropic-version") == "2023-06-01"


def test_a_body_passes_through_byte_for_byte_but_for_the_model(gateway, upstream):
    body = (b'{ "messages":[{"role":"user","content":[{"type":"text","text":"\\u00e9 \xc3\xa9",'
            b'"cache_control":{"type":"ephemeral"}}]}],\n\t"model" : "quick" , "max_tokens":64,'
            b'"thinking":{"type":"enabled","budget_tokens":32},"x_new":{"b":1,"a":[ ]} }')
    answer = httpx.post(f"{gateway.url}/v1/messages", content=body,
                        headers={"x-api-key": gateway.key, "content-type": "application/json"})
    assert answer.status_code == 200
    assert upstream.last().body == body.replace(b'"quick"', f'"{MODEL}"'.encode())


def test_a_stream_is_read_to_its_end(client):
    with client.messages.stream(model=MODEL, max_tokens=64, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == "Hello, world"
        final = stream.get_final_message()
    assert (final.usage.input_tokens, final.usage.output_tokens) == (10, 7)
    assert final.stop_reason == "end_turn"


def test_an_event_is_passed_on_before_the_next_one_exists(client, upstream):
    seen = threading.Event()

    async def wait_for_the_reader(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        await claude.event(link, claude.delta("first"))
        assert await asyncio.to_thread(seen.wait, 10)
        await claude.event(link, claude.delta("second"))
        await claude.event(link, {"type": "message_stop"})
        await link.send(b"0\r\n\r\n")

    upstream.behave = wait_for_the_reader
    texts = []
    for one in ask(client, stream=True):
        if one.type == "content_block_delta":
            texts.append(one.delta.text)
            seen.set()
    assert texts == ["first", "second"]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called(client, upstream, stream):
    if stream:
        with client.messages.stream(model=MODEL, max_tokens=64, messages=HELLO,
                                    tools=TOOLS) as events:
            answer = events.get_final_message()
    else:
        answer = ask(client, tools=TOOLS)
    assert answer.stop_reason == "tool_use"
    assert (answer.content[0].name, answer.content[0].input) == ("get_weather", {"city": "Oslo"})
    assert upstream.last().json()["tools"] == TOOLS


def test_tokens_are_counted_by_the_provider_and_cost_nothing(client, gateway):
    with httpx.Client(base_url=gateway.url,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        counted = client.messages.count_tokens(model=MODEL, messages=HELLO)
        assert counted.input_tokens == 14
        rows = http.get("/v1/account/requests", params={"limit": 50}).json()["data"]
    for row in rows:
        if row["endpoint"] == "/v1/messages/count_tokens":
            assert float(row["cost_usd"]) == 0


def test_models_are_listed_and_read_one_by_one(client):
    ids = [model.id for model in client.models.list()]
    assert {MODEL, "quick", "sandbox"} <= set(ids)
    one = client.models.retrieve(MODEL)
    assert (one.type, one.display_name) == ("model", MODEL)


def test_what_is_left_is_told_in_anthropics_headers(client):
    headers = client.messages.with_raw_response.create(
        model=MODEL, max_tokens=64, messages=HELLO).headers
    assert headers["request-id"] == headers["x-request-id"]
    assert int(headers["anthropic-ratelimit-requests-limit"]) > int(
        headers["anthropic-ratelimit-requests-remaining"])
    assert headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert "x-ratelimit-limit-requests" not in headers


@pytest.mark.parametrize("status, kind, raised", [
    (400, "invalid_request_error", anthropic.BadRequestError),
    (404, "not_found_error", anthropic.NotFoundError),
    (413, "request_too_large", anthropic.RequestTooLargeError),
    (429, "rate_limit_error", anthropic.RateLimitError),
    (529, "overloaded_error", anthropic.OverloadedError),
])
def test_the_providers_errors_are_raised_as_if_it_were_asked_directly(client, upstream, status, kind,
                                                                      raised):
    async def refuse(_, link):
        await claude.error(link, status, kind)

    upstream.behave = refuse
    with pytest.raises(raised) as caught:
        ask(client)
    assert caught.value.body["error"]["type"] == kind
    assert caught.value.body["error"]["message"] == f"the imposter says {kind}"


def test_our_own_errors_are_raised_as_their_classes(client, gateway, upstream):
    with pytest.raises(anthropic.NotFoundError) as unknown:
        ask(client, model="no-such-model")
    assert unknown.value.type == "not_found_error"
    assert unknown.value.error_code == "model_not_found"
    assert unknown.value.request_id == unknown.value.body["request_id"]
    with anthropic.Anthropic(api_key="kw_live_wrong", base_url=gateway.url) as stranger:
        with pytest.raises(anthropic.AuthenticationError):
            ask(stranger)

    async def reject(_, link):
        await claude.error(link, 401, "authentication_error")

    upstream.behave = reject
    with pytest.raises(anthropic.InternalServerError) as rejected:
        ask(client)
    assert rejected.value.error_code == "provider_credentials_rejected"


def test_what_is_no_chat_goes_only_where_its_dialect_is_spoken(client, gateway, imposter):
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.count_tokens(model="imposter-1", messages=HELLO)
    assert refused.value.error_code == "unsupported_by_provider"
    answer = httpx.post(f"{gateway.url}/v1/embeddings", json={"model": MODEL, "input": "a"},
                        headers={"Authorization": f"Bearer {gateway.key}"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "unsupported_by_provider"
    assert imposter.calls == []


def test_a_client_that_retries_asks_as_often_as_it_would_the_provider(client, upstream):
    async def twice_overloaded(call, link):
        if len(upstream.calls) < 3:
            await claude.error(link, 529, "overloaded_error", headers=[("retry-after", "0")])
        else:
            await claude.answer_as_anthropic(call, link)

    upstream.behave = twice_overloaded
    assert ask(client.with_options(max_retries=2)).content[0].text == "Hello, world"
    assert len(upstream.calls) == 3


def test_a_stream_that_dies_is_raised_as_an_error(client, upstream):
    async def die(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        await claude.event(link, claude.delta("Hello"))
        link.reset()

    upstream.behave = die
    with pytest.raises(anthropic.APIStatusError) as caught:
        for _ in ask(client, stream=True):
            pass
    assert caught.value.body["error"]["type"] == "api_error"
    assert caught.value.body["error"]["details"]["error_code"] == "upstream_error"


def test_a_client_that_leaves_stops_the_provider(client, upstream):
    async def go_on(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        while True:
            await claude.event(link, claude.delta("x" * 1000))
            await asyncio.sleep(0.01)

    upstream.behave = go_on
    stream = ask(client, stream=True)
    next(iter(stream))
    stream.close()
    assert upstream.wait_for(1).gone.wait(20)


def test_node_chats_streams_calls_tools_and_counts(anthropic_node, upstream):
    assert anthropic_node("message", model=MODEL)["content"][0]["text"] == "Hello, world"
    assert anthropic_node("stream", model=MODEL) == {"text": "Hello, world", "output_tokens": 7}
    for stream in (False, True):
        assert anthropic_node("tools", model=MODEL, stream=stream) == {
            "name": "get_weather", "input": {"city": "Oslo"}}
    assert anthropic_node("count", model=MODEL) == 14
    assert MODEL in anthropic_node("models")


def test_node_gets_typed_errors_and_retries(anthropic_node, upstream):
    assert anthropic_node("error", model="no-such-model") | {"request_id": ""} == {
        "name": "NotFoundError", "status": 404, "type": "not_found_error",
        "code": "model_not_found", "request_id": ""}

    async def limited(call, link):
        if len(upstream.calls) < 2:
            await claude.error(link, 429, "rate_limit_error", headers=[("retry-after", "0")])
        else:
            await claude.answer_as_anthropic(call, link)

    upstream.reset()
    upstream.behave = limited
    assert anthropic_node("message", model=MODEL, retries=1)["stop_reason"] == "end_turn"
    assert len(upstream.calls) == 2


def test_node_can_leave(anthropic_node, upstream):
    async def go_on(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        while True:
            await claude.event(link, claude.delta("x" * 1000))
            await asyncio.sleep(0.01)

    upstream.behave = go_on
    assert anthropic_node("abort", model=MODEL, after=3) == {"events": 3}
    assert upstream.wait_for(1).gone.wait(20)


def test_the_sandbox_speaks_it_too(client):
    answer = ask(client, model="sandbox/words-3")
    assert answer.usage.output_tokens == 3
    with client.messages.stream(model="sandbox", max_tokens=64, messages=[
            {"role": "user", "content": "the weather"}], tools=TOOLS) as stream:
        final = stream.get_final_message()
    assert final.content[0].name == "get_weather" and "city" in final.content[0].input
