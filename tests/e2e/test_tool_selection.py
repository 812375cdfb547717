"""The selection of tools, with the vendors' own SDKs: an agent with 60 tools gets its work done with those that matter."""
import json
import time

import httpx
import pytest

import bedrock
import claude
from books import check_books
from conftest import ROOMY, provider
from gateway import Gateway
from sdks import CLAUDE, ENVIRONMENT, GPT, MODEL, bedrock_of, claude_of, configuration, gpt_of

# What an agent's tools are like: a few that the task is about among many that it is not.
THINGS = ["invoice", "calendar event", "repository", "issue", "customer", "shipment", "playlist", "photo album",
          "database backup", "thermostat", "parking permit", "newsletter"]
VERBS = [("create", "Creates a new"), ("delete", "Deletes an existing"), ("list", "Lists every"),
         ("archive", "Moves into the archive an old"), ("share", "Shares with a colleague one")]


def schema(thing):
    return {"type": "object", "required": ["id"],
            "properties": {"id": {"type": "string", "description": f"Which {thing}, by its id."},
                           "note": {"type": "string", "description": f"What to remember about the {thing} later."}}}


DEFINED = [(f"{verb}_{thing.replace(' ', '_')}", f"{says} {thing} of the account that is signed in.", schema(thing))
           for thing in THINGS for verb, says in VERBS]
NAMES = [name for name, _, _ in DEFINED]
TASK = "Please create an invoice for customer 17, and after that share the invoice with my colleague."
STEPS = ["create_invoice", "share_invoice"]

CHAT_TOOLS = [{"type": "function", "function": {"name": n, "description": d, "parameters": s}} for n, d, s in DEFINED]
RESPONSES_TOOLS = [{"type": "function", "name": n, "description": d, "parameters": s} for n, d, s in DEFINED]
CLAUDE_TOOLS = [{"name": n, "description": d, "input_schema": s} for n, d, s in DEFINED]
BEDROCK_TOOLS = [{"toolSpec": {"name": n, "description": d, "inputSchema": {"json": s}}} for n, d, s in DEFINED]

WARM = [
    ("/v1/chat/completions", {"tools": CHAT_TOOLS}),
    ("/v1/chat/completions", {"functions": [tool["function"] for tool in CHAT_TOOLS]}),
    ("/v1/responses", {"tools": RESPONSES_TOOLS}),
    ("/v1/messages", {"tools": CLAUDE_TOOLS}),
    ("/model/{id}/converse", {"toolConfig": {"tools": BEDROCK_TOOLS}})]


def warm(gateway, endpoint, tools, key=None):
    """Tools that were never seen may take longer to read than a call may wait: then all go on, once or twice."""
    turns = "input" if "responses" in endpoint else "messages"
    said = [{"text": TASK}] if "converse" in endpoint else TASK
    body = {turns: [{"role": "user", "content": said}]} | tools
    # boto3 writes spaces, the other SDKs do not.
    separators = None if "converse" in endpoint else (",", ":")
    for _ in range(50):
        told = httpx.post(f"{gateway.url}/v1/account/tools/explain", params={"endpoint": endpoint}, timeout=20,
                          content=json.dumps(body, separators=separators),
                          headers={"Authorization": f"Bearer {key['key'] if key else gateway.key}",
                                   "Content-Type": "application/json"})
        assert told.status_code == 200, told.text
        if told.json()["outcome"] != "too_slow":
            assert told.json()["outcome"] == "selected", told.text
            return
    raise AssertionError("it stays too slow")


@pytest.fixture(scope="module")
def gateway(the_upstreams, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("selection") / "data", ROOMY + configuration(the_upstreams), env=ENVIRONMENT)
    for endpoint, tools in WARM:
        warm(gateway, endpoint, tools)
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    assert "create_invoice" not in gateway.logged(), "names of tools are a client's own"
    check_books(gateway.data_dir, ended_well=True)


def make_key(http, mode, name="an agent's", **more):
    body = {"name": name, "policy": {"tool_selection": {"mode": mode}}} | more
    made = http.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    return made.json()


# ---- models that do the task with what they are offered, step by step ---------------------------------------------


def next_step(offered, results):
    """The next tool of the task, if it is there."""
    return STEPS[results] if results < len(STEPS) and STEPS[results] in offered else None


async def chat_model(call, link):
    asked = call.json()
    offered = [tool["function"]["name"] for tool in asked.get("tools", [])]
    step = next_step(offered, sum(message["role"] == "tool" for message in asked["messages"]))
    called = [{"id": f"call_{step}", "type": "function", "function": {"name": step, "arguments": '{"id":"17"}'}}]
    message = {"role": "assistant", "content": None if step else "done", "tool_calls": called if step else None}
    reason = "tool_calls" if step else "stop"
    whole = {"id": "c1", "created": 1, "model": asked["model"],
             "usage": {"prompt_tokens": len(call.body) // 4, "completion_tokens": 7, "total_tokens": 9}}
    if not asked.get("stream"):
        await link.answer(200, whole | {"object": "chat.completion", "choices": [
            {"index": 0, "finish_reason": reason, "message": message}]})
        return
    await link.start_stream()
    delta = {"role": "assistant", "content": message["content"]}
    if step:
        delta["tool_calls"] = [called[0] | {"index": 0}]
    chunk = whole | {"object": "chat.completion.chunk"}
    usage = chunk.pop("usage")
    await link.event(chunk | {"choices": [{"index": 0, "finish_reason": None, "delta": delta}]})
    await link.event(chunk | {"choices": [{"index": 0, "finish_reason": reason, "delta": {}}]})
    await link.event(chunk | {"choices": [], "usage": usage})
    await link.end_stream()


async def responses_model(call, link):
    asked = call.json()
    offered = [tool["name"] for tool in asked.get("tools", [])]
    step = next_step(offered, sum(item.get("type") == "function_call_output" for item in asked["input"]))
    item = {"type": "function_call", "id": f"fc_{step}", "call_id": f"call_{step}", "name": step,
            "arguments": '{"id":"17"}', "status": "completed"}
    said = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "done", "annotations": []}]}
    await link.answer(200, {"id": "r1", "object": "response", "created_at": 1, "model": asked["model"],
                            "status": "completed", "output": [item if step else said], "tools": [],
                            "tool_choice": "auto", "parallel_tool_calls": True,
                            "usage": {"input_tokens": 500, "output_tokens": 7, "total_tokens": 507,
                                      "input_tokens_details": {"cached_tokens": 0},
                                      "output_tokens_details": {"reasoning_tokens": 0}}})


async def claude_model(call, link):
    asked = call.json()
    offered = [tool["name"] for tool in asked.get("tools", [])]
    results = sum(part["type"] == "tool_result" for message in asked["messages"]
                  for part in message["content"] if not isinstance(message["content"], str))
    step = next_step(offered, results)
    block = {"type": "tool_use", "id": f"toolu_{step}", "name": step, "input": {"id": "17"}}
    whole = claude.message(asked) | {"content": [block if step else {"type": "text", "text": "done"}],
                                     "stop_reason": "tool_use" if step else "end_turn"}
    if not asked.get("stream"):
        await link.answer(200, whole)
        return
    await link.start_stream()
    await claude.event(link, claude.opening(asked))
    if step:
        await claude.event(link, {"type": "content_block_start", "index": 0, "content_block": block | {"input": {}}})
        await claude.event(link, {"type": "content_block_delta", "index": 0, "delta": {
            "type": "input_json_delta", "partial_json": '{"id":"17"}'}})
    else:
        await claude.event(link, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        await claude.event(link, claude.delta("done"))
    await claude.event(link, {"type": "content_block_stop", "index": 0})
    await claude.event(link, {"type": "message_delta", "usage": {"output_tokens": 7},
                              "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None}})
    await claude.event(link, {"type": "message_stop"})
    await link.send(b"0\r\n\r\n")


async def bedrock_model(call, link):
    bedrock.check_shape(call)
    asked = call.json()
    offered = [entry["toolSpec"]["name"] for entry in asked["toolConfig"]["tools"] if "toolSpec" in entry]
    results = sum("toolResult" in part for message in asked["messages"] for part in message["content"])
    step = next_step(offered, results)
    use = {"toolUse": {"toolUseId": f"t{results}", "name": step, "input": {"id": "17"}}}
    if not call.path.endswith("-stream"):
        await link.answer(200, {"output": {"message": {"role": "assistant", "content": [use if step else {"text": "done"}]}},
                                "stopReason": "tool_use" if step else "end_turn", "usage": bedrock.USAGE,
                                "metrics": {"latencyMs": 1}})
        return
    await bedrock.start_stream(link)
    frames = bedrock.START
    if step:
        named = {"toolUseId": use["toolUse"]["toolUseId"], "name": step}
        frames += bedrock.event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": named}})
        frames += bedrock.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": '{"id":"17"}'}}})
    else:
        frames += bedrock.text("done")
    frames += bedrock.event("contentBlockStop", {"contentBlockIndex": 0})
    frames += bedrock.event("messageStop", {"stopReason": "tool_use" if step else "end_turn"}) + bedrock.METADATA
    for at in range(0, len(frames), 11):
        await bedrock.send(link, frames[at:at + 11])
    await bedrock.end_stream(link)


# ---- agents -------------------------------------------------------------------------------------------------------


def run_chat(client, stream=False, **more):
    """The names of the tools that the agent called."""
    messages, called = [{"role": "user", "content": TASK}], []
    for _ in range(len(STEPS) + 1):
        ask = {"model": GPT, "messages": messages, "tools": CHAT_TOOLS} | more
        if stream:
            with client.chat.completions.stream(**ask) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(**ask).choices[0].message
        if not message.tool_calls:
            return called
        messages.append({"role": "assistant", "content": message.content, "tool_calls": [
            {"id": call.id, "type": "function",
             "function": {"name": call.function.name, "arguments": call.function.arguments}}
            for call in message.tool_calls]})
        for call in message.tool_calls:
            called.append(call.function.name)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": "it is done"})
    return called


def run_responses(client):
    items, called = [{"role": "user", "content": TASK}], []
    for _ in range(len(STEPS) + 1):
        output = client.responses.create(model=GPT, input=items, tools=RESPONSES_TOOLS, store=False).output
        calls = [item for item in output if item.type == "function_call"]
        if not calls:
            return called
        for call in calls:
            called.append(call.name)
            items.append({"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments})
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": "it is done"})
    return called


def run_claude(client, tools=None, stream=False):
    messages, called = [{"role": "user", "content": TASK}], []
    for _ in range(len(STEPS) + 1):
        ask = {"model": CLAUDE, "max_tokens": 64, "messages": messages, "tools": tools or CLAUDE_TOOLS}
        if stream:
            with client.messages.stream(**ask) as events:
                content = events.get_final_message().content
        else:
            content = client.messages.create(**ask).content
        uses = [block for block in content if block.type == "tool_use"]
        if not uses:
            return called
        called += [use.name for use in uses]
        messages.append({"role": "assistant", "content": [
            {"type": "tool_use", "id": use.id, "name": use.name, "input": use.input} for use in uses]})
        messages.append({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": use.id, "content": "it is done"} for use in uses]})
    return called


def streamed_use(client, ask):
    events = list(client.converse_stream(**ask)["stream"])
    starts = [one["contentBlockStart"]["start"]["toolUse"] for one in events if "contentBlockStart" in one]
    return [{"toolUse": start | {"input": {"id": "17"}}} for start in starts]


def run_bedrock(client, tools=None, stream=False):
    messages, called = [{"role": "user", "content": [{"text": TASK}]}], []
    for _ in range(len(STEPS) + 1):
        ask = {"modelId": MODEL, "messages": messages, "toolConfig": {"tools": tools or BEDROCK_TOOLS}}
        if stream:
            uses = streamed_use(client, ask)
        else:
            uses = [part for part in client.converse(**ask)["output"]["message"]["content"] if "toolUse" in part]
        if not uses:
            return called
        called += [use["toolUse"]["name"] for use in uses]
        messages.append({"role": "assistant", "content": uses})
        messages.append({"role": "user", "content": [
            {"toolResult": {"toolUseId": use["toolUse"]["toolUseId"], "content": [{"text": "it is done"}]}}
            for use in uses]})
    return called


def check_offers(offers, whole):
    """Of every turn of a conversation: some of the tools, each as it was, in an order that only grows at its end."""
    before = []
    for tools in offers:
        assert all(tool in whole for tool in tools), "a tool is not as it came"
        assert len(tools) < 40, "few matter to this task"
        assert tools[:len(before)] == before, "what a conversation had, it has, in the same place"
        before = tools
    first = [whole.index(tool) for tool in offers[0]]
    assert first == sorted(first), "the client's order"


def offers_of(imposter, key="tools"):
    return [call.json()[key] for call in imposter.calls]


# ---- the tests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_of_openais_finishes_with_few_tools(gateway, upstreams, http, stream):
    upstreams["gpt"].behave = chat_model
    key = make_key(http, "on")
    assert run_chat(gpt_of(gateway, key), stream) == STEPS
    check_offers(offers_of(upstreams["gpt"]), CHAT_TOOLS)


def test_an_agent_with_legacy_functions_gets_few(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    functions = [tool["function"] for tool in CHAT_TOOLS]
    gpt_of(gateway, make_key(http, "on")).chat.completions.create(
        model=GPT, messages=[{"role": "user", "content": TASK}], functions=functions)
    check_offers(offers_of(upstreams["gpt"], "functions"), functions)


def test_an_agent_of_responses_finishes_with_few_tools(gateway, upstreams, http):
    upstreams["gpt"].behave = responses_model
    assert run_responses(gpt_of(gateway, make_key(http, "on"))) == STEPS
    check_offers(offers_of(upstreams["gpt"]), RESPONSES_TOOLS)


@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_of_anthropics_finishes_with_few_tools(gateway, upstreams, http, stream):
    upstreams["claude"].behave = claude_model
    client = claude_of(gateway, make_key(http, "on"))
    assert run_claude(client, stream=stream) == STEPS
    check_offers(offers_of(upstreams["claude"]), CLAUDE_TOOLS)


def test_a_mark_of_anthropics_cache_stands_on_the_last_tool(gateway, upstreams, http):
    upstreams["claude"].behave = claude_model
    marked = CLAUDE_TOOLS[:-1] + [CLAUDE_TOOLS[-1] | {"cache_control": {"type": "ephemeral"}}]
    warm(gateway, "/v1/messages", {"tools": marked})
    assert run_claude(claude_of(gateway, make_key(http, "on")), marked) == STEPS
    for tools in offers_of(upstreams["claude"]):
        assert [bool(tool.get("cache_control")) for tool in tools] == [False] * (len(tools) - 1) + [True]


@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_of_boto3_finishes_with_few_tools(gateway, upstreams, http, stream):
    upstreams["bedrock"].behave = bedrock_model
    client = bedrock_of(gateway, make_key(http, "on"))
    tools = BEDROCK_TOOLS + [{"cachePoint": {"type": "default"}}]
    assert run_bedrock(client, tools, stream) == STEPS
    offers = [call.json()["toolConfig"]["tools"] for call in upstreams["bedrock"].calls]
    assert all(offer[-1] == {"cachePoint": {"type": "default"}} for offer in offers)
    check_offers([offer[:-1] for offer in offers], BEDROCK_TOOLS)


def test_an_agent_whose_provider_speaks_another_dialect_finishes_too(gateway, upstreams, http):
    upstreams["claude"].behave = claude_model
    client = gpt_of(gateway, make_key(http, "on"))
    for stream in (False, True):
        assert run_chat(client, stream, model=CLAUDE) == STEPS
    assert all(len(tools) < 40 for tools in offers_of(upstreams["claude"]))


def test_off_and_shadow_send_all_tools(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    for mode in ("off", "shadow"):
        upstreams["gpt"].calls.clear()
        assert run_chat(gpt_of(gateway, make_key(http, mode))) == STEPS
        assert offers_of(upstreams["gpt"]) == [CHAT_TOOLS] * 3, mode


def rows_of(http, key, count):
    """Of the key's calls, once they are written."""
    end = time.monotonic() + 20
    while True:
        rows = http.get("/v1/account/requests", params={"key": key["id"]}).json()["data"]
        if len(rows) >= count or time.monotonic() > end:
            assert len(rows) == count
            return rows


def test_rows_and_sums_tell_what_became_of_tools(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    key = make_key(http, "on")
    run_chat(gpt_of(gateway, key))
    last, second, first = rows_of(http, key, 3)
    kept = len(offers_of(upstreams["gpt"])[0])
    assert first["tools"] == {
        "selection": "on", "offered": 60, "permitted": 60, "forwarded": kept, "kept": kept, "called": 1, "missed": 0,
        "tokens_saved": first["tools"]["tokens_saved"], "tokens_saveable": first["tools"]["tokens_saved"]}
    assert first["tools"]["tokens_saved"] > 500
    assert second["tools"]["called"] == 1 and last["tools"]["called"] == 0
    saved = sum(row["tools"]["tokens_saved"] for row in (first, second, last))
    summary = http.get("/v1/account/usage/summary", params={"key": key["id"]}).json()
    assert summary["tool_tokens_saved"] == saved
    table = http.get("/v1/account/requests", params={"key": key["id"], "format": "csv"}).text.splitlines()
    cells = dict(zip(table[0].split(","), table[3].split(",")))
    assert (cells["tool_selection"], cells["tools_offered"], cells["tools_missed"]) == ("on", "60", "0")
    shadow = make_key(http, "shadow")
    run_chat(gpt_of(gateway, shadow))
    first = rows_of(http, shadow, 3)[-1]["tools"]
    assert (first["selection"], first["forwarded"], first["kept"], first["tokens_saved"]) == ("shadow", 60, kept, 0)
    assert first["tokens_saveable"] > 500
    plain = make_key(http, "off")
    run_chat(gpt_of(gateway, plain))
    assert all(row["tools"] is None for row in rows_of(http, plain, 3))


def test_headers_tell_what_became_of_tools(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    answer = gpt_of(gateway, make_key(http, "on")).chat.completions.with_raw_response.create(
        model=GPT, messages=[{"role": "user", "content": TASK}], tools=CHAT_TOOLS)
    kept = len(upstreams["gpt"].last().json()["tools"])
    assert answer.headers["x-keywarden-tools-selection"] == "on; selected"
    assert (answer.headers["x-keywarden-tools-input"], answer.headers["x-keywarden-tools-output"]) == ("60", str(kept))
    assert answer.headers["x-keywarden-prune-ratio"] == f"{kept}/60"


def test_where_a_cache_makes_all_tools_cheaper_they_go_on(gateway, upstreams, http):
    model = "near_qwen3_30b"
    priced = gateway.cli("prices", "set", f"imposter/{model}", "input=1", "cached_input=0.05", "output=2")
    assert priced.returncode == 0, priced.stderr
    upstreams["gpt"].behave = chat_model
    key = make_key(http, "on")
    told = {"outcome": "too_slow"}
    while told["outcome"] == "too_slow":
        told = http.post("/v1/account/tools/explain", params={"key": key["id"]}, json={
            "model": model, "messages": [{"role": "user", "content": TASK}], "tools": CHAT_TOOLS}).json()
    assert told["outcome"] == "cache_is_cheaper" and told["kept"] < 60, "what would be kept is told"
    assert told["cache"] == {"read_percent": 5, "write_percent": 100, "shared_percent": 100, "pays": False}
    assert run_chat(gpt_of(gateway, key), model=model) == STEPS
    assert offers_of(upstreams["gpt"]) == [CHAT_TOOLS] * 3
    tools = rows_of(http, key, 3)[0]["tools"]
    assert (tools["selection"], tools["kept"], tools["forwarded"], tools["tokens_saved"]) == ("on", 60, 60, 0)
    answer = gpt_of(gateway, key).chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": TASK}], tools=CHAT_TOOLS)
    assert answer.headers["x-keywarden-tools-selection"] == "on; cache_is_cheaper"


def make_masking(http):
    return make_key(http, "on", policy={"tool_selection": {"mode": "on", "cache_policy": "mask"}})


def test_a_mask_sends_all_tools_and_allows_few(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    key = make_masking(http)
    assert run_chat(gpt_of(gateway, key)) == STEPS
    assert offers_of(upstreams["gpt"]) == [CHAT_TOOLS] * 3
    for choice in offers_of(upstreams["gpt"], "tool_choice"):
        assert choice["type"] == "allowed_tools" and choice["allowed_tools"]["mode"] == "auto"
        names = [tool["function"]["name"] for tool in choice["allowed_tools"]["tools"]]
        assert set(STEPS) <= set(names) and len(names) < 40 and set(names) <= set(NAMES)
    for row in rows_of(http, key, 3):
        tools = row["tools"]
        assert (tools["selection"], tools["forwarded"], tools["tokens_saved"], tools["tokens_saveable"]) == ("on", 60, 0, 0)
        assert tools["kept"] < 40
    upstreams["gpt"].calls.clear()
    upstreams["gpt"].behave = responses_model
    assert run_responses(gpt_of(gateway, key)) == STEPS
    assert offers_of(upstreams["gpt"]) == [RESPONSES_TOOLS] * 3
    for choice in offers_of(upstreams["gpt"], "tool_choice"):
        assert choice["type"] == "allowed_tools" and choice["mode"] == "auto"
        assert set(STEPS) <= {tool["name"] for tool in choice["tools"]}


def test_where_nothing_can_be_masked_all_tools_go_on(gateway, upstreams, http):
    upstreams["claude"].behave = claude_model
    assert run_claude(claude_of(gateway, make_masking(http))) == STEPS
    assert offers_of(upstreams["claude"]) == [CLAUDE_TOOLS] * 3
    assert all("tool_choice" not in call.json() for call in upstreams["claude"].calls)
    upstreams["gpt"].behave = chat_model
    answer = gpt_of(gateway, make_masking(http)).chat.completions.with_raw_response.create(
        model=GPT, messages=[{"role": "user", "content": TASK}], tools=CHAT_TOOLS,
        tool_choice={"type": "function", "function": {"name": "create_invoice"}})
    assert answer.headers["x-keywarden-tools-selection"] == "on; left_whole"


def test_auto_counts_in_the_shadow_and_remembers_it(upstreams, tmp_path):
    upstreams["gpt"].behave = chat_model
    data, config = tmp_path / "data", ROOMY + provider(upstreams["gpt"])
    gateway = Gateway(data, config, env=ENVIRONMENT)
    secret, headers = gateway.key, {"Authorization": f"Bearer {gateway.key}"}
    try:
        with httpx.Client(base_url=gateway.url, timeout=20, headers=headers) as http:
            key = make_key(http, "auto")
            warm(gateway, *WARM[0], key)
            assert run_chat(gpt_of(gateway, key)) == STEPS
            assert offers_of(upstreams["gpt"]) == [CHAT_TOOLS] * 3, "it has proved nothing yet"
            assert rows_of(http, key, 3)[-1]["tools"]["selection"] == "shadow"
            counted = {"calls": 2, "missed": 0, "recall_low_basis_points": 3423}
            end = time.monotonic() + 20
            while (trial := http.get(f"/v1/keys/{key['id']}").json()["tool_selection"]["trial"])["calls"] < 2:
                assert time.monotonic() < end, trial
            assert trial == counted | {"selects": False}
            assert http.get("/v1/account/tools/health").json()["trials"] == [counted | {"key": key["id"]}]
    finally:
        assert gateway.stop() == 0, gateway.logged()
    gateway = Gateway(data, config, env=ENVIRONMENT)
    try:
        with httpx.Client(base_url=gateway.url, timeout=20, headers={"Authorization": f"Bearer {secret}"}) as http:
            assert http.get("/v1/account/tools/health").json()["trials"] == [counted | {"key": key["id"]}]
    finally:
        assert gateway.stop() == 0, gateway.logged()


def test_a_denied_tool_never_comes_back(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    key = make_key(http, "on", toollist={"denied": ["share_*"]})
    warm(gateway, "/v1/chat/completions", {"tools": CHAT_TOOLS}, key)
    assert run_chat(gpt_of(gateway, key)) == STEPS[:1]
    for tools in offers_of(upstreams["gpt"]):
        assert not any(tool["function"]["name"].startswith("share_") for tool in tools)


def test_a_number_of_tools_and_pinned_ones_are_kept(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    made = make_key(http, "on", k_target_override=5)
    assert made["k_target_override"] == 5 and made["policy"]["tool_selection"] == {"mode": "on", "keep_max": 5}
    changed = http.patch(f"/v1/keys/{made['id']}", json={
        "policy": {"tool_selection": {"pinned": ["archive_parking_permit"]}}})
    assert changed.json()["policy"]["tool_selection"] == {
        "mode": "on", "keep_max": 5, "pinned": ["archive_parking_permit"]}
    run_chat(gpt_of(gateway, made))
    offered = [tool["function"]["name"] for tool in offers_of(upstreams["gpt"])[0]]
    assert "archive_parking_permit" in offered and len(offered) <= 12


def test_the_nearest_scope_says_the_mode_and_a_wider_one_how_far(gateway, http):
    def held(key):
        return httpx.get(f"{gateway.url}/v1/key", headers={"Authorization": f"Bearer {key['key']}"}).json()["tool_selection"]

    silent, own = http.post("/v1/keys", json={"name": "silent"}).json(), make_key(http, "on")
    nothing = {"mode": "off", "source": None, "held_by": None, "cache_policy": "auto", "keep_max": None,
               "target_percent": 97, "pinned": [], "private_models": False, "trial": None}
    assert held(silent) == nothing
    assert held(own) == nothing | {"mode": "on", "source": "key"}
    try:
        changed = http.patch("/v1/account/policy", json={"tool_selection": {"mode": "shadow", "at_most": "shadow"}})
        assert changed.status_code == 200, changed.text
        assert held(silent) == nothing | {"mode": "shadow", "source": "team"}
        assert held(own) == nothing | {"mode": "shadow", "source": "key", "held_by": "team"}
        assert http.get(f"/v1/keys/{own['id']}").json()["tool_selection"]["held_by"] == "team"
    finally:
        assert http.patch("/v1/account/policy", json={"tool_selection": None}).status_code == 200
    assert held(own)["mode"] == "on", "from the next request on"


def test_health_tells_what_became_of_each_tool(gateway, upstreams, http):
    upstreams["gpt"].behave = chat_model
    run_chat(gpt_of(gateway, make_key(http, "on")))
    health = http.get("/v1/account/tools/health").json()
    assert health["object"] == "tools_health" and health["calls"] >= 3 and health["recall_basis_points"] is not None
    tools = {tool["name"]: tool for tool in health["data"]}
    assert set(tools) <= set(NAMES) and tools["create_invoice"]["called"] >= 1
    assert all(tool["description"] is None for tool in tools.values()), "these say enough"
    assert any(tool["left_out"] > 0 for tool in tools.values())


def test_explain_says_why_and_takes_nothing(gateway, upstreams, http):
    key = make_key(http, "off", toollist={"denied": ["delete_*"]})
    warm(gateway, "/v1/chat/completions", {"tools": CHAT_TOOLS}, key)
    warm(gateway, "/v1/messages", {"tools": CLAUDE_TOOLS}, key)
    before = len(http.get("/v1/account/requests").json()["data"])
    body = {"model": GPT, "messages": [{"role": "user", "content": TASK}], "tools": CHAT_TOOLS}
    told = http.post("/v1/account/tools/explain", params={"key": key["id"]}, json=body)
    assert told.status_code == 200, told.text
    told = told.json()
    assert (told["offered"], told["permitted"], told["outcome"]) == (60, 48, "selected")
    tools = {tool["name"]: tool for tool in told["data"]}
    assert tools["create_invoice"]["kept"] and tools["create_invoice"]["says"]
    assert not any(name.startswith("delete_") for name in tools)
    assert sum(tool["kept"] for tool in tools.values()) == told["kept"] < 48
    claude_told = http.post("/v1/account/tools/explain", params={"key": key["id"], "endpoint": "/v1/messages"}, json={
        "max_tokens": 5, "messages": body["messages"], "tools": CLAUDE_TOOLS}).json()
    assert claude_told["kept"] == told["kept"], "whatever the dialect"
    for params, content in (({"endpoint": "/v1/embeddings"}, b"{}"), ({"what": "x"}, b"{}"), ({}, b"[1"), ({}, b"[]")):
        refused = http.post("/v1/account/tools/explain", params={"key": key["id"]} | params, content=content)
        assert refused.status_code == 400, (params, content, refused.text)
    assert len(http.get("/v1/account/requests").json()["data"]) == before and upstreams["gpt"].calls == []


@pytest.mark.parametrize("change", [
    {"tools": [{"type": "function", "function": {"name": "deep", "parameters": None}}] * 5},
    {"tools": [{"type": "function", "function": {"name": "same", "description": "twice"}}] * 30},
    {"tools": CHAT_TOOLS + [{"type": "function", "function": {"name": "", "description": "nameless"}}]},
    {"tools": [{"type": "function", "function": {"name": f"t{i}", "description": "говорит по-русски"}} for i in range(30)]},
    {"tools": [{"type": "function", "function": {"name": f"t{i}"}} for i in range(5000)]},
    {"tools": [7, "x", None] * 20}])
def test_what_is_odd_is_answered_all_the_same(gateway, upstreams, http, change):
    async def nod(call, link):
        await link.answer(200, {"id": "c1", "object": "chat.completion", "created": 1, "model": GPT, "choices": [],
                                "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}})

    upstreams["gpt"].behave = nod
    body = {"model": GPT, "messages": [{"role": "user", "content": TASK}]} | change
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=20,
                        headers={"Authorization": f"Bearer {make_key(http, 'on')['key']}"})
    assert answer.status_code == 200, answer.text
    sent = upstreams["gpt"].last()
    assert len(sent.json()["tools"]) <= len(change["tools"])
