"""What people build upon: LangChain's and Vercel's models work against a gateway, as they are."""
import subprocess
import sys

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from conftest import NODE, run_node
from gateway import PLAIN_ENVIRONMENT
from test_documents import GUIDES, blocks

DIALECTS = ("openai", "anthropic")
VENDORS_ERRORS = {"openai": openai, "anthropic": anthropic}


class City(BaseModel):
    """Where it is asked for."""
    name: str
    people: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"It snows in {city}."


def model_of(gateway, dialect, model="sandbox", **more):
    if dialect == "openai":
        return ChatOpenAI(model=model, base_url=gateway.base_url, api_key=gateway.key,
                          max_retries=0, timeout=20, **more)
    return ChatAnthropic(model=model, base_url=gateway.url, api_key=gateway.key, max_retries=0,
                         timeout=20, **more)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_langchain_is_answered_and_told_what_it_used(gateway, dialect):
    answer = model_of(gateway, dialect, "sandbox/words-12").invoke("Say something")
    assert len(answer.text.split()) == 12
    assert answer.usage_metadata["output_tokens"] == 12
    assert answer.usage_metadata["input_tokens"] == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_langchain_reads_a_stream_to_its_end(gateway, dialect):
    model = model_of(gateway, dialect, "sandbox/words-12", stream_usage=True)
    pieces = list(model.stream("Say something"))
    whole = sum(pieces[1:], pieces[0])
    assert len(pieces) > 2 and len(whole.text.split()) == 12
    assert whole.usage_metadata["output_tokens"] == 12


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
def test_langchain_calls_a_tool_and_is_answered_after_its_result(gateway, dialect, stream):
    model = model_of(gateway, dialect).bind_tools([get_weather])
    question = HumanMessage("What is the weather in Oslo?")
    if stream:
        pieces = list(model.stream([question]))
        asked = sum(pieces[1:], pieces[0])
    else:
        asked = model.invoke([question])
    [call] = asked.tool_calls
    assert call["name"] == "get_weather" and set(call["args"]) == {"city"}
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    answer = model.invoke([question, AIMessage(asked.content, tool_calls=asked.tool_calls), result])
    assert answer.text and not answer.tool_calls


@pytest.mark.parametrize("dialect", DIALECTS)
def test_langchain_gets_the_structure_that_it_asks_for(gateway, dialect):
    made = model_of(gateway, dialect).with_structured_output(City).invoke("Where is it?")
    assert isinstance(made, City)


def test_langchain_embeds(gateway):
    embeddings = OpenAIEmbeddings(model="sandbox", base_url=gateway.base_url, api_key=gateway.key,
                                  check_embedding_ctx_length=False)
    assert [len(one) for one in embeddings.embed_documents(["a gate", "a key"])] == [1536, 1536]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_langchain_raises_the_vendors_error_for_what_is_refused(gateway, dialect, new_key):
    gateway_error = VENDORS_ERRORS[dialect]
    with pytest.raises(gateway_error.NotFoundError):
        model_of(gateway, dialect, "no-such-model").invoke("Hello")
    with pytest.raises(gateway_error.RateLimitError):
        model_of(gateway, dialect, "sandbox/error-429").invoke("Hello")


@pytest.fixture
def vercel(gateway):
    def run(scenario, **arguments):
        return run_node("ai_sdk.mjs", scenario, arguments, {
            "KEYWARDEN_URL": gateway.base_url, "KEYWARDEN_API_KEY": gateway.key})
    return run


KINDS = ("responses", "chat", "anthropic")


@pytest.mark.parametrize("kind", KINDS)
def test_the_ai_sdk_is_answered_and_told_what_it_used(vercel, kind):
    answer = vercel("text", kind=kind, model="sandbox/words-12")
    assert len(answer["text"].split()) == 12
    assert answer["usage"]["outputTokens"] == 12 and answer["finishReason"] == "stop"


@pytest.mark.parametrize("kind", KINDS)
def test_the_ai_sdk_reads_a_stream_to_its_end(vercel, kind):
    answer = vercel("stream", kind=kind, model="sandbox/words-12")
    assert answer["pieces"] > 2 and len(answer["text"].split()) == 12
    assert answer["usage"]["outputTokens"] == 12


@pytest.mark.parametrize("kind", KINDS)
def test_the_ai_sdk_runs_a_tool_and_goes_on(vercel, kind):
    answer = vercel("tools", kind=kind, model="sandbox")
    assert answer["ran"] == 1 and answer["steps"] == 2 and answer["text"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_ai_sdk_gets_the_object_that_it_asks_for(vercel, kind):
    made = vercel("object", kind=kind, model="sandbox")
    assert isinstance(made["name"], str) and isinstance(made["people"], (int, float))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model, status, retried", [("no-such-model", 404, False),
                                                    ("sandbox/error-429", 429, True)])
def test_the_ai_sdk_knows_what_may_be_tried_again(vercel, kind, model, status, retried):
    assert vercel("error", kind=kind, model=model) == {
        "name": "AI_APICallError", "status": status, "isRetryable": retried}


def test_langchain_and_the_ai_sdk_work_as_their_page_says(gateway):
    page = GUIDES / "frameworks.md"
    environment = PLAIN_ENVIRONMENT | {"KEYWARDEN_API_KEY": gateway.key}
    [python], [js] = blocks(page, "python"), blocks(page, "js")
    (NODE / "frameworks.mjs").write_text(js.replace("http://127.0.0.1:8080", gateway.url))
    for command in ([sys.executable, "-c", python.replace("http://127.0.0.1:8080", gateway.url)],
                    ["node", NODE / "frameworks.mjs"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0 and done.stdout.strip(), done.stderr
