"""What a translation is kept to make (tests/golden) has the shapes that the vendors' own clients know."""
import json
from pathlib import Path

import anthropic.types
import openai.types.chat
import pytest
from pydantic import TypeAdapter

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(GOLDEN.glob("openai/*.anthropic.json")) + sorted(GOLDEN.glob("anthropic/*.openai.json"))
TYPES = {
    "request": (anthropic.types.message_create_params.MessageCreateParamsNonStreaming,
                openai.types.chat.completion_create_params.CompletionCreateParamsNonStreaming),
    "answer": (anthropic.types.Message, openai.types.chat.ChatCompletion),
    "event": (anthropic.types.RawMessageStreamEvent, openai.types.chat.ChatCompletionChunk),
}


def held_to(kind, is_openai, value):
    """Fails where `value` is not of the vendor's type; an error event has none."""
    if kind == "event" and "error" in value:
        assert isinstance(value["error"]["message"], str)
        return
    adapter = TypeAdapter(TYPES[kind][is_openai])
    # Iterables are checked while they are read.
    adapter.dump_json(adapter.validate_python(value), warnings="error")


@pytest.mark.parametrize("file", CASES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_case_has_the_vendors_shape(file):
    is_openai = file.stem.endswith(".openai")
    case = json.loads(file.read_text())
    if "request" in case:
        asked = case["request"]
        held_to("request", is_openai, {"max_tokens": 1} | asked | {"stream": False})
    if "answer" in case:
        held_to("answer", is_openai, case["answer"])
    for event in case.get("stream", []):
        data = event.split("data: ", 1)[1]
        if data != "[DONE]":
            held_to("event", is_openai, json.loads(data))
