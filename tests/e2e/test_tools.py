"""Lists of tools, with the vendors' own SDKs: what is not let through reaches neither the model nor the client."""
import json

import anthropic
import httpx
import openai
import pytest
from botocore.exceptions import ClientError

import bedrock
import claude
from books import check_books
from conftest import ROOMY
from gateway import Gateway
from sdks import CLAUDE, ENVIRONMENT, GPT, MODEL, bedrock_of, claude_of, configuration, gpt_of

HELLO = [{"role": "user", "content": "Say hello"}]
SCHEMA = {"type": "object", "properties": {}}
NOTE = "list of tools does not let that tool through"
NAMES = ["get_weather", "github_read_file", "github_delete_repository", "shell"]
OPENAI_TOOLS = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in NAMES]
CLAUDE_TOOLS = [{"name": name, "input_schema": SCHEMA} for name in NAMES]
BEDROCK_TOOLS = [{"toolSpec": {"name": name, "inputSchema": {"json": SCHEMA}}} for name in NAMES]
ALLOWED = {"allowed": ["get_weather", "github_*"], "denied": ["github_delete_*"]}
KEPT = NAMES[:2]


@pytest.fixture(scope="module")
def gateway(the_upstreams, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("tools") / "data", ROOMY + configuration(the_upstreams), env=ENVIRONMENT)
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    for name in ("shell", "github_delete_repository"):
        assert name not in gateway.logged(), "names of tools are a client's own"
    check_books(gateway.data_dir, ended_well=True)


@pytest.fixture
def key(http):
    made = http.post("/v1/keys", json={"name": "an agent's", "toollist": ALLOWED})
    assert made.status_code == 201, made.text
    return made.json()


def chat_calling(*names):
    """An upstream whose model calls these, whatever it was offered; names of a stream come letter by letter."""
    async def behave(call, link):
        asked = call.json()
        calls = [{"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": '{"secret":1}'}}
                 for i, name in enumerate(names)]
        whole = {"id": "c1", "object": "chat.completion", "created": 1, "model": asked["model"],
                 "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}
        if not asked.get("stream"):
            await link.answer(200, whole | {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": None, "tool_calls": calls}}]})
            return
        await link.start_stream()

        async def delta(**what):
            await link.event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
                              "choices": [{"index": 0, "finish_reason": None} | what]})

        await delta(delta={"role": "assistant", "content": None})
        for i, one in enumerate(calls):
            for at, letter in enumerate(one["function"]["name"]):
                head = {"id": one["id"], "type": "function"} if at == 0 else {}
                await delta(delta={"tool_calls": [
                    {"index": i, "function": {"name": letter, "arguments": ""}} | head]})
            for piece in ('{"secret"', ":1}"):
                await delta(delta={"tool_calls": [{"index": i, "function": {"arguments": piece}}]})
        await delta(delta={}, finish_reason="tool_calls")
        await link.event(whole | {"object": "chat.completion.chunk", "choices": []})
        await link.end_stream()

    return behave


def test_openai_tools_are_pruned_and_calls_judged(gateway, upstreams, key):
    upstreams["gpt"].behave = chat_calling("shell", "get_weather", "github_delete_repository")
    answer = gpt_of(gateway, key).chat.completions.with_raw_response.create(
        model=GPT, messages=HELLO, tools=OPENAI_TOOLS, tool_choice="auto")
    sent = upstreams["gpt"].last().json()
    assert sent["tools"] == OPENAI_TOOLS[:2] and sent["tool_choice"] == "auto"
    assert answer.headers["x-keywarden-tools-input"] == "4"
    assert answer.headers["x-keywarden-tools-output"] == "2"
    assert answer.headers["x-keywarden-prune-ratio"] == "2/4"
    message = answer.parse().choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["get_weather"]
    assert NOTE in message.content
    assert "shell" not in answer.text and "github_delete" not in answer.text


def test_openai_streams_are_judged_though_names_come_letter_by_letter(gateway, upstreams, key):
    upstreams["gpt"].behave = chat_calling("shell", "get_weather", "github_delete_repository", "github_read_file")
    client = gpt_of(gateway, key)
    with client.chat.completions.stream(model=GPT, messages=HELLO, tools=OPENAI_TOOLS) as stream:
        final = stream.get_final_completion().choices[0]
    assert [call.function.name for call in final.message.tool_calls] == KEPT
    assert all(json.loads(call.function.arguments) == {"secret": 1} for call in final.message.tool_calls)
    assert final.finish_reason == "tool_calls" and final.message.content.count(NOTE) == 2
    upstreams["gpt"].behave = chat_calling("shell")
    with client.chat.completions.stream(model=GPT, messages=HELLO, tools=OPENAI_TOOLS) as stream:
        final = stream.get_final_completion().choices[0]
    assert not final.message.tool_calls and final.finish_reason == "stop"


def test_openai_choices_of_a_removed_tool_are_refused(gateway, upstreams, key):
    client = gpt_of(gateway, key)
    shell = {"type": "function", "function": {"name": "shell"}}
    for choice in (shell, {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [shell]}}):
        with pytest.raises(openai.PermissionDeniedError) as denied:
            client.chat.completions.create(model=GPT, messages=HELLO, tools=OPENAI_TOOLS, tool_choice=choice)
        assert denied.value.code == "tool_not_allowed" and denied.value.param == "tool_choice"
        assert denied.value.body["denied_by"] == "key"
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model=GPT, messages=HELLO, functions=[{"name": "shell"}],
                                       function_call={"name": "shell"})
    assert upstreams["gpt"].calls == []


def test_openai_responses_are_judged(gateway, upstreams, key):
    async def behave(call, link):
        def item(i, name):
            return {"type": "function_call", "id": f"fc_{i}", "call_id": f"call_{i}", "name": name,
                    "arguments": '{"secret":1}', "status": "completed"}

        names = ("shell", "get_weather")
        whole = {"id": "r1", "object": "response", "created_at": 1, "model": GPT, "status": "completed",
                 "output": [item(i, name) for i, name in enumerate(names)], "tools": [], "tool_choice": "auto",
                 "parallel_tool_calls": True}
        if not call.json().get("stream"):
            await link.answer(200, whole)
            return
        await link.start_stream()
        number = iter(range(100))

        async def event(kind, **rest):
            data = {"type": kind, "sequence_number": next(number)} | rest
            frame = f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
            await link.send(b"%x\r\n%s\r\n" % (len(frame), frame))

        await event("response.created", response=whole | {"output": [], "status": "in_progress"})
        for i, name in enumerate(names):
            await event("response.output_item.added", output_index=i,
                        item=item(i, name) | {"arguments": "", "status": "in_progress"})
            await event("response.function_call_arguments.delta", output_index=i, item_id=f"fc_{i}",
                        delta='{"secret":1}')
            await event("response.function_call_arguments.done", output_index=i, item_id=f"fc_{i}", name=name,
                        arguments='{"secret":1}')
            await event("response.output_item.done", output_index=i, item=item(i, name))
        await event("response.completed", response=whole)
        await link.send(b"0\r\n\r\n")

    upstreams["gpt"].behave = behave
    tools = [{"type": "function", "name": name, "parameters": SCHEMA} for name in NAMES] + [{"type": "web_search"}]
    client = gpt_of(gateway, key)
    answer = client.responses.create(model=GPT, input="hi", tools=tools)
    assert upstreams["gpt"].last().json()["tools"] == tools[:2]
    assert [item.type for item in answer.output] == ["message", "function_call"]
    assert NOTE in answer.output_text and answer.output[1].name == "get_weather"
    with client.responses.stream(model=GPT, input="hi", tools=tools) as stream:
        assert "shell" not in "".join(event.model_dump_json(warnings=False) for event in stream)
        final = stream.get_final_response()
    assert [item.type for item in final.output] == ["message", "function_call"]
    assert NOTE in final.output_text


def blocks_of(*names):
    return [{"type": "tool_use", "id": f"toolu_{i}", "name": name, "input": {"secret": 1}}
            for i, name in enumerate(names)]


def claude_calling(*names):
    async def behave(call, link):
        asked = call.json()
        whole = claude.message(asked) | {"content": blocks_of(*names), "stop_reason": "tool_use"}
        if not asked.get("stream"):
            await link.answer(200, whole)
            return
        await link.start_stream()
        await claude.event(link, claude.opening(asked))
        for i, block in enumerate(whole["content"]):
            await claude.event(link, {"type": "content_block_start", "index": i, "content_block": block | {"input": {}}})
            await claude.event(link, {"type": "content_block_delta", "index": i, "delta": {
                "type": "input_json_delta", "partial_json": '{"secret":1}'}})
            await claude.event(link, {"type": "content_block_stop", "index": i})
        await claude.event(link, {"type": "message_delta", "usage": {"output_tokens": 7},
                                  "delta": {"stop_reason": "tool_use", "stop_sequence": None}})
        await claude.event(link, {"type": "message_stop"})
        await link.send(b"0\r\n\r\n")

    return behave


def test_anthropic_tools_are_pruned_and_calls_judged(gateway, upstreams, key):
    upstreams["claude"].behave = claude_calling("shell", "get_weather")
    client = claude_of(gateway, key)
    ask = {"model": CLAUDE, "max_tokens": 64, "messages": HELLO, "tools": CLAUDE_TOOLS}
    answer = client.messages.create(**ask)
    assert upstreams["claude"].last().json()["tools"] == CLAUDE_TOOLS[:2]
    assert [block.type for block in answer.content] == ["text", "tool_use"]
    assert NOTE in answer.content[0].text and answer.stop_reason == "tool_use"
    with client.messages.stream(**ask) as stream:
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["text", "tool_use"]
    assert final.content[1].name == "get_weather" and final.content[1].input == {"secret": 1}
    upstreams["claude"].behave = claude_calling("shell")
    with client.messages.stream(**ask) as stream:
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn" and NOTE in final.content[0].text
    with pytest.raises(anthropic.PermissionDeniedError) as denied:
        client.messages.create(**ask, tool_choice={"type": "tool", "name": "shell"})
    assert denied.value.body["error"]["type"] == "permission_error"


def test_a_translated_call_is_judged_both_ways(gateway, upstreams, key):
    upstreams["claude"].behave = claude_calling("shell", "get_weather")
    client = gpt_of(gateway, key)
    answer = client.chat.completions.create(model=CLAUDE, messages=HELLO, tools=OPENAI_TOOLS)
    assert [tool["name"] for tool in upstreams["claude"].last().json()["tools"]] == KEPT
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_weather"]
    with client.chat.completions.stream(model=CLAUDE, messages=HELLO, tools=OPENAI_TOOLS) as stream:
        final = stream.get_final_completion().choices[0]
    assert [call.function.name for call in final.message.tool_calls] == ["get_weather"]
    assert NOTE in final.message.content
    upstreams["gpt"].behave = chat_calling("shell", "get_weather")
    with claude_of(gateway, key).messages.stream(model=GPT, max_tokens=64, messages=HELLO,
                                                 tools=CLAUDE_TOOLS) as stream:
        final = stream.get_final_message()
    assert [block.name for block in final.content if block.type == "tool_use"] == ["get_weather"]


def test_boto3_tools_are_pruned_and_calls_judged(gateway, upstreams, key):
    uses = [{"toolUse": {"toolUseId": f"t{i}", "name": name, "input": {"secret": 1}}}
            for i, name in enumerate(("shell", "get_weather"))]

    async def behave(call, link):
        bedrock.check_shape(call)
        if not call.path.endswith("-stream"):
            await link.answer(200, {"output": {"message": {"role": "assistant", "content": uses}},
                                    "stopReason": "tool_use", "usage": bedrock.USAGE, "metrics": {"latencyMs": 1}})
            return
        await bedrock.start_stream(link)
        frames = bedrock.START
        for i, use in enumerate(uses):
            named = {name: use["toolUse"][name] for name in ("toolUseId", "name")}
            frames += bedrock.event("contentBlockStart", {"contentBlockIndex": i, "start": {"toolUse": named}})
            frames += bedrock.event("contentBlockDelta", {"contentBlockIndex": i, "delta": {
                "toolUse": {"input": '{"secret":1}'}}})
            frames += bedrock.event("contentBlockStop", {"contentBlockIndex": i})
        frames += bedrock.event("messageStop", {"stopReason": "tool_use"}) + bedrock.METADATA
        for at in range(0, len(frames), 7):
            await bedrock.send(link, frames[at:at + 7])
        await bedrock.end_stream(link)

    upstreams["bedrock"].behave = behave
    client = bedrock_of(gateway, key)
    ask = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "hi"}]}],
           "toolConfig": {"tools": BEDROCK_TOOLS}}
    answer = client.converse(**ask)
    assert upstreams["bedrock"].last().json()["toolConfig"]["tools"] == BEDROCK_TOOLS[:2]
    content = answer["output"]["message"]["content"]
    assert NOTE in content[0]["text"] and content[1]["toolUse"]["name"] == "get_weather"
    events = list(client.converse_stream(**ask)["stream"])
    assert "shell" not in json.dumps(events)
    starts = [one["contentBlockStart"]["start"]["toolUse"]["name"] for one in events if "contentBlockStart" in one]
    assert starts == ["get_weather"] and NOTE in json.dumps(events)
    with pytest.raises(ClientError) as denied:
        client.converse(**ask | {"toolConfig": {"tools": BEDROCK_TOOLS, "toolChoice": {"tool": {"name": "shell"}}}})
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_list_is_set_shown_and_narrowed_by_wider_scopes(gateway, upstreams, http, key):
    upstreams["gpt"].behave = chat_calling("get_weather")
    path = f"/v1/account/keys/{key['id']}/toollist"
    assert http.put(path, json={"denied": None}).json()["toollist"] == {
        "allowed": ["get_weather", "github_*"], "denied": None}
    assert http.put(path, json={"allowed": []}).json()["policy"]["tools"] == {"allow": []}
    client = gpt_of(gateway, key)
    client.chat.completions.create(model=GPT, messages=HELLO, tools=OPENAI_TOOLS)
    assert "tools" not in upstreams["gpt"].last().json(), "from the next request on"
    http.put(path, json={"allowed": None})
    app = http.post("/v1/account/apps", json={"name": "narrow", "policy": {"tools": {"deny": ["shell", "github_*"]}}})
    assert app.status_code == 201, app.text
    assert http.patch(f"/v1/keys/{key['id']}", json={"app": app.json()["id"]}).status_code == 200
    answer = client.chat.completions.create(model=GPT, messages=HELLO, tools=OPENAI_TOOLS)
    assert [tool["function"]["name"] for tool in upstreams["gpt"].last().json()["tools"]] == ["get_weather"]
    assert answer.choices[0].message.tool_calls[0].function.name == "get_weather"
    seen = httpx.get(f"{gateway.url}/v1/key", headers={"Authorization": f"Bearer {key['key']}"}).json()
    assert seen["lists"]["tools"] == [{"source": "app", "deny": ["shell", "github_*"]}]
    told = http.post("/v1/explain", json={"key": key["id"], "model": GPT, "tools": NAMES}).json()
    assert told["allowed"] and told["removed"] == [
        {"tool": name, "denied_by": "app"} for name in NAMES[1:]]


def test_the_answer_is_refused_where_that_is_set(upstreams, tmp_path):
    one = Gateway(tmp_path / "data", ROOMY + configuration(upstreams) + '\n[tools]\non_forbidden_call = "refuse"\n',
                  env=ENVIRONMENT)
    made = httpx.post(f"{one.url}/v1/keys", json={"name": "k", "toollist": {"denied": ["shell"]}},
                      headers={"Authorization": f"Bearer {one.key}"}).json()
    upstreams["gpt"].behave = chat_calling("shell")
    client = gpt_of(one, made)
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model=GPT, messages=HELLO)
    with pytest.raises(openai.APIError) as ended:
        list(client.chat.completions.create(model=GPT, messages=HELLO, stream=True))
    assert ended.value.code == "tool_not_allowed"
    assert one.stop() == 0


@pytest.mark.parametrize("tools, status", [
    ([7], 400), ([{}], 400), ([{"type": "function", "function": {"name": 7}}], 400), ("x", 400),
    ([{"type": "function", "function": {"name": f"t{i}"}} for i in range(5000)], 400),
    ([{"type": "function", "function": {"name": "", "description": "d" * (1 << 20)}}], 200),
    ([{"type": "function", "function": {"name": "get_weather"}}] * 2, 200),
])
def test_odd_lists_of_tools_have_a_clear_end(gateway, upstreams, key, tools, status):
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", timeout=20,
                        headers={"Authorization": f"Bearer {key['key']}"},
                        json={"model": GPT, "messages": HELLO, "tools": tools})
    assert answer.status_code == status, answer.text
