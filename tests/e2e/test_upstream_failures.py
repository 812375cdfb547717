"""A provider that is down, slow, lying, or dying: each time one clear error, and the gateway lives on."""
import asyncio
import socket
import threading

import httpx
import openai
import pytest

from imposter import answer_as_openai, chunk
from raw import Wire, post, until

HELLO = [{"role": "user", "content": "hi"}]
CHAT = {"model": "imposter-1", "messages": HELLO}
STREAM = CHAT | {"stream": True}
TIMEOUTS = '[upstream]\nfirst_byte_timeout = "1s"\nidle_timeout = "1s"\nconnect_timeout = "1s"\n'


def ask(http, **more):
    answer = http.post("/v1/chat/completions", json=CHAT | more)
    assert len(answer.headers["x-request-id"]) == 36
    return answer


def code(answer) -> str:
    return answer.json()["error"]["code"]


def still_works(http, imposter):
    imposter.behave = None
    assert ask(http).status_code == 200


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429])
def test_a_providers_own_refusal_passes_through(http, imposter, status):
    async def refuse(_, link):
        await link.error(status, "their_code", headers=[("retry-after", "7")])

    imposter.behave = refuse
    answer = ask(http)
    assert answer.status_code == status and code(answer) == "their_code"
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_provider_key_is_the_gateways_fault_not_the_callers(http, imposter, status):
    async def refuse(_, link):
        await link.error(status, "invalid_api_key")

    imposter.behave = refuse
    answer = ask(http)
    assert answer.status_code == 502 and code(answer) == "provider_credentials_rejected"
    assert "imposter says" not in answer.text


@pytest.mark.parametrize("status", [500, 503])
def test_a_failing_provider_is_a_server_error(client, imposter, status):
    async def fail(_, link):
        await link.error(status, "overloaded")

    imposter.behave = fail
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**CHAT)
    assert caught.value.status_code in (status, 502)


GARBAGE = [b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 64, b"HTTP/1.1 999999 x\r\n\r\n",
           b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
           b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
           b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
           b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n", b""]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_an_answer_that_is_not_http_is_a_502(http, imposter, garbage):
    async def babble(_, link):
        await link.send(garbage)
        link.writer.close()

    imposter.behave = babble
    try:
        answer = ask(http)
        assert (answer.status_code, code(answer)) == (502, "upstream_error")
    except httpx.RemoteProtocolError:  # the head had gone out before the body broke
        assert b"ZZ" in garbage
    still_works(http, imposter)


def test_an_answer_shorter_than_it_said_is_never_taken_for_whole(http, imposter):
    async def lie(_, link):
        await link.send(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
                        b'content-length: 5000\r\n\r\n{"choices":[]}')
        link.writer.close()

    imposter.behave = lie
    try:
        assert ask(http).status_code == 502
    except httpx.RemoteProtocolError:
        pass
    still_works(http, imposter)


def test_more_than_was_announced_is_never_the_next_callers_answer(http, imposter):
    async def overrun(_, link):
        await link.send(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2'
                        b'\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison')

    imposter.behave = overrun
    assert ask(http).text == "{}"
    imposter.behave = None
    for _ in range(3):
        assert "poison" not in ask(http).text


def test_a_stream_that_dies_raises_in_the_sdk_after_what_had_come(client, node, imposter):
    async def die(_, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        link.reset()

    imposter.behave = die
    said = ""
    with pytest.raises(openai.APIError):
        for one in client.chat.completions.create(**STREAM):
            said += one.choices[0].delta.content or ""
    assert said == "Hello"
    error = node("error", model="imposter-1", stream=True)
    assert error["name"] in ("APIError", "InternalServerError", "APIConnectionError"), error


def test_a_stream_that_ends_without_done_raises_in_the_sdk(client, imposter):
    async def cut(_, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        link.writer.close()

    imposter.behave = cut
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(**STREAM))


def test_a_silent_provider_is_a_504_within_the_time_set(start, imposter):
    async def sit(_, link):
        await link.until_gone()

    imposter.behave = sit
    one = start(TIMEOUTS)
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"},
                      timeout=10) as http:
        answer = ask(http)
        assert (answer.status_code, code(answer)) == (504, "upstream_timeout")
        assert imposter.last().gone.wait(5), "the gateway kept the connection"


def test_a_stream_that_stalls_ends_in_an_error_event(start, imposter):
    async def stall(_, link):
        await link.start_stream()
        await link.event(chunk("Hello"))
        await link.until_gone()

    imposter.behave = stall
    one = start(TIMEOUTS)
    with openai.OpenAI(api_key=one.key, base_url=one.base_url, max_retries=0, timeout=20) as client:
        with pytest.raises(openai.APIError):
            list(client.chat.completions.create(**STREAM))
    assert imposter.last().gone.wait(5)


def test_a_provider_that_is_not_there_is_a_502(start):
    with socket.socket() as taken:  # bound, never listening
        taken.bind(("127.0.0.1", 0))
        one = start(f"""
[[provider]]
name = "nobody"
base_url = "http://127.0.0.1:{taken.getsockname()[1]}/v1"
models = ["nobody-1"]
""")
        answer = httpx.post(f"{one.base_url}/chat/completions", json=CHAT | {"model": "nobody-1"},
                            headers={"Authorization": f"Bearer {one.key}"}, timeout=20)
    assert (answer.status_code, code(answer)) == (502, "upstream_error")
    assert "127.0.0.1" not in answer.text


def test_a_client_that_leaves_stops_the_provider(client, node, imposter):
    async def talk_until_gone(call, link):
        await link.start_stream()
        try:
            for _ in range(2000):
                await link.event(chunk("x" * 1000))
                await asyncio.sleep(0.01)
        except ConnectionError:
            call.gone.set()

    imposter.behave = talk_until_gone
    stream = client.chat.completions.create(**STREAM)
    next(iter(stream))
    stream.close()
    assert imposter.wait_for(1).gone.wait(15), "the provider was never told"
    assert node("abort", model="imposter-1", after=2) == {"chunks": 2}
    assert imposter.wait_for(2).gone.wait(15), "the provider was never told"


def test_a_client_that_does_not_read_holds_the_provider_back(gateway, imposter):
    sent = []

    async def flood(call, link):
        await link.start_stream()
        try:
            for _ in range(64):
                await link.event(chunk("x" * 1_000_000))
                sent.append(1)
        except ConnectionError:
            call.gone.set()

    imposter.behave = flood
    with Wire(gateway) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = b'{"model":"imposter-1","messages":[],"stream":true}'
        wire.send(post(gateway.key, body))
        imposter.wait_for(1)
        settled = []

        def no_longer_grows():
            settled.append(len(sent))
            return len(settled) > 50 and settled[-1] == settled[-50]

        until(no_longer_grows, 15)
    # The kernel's own buffers hold some megabytes; the gateway must not hold the other fifty.
    assert len(sent) < 40
    assert imposter.last().gone.wait(15)


def test_a_connection_that_closed_while_it_idled_is_replaced_without_the_client_noticing(http, imposter):
    closed = threading.Semaphore(0)

    async def answer_and_leave(call, link):
        await answer_as_openai(call, link)
        link.writer.close()
        await link.writer.wait_closed()
        closed.release()

    imposter.behave = answer_and_leave
    for _ in range(10):
        assert ask(http).status_code == 200
        assert closed.acquire(timeout=10)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_post_that_a_provider_may_have_begun_is_not_sent_twice(http, imposter, is_kept):
    async def read_and_die(_, link):
        link.reset()

    if is_kept:
        assert ask(http).status_code == 200
    before = len(imposter.calls)
    imposter.behave = read_and_die
    answer = ask(http)
    assert answer.status_code == 502 and answer.headers["x-keywarden-attempts"] == "1"
    assert len(imposter.calls) == before + 1


def test_half_an_upload_is_never_a_success(gateway, imposter):
    with Wire(gateway) as wire:
        wire.send(b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
                  + gateway.key.encode() + b"\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                  b"Content-Length: 50\r\n\r\n" + b"--b\r\n")
        wire.socket.shutdown(socket.SHUT_WR)  # half a body, then the end: no 2xx may come of it
        rest = wire.rest()
    assert not rest.startswith(b"HTTP/1.1 2")
