"""boto3 asks models of OpenAI's and Anthropic's dialect, and their SDKs ask models of Bedrock. The Bedrock here holds each
request to botocore's model of the API and to its signature; boto3 itself checks the frames."""
import base64
import json

import anthropic
import boto3
import openai
import pytest
from botocore.config import Config
from botocore.exceptions import EventStreamError

import bedrock
import claude
from books import check_books
from conftest import ROOMY, provider
from gateway import Gateway
from imposter import PROVIDER_KEY, Imposter, chunk

NOVA, CLAUDE, GPT = "maker.imposter-v1:0", "claude-imposter-1", "imposter-1"
HELLO = [{"role": "user", "content": "Say hello"}]
CONVERSE_HELLO = [{"role": "user", "content": [{"text": "Say hello"}]}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SPEC = {"toolSpec": {"name": "get_weather", "description": "The weather", "inputSchema": {"json": SCHEMA}}}
OPENAI_TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": SCHEMA}}]
CLAUDE_TOOLS = [{"name": "get_weather", "description": "The weather", "input_schema": SCHEMA}]
PNG = base64.b64decode("iVBORw0KGgo=")


@pytest.fixture(scope="module")
def the_bedrock():
    imposter = Imposter()
    yield imposter
    imposter.stop()


@pytest.fixture
def aws(the_bedrock):
    the_bedrock.reset()
    the_bedrock.behave = bedrock.answering()
    return the_bedrock


@pytest.fixture
def anthropics_imposter(the_claude):
    the_claude.reset()
    the_claude.behave = claude.answer_as_anthropic
    return the_claude


@pytest.fixture(scope="module")
def gateway(the_bedrock, the_claude, the_imposter, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("converse") / "data",
                      ROOMY + bedrock.provider(the_bedrock) + claude.provider(the_claude).replace(
                          ', { id = "quick", upstream = "claude-imposter-1" }', "") + provider(the_imposter),
                      env=bedrock.ENVIRONMENT | {"CLAUDE_API_KEY": claude.CLAUDE_KEY, "IMPOSTER_API_KEY": PROVIDER_KEY})
    yield gateway
    assert gateway.stop() == 0, gateway.logged()
    check_books(gateway.data_dir, ended_well=True)
    for secret in (bedrock.SECRET, bedrock.TOKEN):
        assert secret not in gateway.logged() + gateway.printed()


@pytest.fixture
def gpt(gateway, aws):
    with openai.OpenAI(api_key=gateway.key, base_url=gateway.base_url, max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture
def anthropics(gateway, aws):
    with anthropic.Anthropic(api_key=gateway.key, base_url=gateway.url, max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture
def boto(gateway, imposter, anthropics_imposter):
    return boto3.Session().client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.url, aws_access_key_id=gateway.key,
        aws_secret_access_key="unused", config=Config(read_timeout=20, retries={"total_max_attempts": 1}))


def read(answer) -> dict:
    """The message of a stream, put together as AWS's examples do, and what came behind it."""
    blocks, out = {}, {}
    for event in answer["stream"]:
        ((kind, data),) = event.items()
        if kind == "contentBlockStart":
            blocks[data["contentBlockIndex"]] = {"toolUse": data["start"]["toolUse"] | {"input": ""}}
        elif kind == "contentBlockDelta":
            block = blocks.setdefault(data["contentBlockIndex"], {})
            if "text" in data["delta"]:
                block["text"] = block.get("text", "") + data["delta"]["text"]
            else:
                block["toolUse"]["input"] += data["delta"]["toolUse"]["input"]
        elif kind != "contentBlockStop":
            out[kind] = data
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return {"message": {"role": out["messageStart"]["role"], "content": list(blocks.values())},
            "stopReason": out["messageStop"]["stopReason"], "usage": out["metadata"]["usage"]}


def ask(boto, stream, **more) -> dict:
    asked = {"messages": CONVERSE_HELLO} | more
    if stream:
        return read(boto.converse_stream(**asked))
    answer = boto.converse(**asked)
    return {"message": answer["output"]["message"], "stopReason": answer["stopReason"], "usage": answer["usage"]}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model, usage", [
    (GPT, {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}),
    (CLAUDE, {"inputTokens": 10, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 70,
              "cacheWriteInputTokens": 20})])
def test_boto3_asks_models_of_other_dialects(boto, model, usage, stream):
    answer = ask(boto, stream, modelId=model, system=[{"text": "Be brief."}], inferenceConfig={
        "maxTokens": 64, "temperature": 0.5, "stopSequences": ["END"]})
    assert answer["message"] == {"role": "assistant", "content": [{"text": "Hello, world"}]}
    assert answer["stopReason"] == "end_turn"
    assert usage.items() <= answer["usage"].items()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [GPT, CLAUDE])
def test_boto3_calls_tools_through_them_and_tells_their_results(boto, imposter, anthropics_imposter, model, stream):
    tools = {"tools": [SPEC], "toolChoice": {"auto": {}}}
    answer = ask(boto, stream, modelId=model, toolConfig=tools)
    assert answer["stopReason"] == "tool_use"
    use = answer["message"]["content"][-1]["toolUse"]
    assert (use["name"], use["input"]) == ("get_weather", {"city": "Oslo"})
    ask(boto, stream, modelId=model, toolConfig=tools, messages=[*CONVERSE_HELLO, answer["message"], {
        "role": "user", "content": [{"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"sky": "grey"}}]}}]}])
    told = (imposter if model == GPT else anthropics_imposter).last().json()["messages"][-1]
    if model == GPT:
        assert told == {"role": "tool", "tool_call_id": use["toolUseId"], "content": '{"sky":"grey"}'}
    else:
        assert told["content"][0]["tool_use_id"] == use["toolUseId"]


def test_boto3_sends_pictures_as_bytes(boto, imposter):
    boto.converse(modelId=GPT, messages=[{"role": "user", "content": [
        {"image": {"format": "png", "source": {"bytes": PNG}}}, {"text": "What is this?"}]}])
    assert imposter.last().json()["messages"][0]["content"][0] == {
        "type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


@pytest.mark.parametrize("stream", [False, True])
def test_boto3_raises_errors_of_others_as_its_classes(boto, imposter, anthropics_imposter, stream):
    async def limited(_, link):
        await link.error(429, "rate_limit_exceeded")

    async def overloaded(_, link):
        await claude.error(link, 529, "overloaded_error", headers=[("x-should-retry", "false")])

    imposter.behave, anthropics_imposter.behave = limited, overloaded
    with pytest.raises(boto.exceptions.ThrottlingException) as caught:
        ask(boto, stream, modelId=GPT)
    assert caught.value.response["Error"]["Message"] == "the imposter says rate_limit_exceeded"
    with pytest.raises(boto.exceptions.ServiceUnavailableException):
        ask(boto, stream, modelId=CLAUDE)


def test_a_stream_that_dies_is_raised_by_boto3(boto, imposter):
    async def die(_, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        link.reset()

    imposter.behave = die
    with pytest.raises(EventStreamError) as caught:
        read(boto.converse_stream(modelId=GPT, messages=CONVERSE_HELLO))
    assert caught.value.response["Error"]["Code"] == "modelStreamErrorException"


def test_what_boto3_asks_and_others_cannot_do_is_refused_by_name(boto, imposter):
    with pytest.raises(boto.exceptions.ValidationException) as caught:
        boto.converse(modelId=GPT, messages=CONVERSE_HELLO, guardrailConfig={
            "guardrailIdentifier": "abc", "guardrailVersion": "1"})
    assert "guardrailConfig" in caught.value.response["Error"]["Message"]
    assert imposter.calls == []


@pytest.mark.parametrize("stream", [False, True])
def test_an_openai_client_asks_bedrock(gpt, aws, stream):
    messages = [{"role": "system", "content": "Be brief."}, *HELLO]
    if stream:
        chunks = list(gpt.chat.completions.create(model=NOVA, messages=messages, stream=True, max_tokens=9,
                                                  stream_options={"include_usage": True}))
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello, world"
        usage = chunks[-1].usage
    else:
        answer = gpt.chat.completions.create(model=NOVA, messages=messages, max_tokens=9)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello, world", "stop")
        assert answer.id.startswith("chatcmpl-") and answer.model == NOVA
        usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details.cached_tokens) == (100, 7, 70)
    assert aws.last().json() == {"messages": CONVERSE_HELLO, "system": [{"text": "Be brief."}],
                                 "inferenceConfig": {"maxTokens": 9}}
    assert aws.last().path.endswith("/converse-stream" if stream else "/converse")


@pytest.mark.parametrize("stream", [False, True])
def test_an_openai_client_calls_tools_through_bedrock(gpt, aws, stream):
    if stream:
        with gpt.chat.completions.stream(model=NOVA, messages=HELLO, tools=OPENAI_TOOLS) as events:
            answer = events.get_final_completion()
    else:
        answer = gpt.chat.completions.create(model=NOVA, messages=HELLO, tools=OPENAI_TOOLS)
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.id, call.function.name) == ("tooluse_1", "get_weather")
    assert json.loads(call.function.arguments)["city"] == "Oslo"
    gpt.chat.completions.create(model=NOVA, tools=OPENAI_TOOLS, messages=[
        *HELLO, {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"}])
    assert aws.last().json()["messages"][-1]["content"] == [
        {"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "rain"}]}}]


@pytest.mark.parametrize("stream", [False, True])
def test_an_anthropic_client_asks_bedrock(anthropics, aws, stream):
    asked = {"model": NOVA, "max_tokens": 64, "messages": HELLO, "tools": CLAUDE_TOOLS}
    for tools in (False, True):
        if not tools:
            del asked["tools"]
        else:
            asked["tools"] = CLAUDE_TOOLS
        if stream:
            with anthropics.messages.stream(**asked) as events:
                answer = events.get_final_message()
        else:
            answer = anthropics.messages.create(**asked)
        assert answer.stop_reason == ("tool_use" if tools else "end_turn")
        assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens) == (10, 70, 7)
        if tools:
            assert (answer.content[-1].name, answer.content[-1].input["city"]) == ("get_weather", "Oslo")
        else:
            assert answer.content[0].text == "Hello, world"


def test_errors_of_bedrock_come_in_the_clients_dialect(gpt, anthropics, aws):
    async def throttled(_, link):
        await bedrock.refuse(link, 429, "ThrottlingException", "Too many tokens")

    aws.behave = throttled
    with pytest.raises(openai.RateLimitError) as theirs:
        gpt.chat.completions.create(model=NOVA, messages=HELLO)
    assert (theirs.value.code, theirs.value.body["message"]) == ("ThrottlingException", "Too many tokens")
    with pytest.raises(anthropic.RateLimitError) as ours:
        anthropics.messages.create(model=NOVA, max_tokens=9, messages=HELLO)
    assert ours.value.type == "rate_limit_error"


def test_an_exception_in_a_stream_of_bedrock_is_raised(gpt, anthropics, aws):
    async def fail(_, link):
        await bedrock.start_stream(link)
        await bedrock.send(link, bedrock.START + bedrock.text("Hello")
                           + bedrock.exception("throttlingException", "Too many tokens"), pieces=50)
        await bedrock.end_stream(link)

    aws.behave = fail
    with pytest.raises(openai.APIError) as theirs:
        list(gpt.chat.completions.create(model=NOVA, messages=HELLO, stream=True))
    assert theirs.value.body["message"] == "Too many tokens"
    with pytest.raises(anthropic.APIStatusError) as ours:
        list(anthropics.messages.create(model=NOVA, max_tokens=9, messages=HELLO, stream=True))
    assert ours.value.body["error"]["type"] == "rate_limit_error"
