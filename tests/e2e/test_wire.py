"""HTTP/1.1 as it comes over the wire: pipelining, half-closed ends, and attempts to smuggle."""
import asyncio
import json
import socket

import pytest

from raw import Wire, post

BODY = b'{"model":"imposter-1","messages":[{"role":"user","content":"hi"}]}'
CLOSE_MS_MAX = 5


def test_pipelined_requests_are_answered_in_order(gateway, imposter):
    async def slow_first(call, link):
        number = call.json()["seed"]
        if number == 0:
            await asyncio.sleep(0.2)
        await link.answer(200, {"seed": number})

    imposter.behave = slow_first
    with Wire(gateway) as wire:
        wire.send(b"".join(post(gateway.key, b'{"model":"imposter-1","messages":[],"seed":%d}' % n)
                           for n in range(8)))
        assert [wire.answer().body for _ in range(8)] == [b'{"seed": %d}' % n for n in range(8)]


def test_a_body_may_come_byte_by_byte_and_in_chunks(gateway, imposter):
    head = post(gateway.key, b"", extra=b"").replace(b"Content-Length: 0\r\n\r\n",
                                                     b"Transfer-Encoding: chunked\r\n\r\n")
    with Wire(gateway) as wire:
        wire.send(head)
        for n in range(len(BODY)):
            wire.send(b"1\r\n" + BODY[n:n + 1] + b"\r\n")
        wire.send(b"0\r\n\r\n")
        assert wire.answer().status == 200
    assert imposter.last().body == BODY


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(gateway):
    request = post(gateway.key, BODY, extra=b"Expect: 100-continue\r\n")
    with Wire(gateway) as wire:
        wire.send(request[:-len(BODY)])
        assert wire.answer().status == 100
        wire.send(BODY)
        assert wire.answer().status == 200


def test_a_client_with_a_wrong_key_is_refused_before_its_body_is_asked_for(gateway):
    request = post("nonsense", BODY, extra=b"Expect: 100-continue\r\n")
    with Wire(gateway) as wire:
        wire.send(request[:-len(BODY)])
        assert wire.answer().status == 401


@pytest.mark.parametrize("change, status, code", [
    ((b"Content-Type", b"Expect: tea\r\nContent-Type"), 417, "expectation_failed"),
    ((b"Content-Type", b"Content-Encoding: gzip\r\nContent-Type"), 415, "unsupported_media_type"),
    ((b" HTTP/1.1", b" HTTP/1.2"), 505, "http_version_not_supported"),
    ((b'"model"', b'"Model":"other","model"'), 400, "invalid_request"),
])
def test_what_two_readers_could_take_for_two_things_is_refused_in_openais_shape(
        gateway, imposter, change, status, code):
    body = BODY.replace(*change)
    with Wire(gateway) as wire:
        wire.send(post(gateway.key, body).replace(*change) if body == BODY else post(gateway.key, body))
        answer = wire.answer()
    assert answer.status == status and json.loads(answer.body)["error"]["code"] == code
    assert imposter.calls == []


def test_a_connection_is_kept_and_closed_as_the_client_asks(gateway):
    with Wire(gateway) as wire:
        for _ in range(3):
            wire.send(post(gateway.key, BODY))
            assert wire.answer().status == 200
        wire.send(post(gateway.key, BODY, extra=b"Connection: close\r\n"))
        answer = wire.answer()
        assert answer.status == 200 and answer.headers["connection"] == "close"
        assert wire.is_closed()


def test_a_client_that_half_closes_after_its_request_is_answered(gateway):
    with Wire(gateway) as wire:
        wire.send(post(gateway.key, BODY))
        wire.socket.shutdown(socket.SHUT_WR)
        received = wire.rest()
    # It may be taken for a client that left, but never be answered by half.
    assert received == b"" or received.startswith(b"HTTP/1.1 200 ")


KEY_LINE = b"Authorization: Bearer %s\r\n"
SMUGGLED = b"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n" + KEY_LINE
ATTEMPTS = {
    "length and chunks": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a length in hexadecimal": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "a length too large": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked misspelt": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded line": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed": HEAD + b"Content-Length: 2\nX: y\r\n\r\n{}",
    "a bare carriage return": HEAD + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a NUL": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "two hosts": HEAD + b"Host: b\r\nContent-Length: 2\r\n\r\n{}",
    "no host": b"POST /v1/chat/completions HTTP/1.1\r\n" + KEY_LINE + b"Content-Length: 2\r\n\r\n{}",
    "a chunk of negative size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk that overflows": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
    "a chunk without its end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n0\r\n\r\n",
    "a bare line feed after a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "HTTP/1.0 with chunks": b"POST /v1/chat/completions HTTP/1.0\r\nHost: a\r\n" + KEY_LINE
                            + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_doubtful_framing_is_refused_and_the_connection_closed(gateway, imposter, attempt):
    request = attempt.replace(b"%s", gateway.key.encode())
    with Wire(gateway) as wire:
        wire.send(request + SMUGGLED)
        answer = wire.answer()
        assert answer.status in (400, 411, 413, 501, 505), answer
        assert wire.is_closed(CLOSE_MS_MAX), "the smuggled request was read"
    assert imposter.calls == []


@pytest.mark.parametrize("head, status", [
    (b"GET /v1/models HTTP/1.1\r\nHost: a\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\n", 431),
    (b"GET /v1/models HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", 431),
    (b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", None),
])
def test_a_head_over_the_bound_is_refused(gateway, head, status):
    with Wire(gateway) as wire:
        try:
            wire.send(head)
        except OSError:
            pass
        answer = wire.answer()
        assert answer.status in ((status,) if status else (400, 414, 431))


def test_a_head_that_never_ends_is_given_up(start):
    one = start('[limits]\nhead_timeout = "1s"\n')
    with Wire(one) as wire:
        wire.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        rest = wire.rest()
    assert rest == b"" or rest.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_never_ends_is_given_up(start):
    one = start('[limits]\nbody_timeout = "1s"\n')
    with Wire(one) as wire:
        wire.send(post(one.key, BODY)[:-10])
        rest = wire.rest()
    assert rest == b"" or rest.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", [b"/v1/../health", b"/v1/models/%00", b"//health", b"/v1/models/%2e%2e",
                                  b"/health%0d%0aX:y", b"/v1/models/%zz"])
def test_a_crooked_path_reaches_nothing(gateway, path):
    with Wire(gateway) as wire:
        wire.send(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n" + KEY_LINE.replace(
            b"%s", gateway.key.encode()) + b"\r\n")
        assert wire.answer().status in (400, 404)
