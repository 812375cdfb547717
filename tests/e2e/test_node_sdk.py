"""What users do with the official Node client works."""
import base64

import pytest

from imposter import SPEECH, USAGE, VECTOR

MODEL = "imposter-1"


def test_a_chat_is_answered(node):
    answer = node("chat", model=MODEL)
    assert answer["choices"][0]["message"]["content"] == "Hello, world"


def test_a_stream_is_read_to_its_end_with_usage_only_where_asked_for(node):
    plain = node("stream", model=MODEL)
    assert plain["text"] == "Hello, world" and plain["usage"] is None
    asked = node("stream", model=MODEL, options={"stream_options": {"include_usage": True}})
    assert asked["usage"] == USAGE


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called(node, stream):
    assert node("tools", model=MODEL, stream=stream) == {
        "name": "get_weather", "arguments": '{"city":"Oslo"}'}


def test_embeddings_are_decoded(node):
    assert node("embeddings", model=MODEL) == [VECTOR, VECTOR]


def test_models_are_listed_and_read(node):
    assert {MODEL, "sandbox"} <= set(node("models"))
    assert node("model", model=MODEL)["id"] == MODEL


def test_responses_are_answered_and_streamed(node):
    assert node("responses", model=MODEL) == "Hello, world"
    assert node("responses_stream", model=MODEL) == "Hello, world"


def test_a_file_is_uploaded_and_speech_is_downloaded(node, imposter):
    assert node("transcription", model=MODEL, bytes=5_000_000)["text"].startswith("heard 50002")
    assert base64.b64decode(node("speech", model=MODEL)) == SPEECH
    assert node("image", model=MODEL) == "aW1hZ2U="
