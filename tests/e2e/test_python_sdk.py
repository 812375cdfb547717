"""What users do with the official Python client works, and the provider gets what it should."""
import asyncio
import hashlib
import io
import json
import threading

import openai
import pytest

from imposter import PROVIDER_KEY, SPEECH, USAGE, VECTOR, chunk

HELLO = [{"role": "user", "content": "Say hello"}]
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "parameters": {"type": "object",
                                          "properties": {"city": {"type": "string"}}}}}]
MEGABYTE = 1_000_000


@pytest.mark.parametrize("model", ["imposter-1", "imposter/imposter-1", "near_qwen3_30b"])
def test_a_chat_is_answered_whatever_the_form_of_the_model_id(client, imposter, model):
    answer = client.chat.completions.create(model=model, messages=HELLO)
    assert answer.choices[0].message.content == "Hello, world"
    assert answer.usage.total_tokens == USAGE["total_tokens"]
    assert imposter.last().json()["model"] == model.removeprefix("imposter/")


def test_the_provider_gets_its_own_key_and_nothing_of_the_client(client, gateway, imposter):
    client.chat.completions.create(
        model="imposter-1", messages=HELLO,
        extra_headers={"Cookie": "session=of-the-client", "X-Forwarded-For": "10.9.8.7",
                       "X-Keywarden-Team": "someone-else", "OpenAI-Organization": "org-client"})
    call = imposter.last()
    assert call.header("authorization") == f"Bearer {PROVIDER_KEY}"
    assert gateway.key.encode() not in call.head + call.body
    for name in ("cookie", "x-forwarded-for", "x-keywarden-team", "x-api-key", "api-key",
                 "openai-organization", "x-stainless-os"):
        assert call.header(name) is None, name
    assert call.header("host") == f"127.0.0.1:{imposter.port}"
    assert "gzip" not in (call.header("accept-encoding") or "")


def test_a_stream_arrives_piece_by_piece_and_without_a_chunk_nobody_asked_for(client, imposter):
    chunks = list(client.chat.completions.create(model="imposter-1", messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello, world"
    assert all(chunk.usage is None for chunk in chunks)
    # Usage is metered all the same: the gateway asked for it.
    assert imposter.last().json()["stream_options"]["include_usage"] is True


def test_a_stream_ends_with_usage_where_the_client_asks_for_it(client):
    chunks = list(client.chat.completions.create(
        model="imposter-1", messages=HELLO, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens == USAGE["total_tokens"]
    assert chunks[-1].choices == []


def test_an_event_is_passed_on_before_the_next_one_exists(client, imposter):
    seen = threading.Event()

    async def wait_for_the_reader(_, link):
        await link.start_stream()
        await link.event(chunk("first"))
        assert await asyncio.to_thread(seen.wait, 10)
        await link.event(chunk("second"))
        await link.end_stream()

    imposter.behave = wait_for_the_reader
    texts = []
    for one in client.chat.completions.create(model="imposter-1", messages=HELLO, stream=True):
        texts.append(one.choices[0].delta.content)
        seen.set()
    assert texts == ["first", "second"]


def test_tools_are_called_in_one_piece_and_streamed(client):
    whole = client.chat.completions.create(model="imposter-1", messages=HELLO, tools=TOOLS)
    call = whole.choices[0].message.tool_calls[0].function
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Oslo"})

    name, arguments = "", ""
    for one in client.chat.completions.create(model="imposter-1", messages=HELLO, tools=TOOLS,
                                              stream=True):
        for part in one.choices[0].delta.tool_calls or []:
            name += part.function.name or ""
            arguments += part.function.arguments or ""
    assert (name, json.loads(arguments)) == ("get_weather", {"city": "Oslo"})


def test_embeddings_come_in_the_base64_that_the_client_asks_for_by_itself(client, imposter):
    answer = client.embeddings.create(model="imposter-1", input=["a", "b"])
    assert [row.embedding for row in answer.data] == [VECTOR, VECTOR]
    assert imposter.last().json()["encoding_format"] == "base64"


def test_models_are_listed_and_read_one_by_one(client):
    ids = [model.id for model in client.models.list()]
    assert {"imposter-1", "near_qwen3_30b", "sandbox"} <= set(ids)
    assert client.models.retrieve("imposter-1").id == "imposter-1"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_responses_are_relayed_whole_and_as_named_events(client):
    assert client.responses.create(model="imposter-1", input="x").output_text == "Hello, world"
    events = list(client.responses.create(model="imposter-1", input="x", stream=True))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    assert "".join(event.delta for event in events
                   if event.type == "response.output_text.delta") == "Hello, world"


def test_completions_moderations_and_images_are_relayed(client):
    assert client.completions.create(model="imposter-1", prompt="hi").choices[0].text == " there"
    moderation = client.moderations.create(model="imposter-1", input="x")
    assert moderation.results[0].flagged is False
    image = client.images.generate(model="imposter-1", prompt="a gate")
    assert image.data[0].b64_json == "aW1hZ2U="


def test_rerank_is_relayed(http):
    answer = http.post("/v1/rerank", json={"model": "imposter-1", "query": "q",
                                           "documents": ["a", "b"]})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["index"] == 1


def test_an_image_edit_carries_its_file_unchanged(client, imposter):
    picture = bytes(range(256)) * 4
    answer = client.images.edit(model="imposter-1", image=("gate.png", picture, "image/png"),
                                prompt="open it")
    assert answer.data[0].b64_json == "aW1hZ2U="
    assert picture in imposter.last().body


@pytest.mark.parametrize("size", [1000, 40 * MEGABYTE])
def test_a_recording_of_any_size_reaches_the_provider_unchanged(client, imposter, size):
    recording = (hashlib.sha256(b"noise").digest() * (size // 32 + 1))[:size]
    answer = client.audio.transcriptions.create(
        model="imposter-1", file=("speech.wav", io.BytesIO(recording), "audio/wav"))
    call = imposter.last()
    assert answer.text == f"heard {call.length} bytes"
    assert call.length > size
    assert (call.header("content-type") or "").startswith("multipart/form-data; boundary=")
    if call.body:
        assert recording in call.body


def test_speech_comes_back_byte_for_byte(client):
    answer = client.audio.speech.create(model="imposter-1", voice="alloy", input="hello")
    assert answer.content == SPEECH
    with client.audio.speech.with_streaming_response.create(
            model="imposter-1", voice="alloy", input="hello") as stream:
        assert b"".join(stream.iter_bytes()) == SPEECH


def test_a_body_passes_through_byte_for_byte_but_for_the_model(http, imposter):
    body = (b'{ "messages":[{"role":"user","content":"\\u00e9\\ud83d\\ude00 \xc3\xa9"}],\n'
            b'\t"model" : "imposter/imposter-1" , "temperature":1.0e0,"x_vendor":{"b":1,"a":[ ]},'
            b'"seed":12345678901234567890 }')
    answer = http.post("/v1/chat/completions", content=body,
                       headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert imposter.last().body == body.replace(b"imposter/imposter-1", b"imposter-1")


def test_an_answer_passes_through_byte_for_byte(http, imposter):
    odd = b'{"choices" : [ ], "usage":{"prompt_tokens":1,"completion_tokens":1},\n "x":"\\u00e9" }\n'

    async def answer_oddly(_, link):
        await link.answer(200, odd)

    imposter.behave = answer_oddly
    answer = http.post("/v1/chat/completions", json={"model": "imposter-1", "messages": HELLO})
    assert answer.content == odd


def test_every_answer_has_a_request_id_and_says_what_is_left(client):
    headers = client.chat.completions.with_raw_response.create(
        model="imposter-1", messages=HELLO, extra_headers={"X-Request-Id": "mine-1"}).headers
    assert len(headers["x-request-id"]) == 36 and headers["x-request-id"][14] == "7"
    assert headers["x-client-request-id"] == "mine-1"
    assert headers["ratelimit-policy"].startswith('"rpm";q=')
    assert headers["ratelimit"].startswith('"rpm";r=')
    assert int(headers["x-ratelimit-limit-requests"]) > int(
        headers["x-ratelimit-remaining-requests"])
    assert headers["x-ratelimit-reset-requests"]


def test_the_providers_connections_are_used_again(client, imposter):
    for _ in range(5):
        client.chat.completions.create(model="imposter-1", messages=HELLO)
    assert len({call.connection for call in imposter.calls}) == 1
