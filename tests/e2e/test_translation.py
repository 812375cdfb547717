"""A client of one vendor's asks a model of the other's, with nothing but its model's name changed."""
import json
import time

import anthropic
import httpx
import openai
import pydantic
import pytest

import claude
from books import check_books
from conftest import ROOMY, provider
from gateway import Gateway
from imposter import PROVIDER_KEY, chunk
from money_database import MoneyDatabase

CLAUDE = "claude-imposter-1"
GPT = "imposter-1"
HELLO = [{"role": "user", "content": "Say hello"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "The weather", "parameters": SCHEMA}}]
CLAUDE_TOOLS = [{"name": "get_weather", "description": "The weather", "input_schema": SCHEMA}]
ENVIRONMENT = {"CLAUDE_API_KEY": claude.CLAUDE_KEY, "IMPOSTER_API_KEY": PROVIDER_KEY}


@pytest.fixture
def upstream(the_claude):
    the_claude.reset()
    the_claude.behave = claude.answer_as_anthropic
    return the_claude


@pytest.fixture(scope="module")
def gateway(the_claude, the_imposter, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("translation") / "data",
                      ROOMY + claude.provider(the_claude) + provider(the_imposter),
                      env=ENVIRONMENT)
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    check_books(gateway.data_dir, ended_well=True)


@pytest.fixture
def gpt(gateway, upstream):
    """OpenAI's client."""
    with openai.OpenAI(api_key=gateway.key, base_url=gateway.base_url, max_retries=0,
                       timeout=20) as made:
        yield made


@pytest.fixture
def anthropics(gateway, imposter):
    """Anthropic's client."""
    with anthropic.Anthropic(api_key=gateway.key, base_url=gateway.url, max_retries=0,
                             timeout=20) as made:
        yield made


def test_an_openai_client_asks_claude(gpt, upstream):
    answer = gpt.chat.completions.create(model=CLAUDE, user="u-1", messages=[
        {"role": "system", "content": "Be brief."}, *HELLO])
    assert answer.choices[0].message.content == "Hello, world"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (100, 7)
    assert answer.usage.prompt_tokens_details.cached_tokens == 70
    asked = upstream.last().json()
    assert asked == {"model": CLAUDE, "max_tokens": 16384, "system": "Be brief.",
                     "messages": HELLO, "metadata": {"user_id": "u-1"}}
    assert upstream.last().header("anthropic-version") == "2023-06-01"


def test_an_openai_client_streams_from_claude(gpt):
    chunks = list(gpt.chat.completions.create(model=CLAUDE, messages=HELLO, stream=True,
                                              stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello, world"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (100, 7)
    plain = list(gpt.chat.completions.create(model=CLAUDE, messages=HELLO, stream=True))
    assert all(one.usage is None for one in plain)


@pytest.mark.parametrize("stream", [False, True])
def test_an_openai_client_calls_tools_through_claude(gpt, upstream, stream):
    if stream:
        with gpt.chat.completions.stream(model=CLAUDE, messages=HELLO, tools=OPENAI_TOOLS) as s:
            answer = s.get_final_completion()
    else:
        answer = gpt.chat.completions.create(model=CLAUDE, messages=HELLO, tools=OPENAI_TOOLS)
    message = answer.choices[0].message
    call = message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.id, call.function.name) == ("toolu_1", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    gpt.chat.completions.create(model=CLAUDE, tools=OPENAI_TOOLS, messages=[
        *HELLO, {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"}])
    assert upstream.last().json()["messages"][1:] == [
        {"role": "assistant", "content": [claude.TOOL]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}]}]


def test_an_anthropic_client_asks_an_openai_compatible_provider(anthropics, imposter):
    answer = anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO,
                                        system="Be brief.", stop_sequences=["END"])
    assert answer.content[0].text == "Hello, world" and answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)
    call = imposter.last()
    assert call.json() == {"model": GPT, "max_tokens": 64, "stop": ["END"], "messages": [
        {"role": "system", "content": "Be brief."}, *HELLO]}
    assert call.header("authorization") == f"Bearer {PROVIDER_KEY}"
    for name in ("x-api-key", "anthropic-version"):
        assert call.header(name) is None, name


def test_an_anthropic_client_streams_from_an_openai_compatible_provider(anthropics):
    with anthropics.messages.stream(model=GPT, max_tokens=64, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == "Hello, world"
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (7, 3)


@pytest.mark.parametrize("stream", [False, True])
def test_an_anthropic_client_calls_tools_through_an_openai_compatible_provider(anthropics, imposter,
                                                                              stream):
    arguments = {"model": GPT, "max_tokens": 64, "messages": HELLO, "tools": CLAUDE_TOOLS}
    if stream:
        with anthropics.messages.stream(**arguments) as events:
            answer = events.get_final_message()
    else:
        answer = anthropics.messages.create(**arguments)
    assert answer.stop_reason == "tool_use"
    assert (answer.content[-1].name, answer.content[-1].input) == ("get_weather", {"city": "Oslo"})
    assert imposter.calls[-1].json()["tools"] == OPENAI_TOOLS


def test_errors_come_in_the_clients_dialect_and_the_providers_words(gpt, upstream, anthropics,
                                                                    imposter):
    async def limited(_, link):
        await claude.error(link, 429, "rate_limit_error", headers=[("retry-after", "7")])

    upstream.behave = limited
    with pytest.raises(openai.RateLimitError) as theirs:
        gpt.chat.completions.create(model=CLAUDE, messages=HELLO)
    assert theirs.value.body["message"] == "the imposter says rate_limit_error"
    assert theirs.value.response.headers["retry-after"] == "7"

    async def unknown(_, link):
        await link.error(404, "model_not_found")

    imposter.behave = unknown
    with pytest.raises(anthropic.NotFoundError) as ours:
        anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO)
    assert ours.value.type == "not_found_error"
    assert ours.value.api_message == "the imposter says model_not_found"


def test_a_stream_that_dies_ends_in_an_error_of_the_clients_dialect(gpt, upstream, anthropics,
                                                                    imposter):
    async def die_as_claude(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        await claude.event(link, claude.delta("Hello"))
        link.reset()

    async def die_as_gpt(_, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        link.reset()

    upstream.behave, imposter.behave = die_as_claude, die_as_gpt
    with pytest.raises(openai.APIError) as theirs:
        list(gpt.chat.completions.create(model=CLAUDE, messages=HELLO, stream=True))
    assert theirs.value.body["code"] == "upstream_error"
    with pytest.raises(anthropic.APIStatusError) as ours:
        list(anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO, stream=True))
    assert ours.value.body["error"]["details"]["error_code"] == "upstream_error"


def test_what_cannot_be_carried_is_refused_by_name_and_costs_nothing(gpt, upstream, anthropics,
                                                                     imposter):
    with pytest.raises(openai.BadRequestError) as theirs:
        gpt.chat.completions.create(model=CLAUDE, messages=HELLO, seed=7)
    assert (theirs.value.code, theirs.value.param) == ("unsupported_by_provider", "seed")
    with pytest.raises(anthropic.BadRequestError) as ours:
        anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO,
                                   extra_body={"top_k": 5})
    assert ours.value.error_code == "unsupported_by_provider"
    assert upstream.calls == [] and imposter.calls == []


def test_hints_are_left_out_and_the_answer_says_so(anthropics, imposter):
    answer = anthropics.messages.with_raw_response.create(
        model=GPT, max_tokens=64, messages=HELLO, thinking={"type": "adaptive"}, system=[
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}])
    assert answer.headers["x-keywarden-dropped"] == "cache_control, thinking"
    assert "thinking" not in imposter.last().json()


def test_an_operator_may_have_it_left_out(the_claude, the_imposter, upstream, tmp_path):
    gateway = Gateway(tmp_path / "data", "[translation]\nuncarried = \"drop\"\n" + ROOMY +
                      claude.provider(the_claude), env=ENVIRONMENT)
    try:
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", json={
            "model": CLAUDE, "messages": HELLO, "seed": 7, "n": 2},
            headers={"Authorization": f"Bearer {gateway.key}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-keywarden-dropped"] == "n, seed"
        assert "seed" not in upstream.last().json()
    finally:
        assert gateway.stop() == 0


def rows_of(gateway, session, count):
    """The rows of the calls of a session, once they are there."""
    database, until = MoneyDatabase(gateway), time.monotonic() + 15
    while True:
        rows = [row for row in database.calls() if row["session_name"] == session]
        if len(rows) >= count or time.monotonic() > until:
            assert len(rows) == count, rows
            return rows
        time.sleep(0.05)


@pytest.mark.parametrize("stream", [False, True])
def test_a_translated_call_has_one_row_with_what_its_provider_says(gpt, anthropics, gateway,
                                                                   upstream, stream):
    session = {"X-Keywarden-Session-Id": f"row-{stream}"}
    list(gpt.chat.completions.create(model=CLAUDE, messages=HELLO, stream=stream,
                                     extra_headers=session))
    list(anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO, stream=stream,
                                    extra_headers=session))
    rows = {row["route_name"]: [row[name] for name in (
        "input", "cached_input", "cache_write", "output", "basis")]
            for row in rows_of(gateway, f"row-{stream}", 2)}
    assert rows == {"/v1/chat/completions": [100, 70, 20, 7, "exact"],
                    "/v1/messages": [7, None, None, 3, "exact"]}


def answered_by(link, events):
    """A stream of Anthropic's."""
    async def send():
        await link.start_stream()
        for one in events:
            await claude.event(link, one)
        await link.send(b"0\r\n\r\n")
    return send()


def block(index, start, *deltas):
    return [{"type": "content_block_start", "index": index, "content_block": start},
            *({"type": "content_block_delta", "index": index, "delta": one} for one in deltas),
            {"type": "content_block_stop", "index": index}]


def tool(number, city):
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "get_weather", "input": city}


THINKING = [{"type": "thinking", "thinking": "Two cities.", "signature": "c2lnbmVk"},
            {"type": "redacted_thinking", "data": "b3BhcXVl"}]


@pytest.mark.parametrize("stream", [False, True])
def test_claude_thinks_and_calls_tools_at_once_and_goes_on_where_it_was(gpt, upstream, stream):
    calls = [tool(1, {"city": "Oslo"}), tool(2, {})]

    async def think(call, link):
        asked = call.json()
        end = {"stop_reason": "tool_use", "stop_sequence": None}
        if not asked.get("stream"):
            await link.answer(200, claude.message(asked) | end | {"content": THINKING + calls})
            return
        await answered_by(link, [
            claude.opening(asked),
            *block(0, {"type": "thinking", "thinking": "", "signature": ""},
                   {"type": "thinking_delta", "thinking": "Two "},
                   {"type": "thinking_delta", "thinking": "cities."},
                   {"type": "signature_delta", "signature": "c2lnbmVk"}),
            *block(1, THINKING[1]),
            *block(2, calls[0] | {"input": {}},
                   {"type": "input_json_delta", "partial_json": ""},
                   {"type": "input_json_delta", "partial_json": '{"city":"Oslo"}'}),
            *block(3, calls[1], {"type": "input_json_delta", "partial_json": ""}),
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": 7}},
            {"type": "message_stop"}])

    upstream.behave = think
    question = {"model": CLAUDE, "messages": HELLO, "tools": OPENAI_TOOLS,
                "reasoning_effort": "high"}
    if stream:
        with gpt.chat.completions.stream(**question) as events:
            answer = events.get_final_completion()
    else:
        answer = gpt.chat.completions.create(**question)
    asked = upstream.last().json()
    assert (asked["thinking"], asked["output_config"]) == ({"type": "adaptive"},
                                                           {"effort": "high"})
    message = answer.choices[0].message
    assert message.reasoning_content == "Two cities."
    assert [json.loads(call.function.arguments) for call in message.tool_calls] == [
        {"city": "Oslo"}, {}]
    upstream.behave = claude.answer_as_anthropic
    gpt.chat.completions.create(model=CLAUDE, tools=OPENAI_TOOLS, messages=[
        *HELLO, message.model_dump(exclude_none=True),
        *({"role": "tool", "tool_call_id": call.id, "content": "rain"}
          for call in message.tool_calls)])
    assert upstream.last().json()["messages"][1:] == [
        {"role": "assistant", "content": THINKING + calls},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "rain"}
            for n in (1, 2)]}]


class City(pydantic.BaseModel):
    city: str


def test_a_schema_holds_on_both_sides(gpt, upstream, anthropics, imposter):
    async def as_claude(call, link):
        await link.answer(200, claude.message(call.json()) | {
            "content": [{"type": "text", "text": '{"city":"Oslo"}'}]})

    async def as_gpt(_, link):
        await link.answer(200, {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": GPT,
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": '{"city":"Oslo"}'}}]})

    upstream.behave, imposter.behave = as_claude, as_gpt
    parsed = gpt.chat.completions.parse(model=CLAUDE, messages=HELLO, response_format=City)
    assert parsed.choices[0].message.parsed == City(city="Oslo")
    assert upstream.last().json()["output_config"]["format"]["schema"]["required"] == ["city"]
    answer = anthropics.messages.parse(model=GPT, max_tokens=64, messages=HELLO,
                                       output_format=City)
    assert answer.parsed_output == City(city="Oslo")
    wanted = imposter.last().json()["response_format"]
    assert wanted["type"] == "json_schema" and wanted["json_schema"]["strict"] is True


def test_pictures_and_documents_arrive(gpt, upstream, anthropics, imposter):
    gpt.chat.completions.create(model=CLAUDE, messages=[{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "file", "file": {"filename": "a.pdf",
                                  "file_data": "data:application/pdf;base64,JVBERi0="}}]}])
    assert upstream.last().json()["messages"][0]["content"] == [
        {"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {"type": "document", "title": "a.pdf", "source": {
            "type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}]
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    anthropics.messages.create(model=GPT, max_tokens=64, messages=[
        {"role": "user", "content": [picture]},
        {"role": "assistant", "content": [tool(1, {})]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1",
                                      "content": [picture]}]}])
    shown = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    messages = imposter.last().json()["messages"]
    assert messages[0] == {"role": "user", "content": shown}
    assert messages[2:] == [{"role": "tool", "tool_call_id": "toolu_1", "content": ""},
                            {"role": "user", "content": shown}]


def test_reasons_to_stop_keep_their_meaning(gpt, upstream, anthropics, imposter):
    reason = None

    async def as_claude(call, link):
        await link.answer(200, claude.message(call.json()) | {"stop_reason": reason})

    async def as_gpt(_, link):
        await link.answer(200, {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": GPT,
            "choices": [{"index": 0, "finish_reason": reason,
                         "message": {"role": "assistant", "content": "Hel"}}]})

    upstream.behave, imposter.behave = as_claude, as_gpt
    for reason, there in (("end_turn", "stop"), ("max_tokens", "length"),
                          ("stop_sequence", "stop"), ("refusal", "content_filter"),
                          ("model_context_window_exceeded", "length")):
        answer = gpt.chat.completions.create(model=CLAUDE, messages=HELLO)
        assert answer.choices[0].finish_reason == there
    for reason, there in (("stop", "end_turn"), ("length", "max_tokens"),
                          ("content_filter", "refusal")):
        answer = anthropics.messages.create(model=GPT, max_tokens=64, messages=HELLO)
        assert answer.stop_reason == there


@pytest.mark.parametrize("model", [CLAUDE, GPT])
def test_a_client_that_leaves_a_stream_is_charged_what_its_provider_wrote(
        gpt, anthropics, upstream, imposter, gateway, model):
    async def as_claude(call, link):
        await link.start_stream()
        await claude.event(link, claude.opening(call.json()))
        for word in ("one", "two", "three"):
            await claude.event(link, claude.delta(word))
        await link.until_gone()

    async def as_gpt(_, link):
        await link.start_stream()
        for word in ("one", "two", "three"):
            await link.event(chunk(word))
        await link.until_gone()

    upstream.behave, imposter.behave = as_claude, as_gpt
    session = {"X-Keywarden-Session-Id": f"left-{model}"}
    if model == CLAUDE:
        stream = gpt.chat.completions.create(model=model, messages=HELLO, stream=True,
                                             extra_headers=session)
    else:
        stream = anthropics.messages.create(model=model, max_tokens=64, messages=HELLO,
                                            stream=True, extra_headers=session)
    words = 0
    for one in stream:
        words += "three" in one.model_dump_json()
        if words:
            break
    stream.close()
    provider_side = upstream if model == CLAUDE else imposter
    assert provider_side.last().gone.wait(20)
    row, = rows_of(gateway, f"left-{model}", 1)
    assert (row["client_left"], row["basis"], row["outcome"]) == (1, "counted", "settled")
    assert row["output"] == 3 and row["input"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_nodes_clients_ask_either(node, anthropic_node, upstream, imposter, stream):
    assert node("chat", model=CLAUDE)["choices"][0]["message"]["content"] == "Hello, world"
    assert node("stream", model=CLAUDE)["text"] == "Hello, world"
    assert node("tools", model=CLAUDE, stream=stream) == {
        "name": "get_weather", "arguments": '{"city":"Oslo"}'}
    assert anthropic_node("message", model=GPT)["content"][0]["text"] == "Hello, world"
    assert anthropic_node("stream", model=GPT) == {"text": "Hello, world", "output_tokens": 3}
    assert anthropic_node("tools", model=GPT, stream=stream) == {
        "name": "get_weather", "input": {"city": "Oslo"}}


def test_claude_code_may_ask_an_openai_compatible_provider(gateway, imposter):
    """A request with all that Claude Code says, of which most is for Anthropic alone."""
    cached = {"cache_control": {"type": "ephemeral"}}
    answer = httpx.post(f"{gateway.url}/v1/messages?beta=true", json={
        "model": GPT, "max_tokens": 32000, "stream": True, "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Say hello"} | cached]}],
        "system": [{"type": "text", "text": "You are Claude Code."} | cached],
        "tools": [CLAUDE_TOOLS[0] | cached], "thinking": {"type": "adaptive"},
        "metadata": {"user_id": "user_" + "0" * 64},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
        headers={"x-api-key": gateway.key, "anthropic-version": "2023-06-01",
                 "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-keywarden-dropped"] == (
        "cache_control, context_management, metadata.user_id, thinking")
    assert answer.text.endswith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    call = imposter.last()
    assert call.path == "/v1/chat/completions" and call.header("anthropic-beta") is None
    assert call.json() == {
        "model": GPT, "messages": [{"role": "system", "content": "You are Claude Code."}, *HELLO],
        "tools": OPENAI_TOOLS, "stream": True, "stream_options": {"include_usage": True},
        "max_tokens": 32000}
