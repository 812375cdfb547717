"""Nothing that was said is kept, of any kind of call: not while it runs, not after a crash, not in a core dump."""
import base64
import os
import resource
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from imposter import chunk
from money_database import MoneyDatabase

CANARY = "k4n4ry-7f3a9c51bd0e"
LOOKED_FOR = [CANARY.encode(), base64.b64encode(CANARY.encode()).rstrip(b"=")[:-1],
              CANARY.encode("utf-16-le"), CANARY.upper().encode()]
HEADERS = {"X-Canary": CANARY, "Cookie": f"a={CANARY}", "User-Agent": CANARY, "Referer": CANARY,
           "OpenAI-Organization": CANARY, "traceparent": CANARY, "baggage": f"a={CANARY}",
           "X-Forwarded-For": CANARY, "X-Stainless-Lang": CANARY}
TOOLS = {"tools": [{"type": "function", "function": {
    "name": CANARY, "description": CANARY, "parameters": {"type": "object", "title": CANARY}}}]}
MESSAGES = [
    {"role": "system", "content": CANARY},
    {"role": "user", "content": [{"type": "text", "text": CANARY}, {
        "type": "image_url", "image_url": {"url": f"data:image/png;base64,{CANARY}"}}]},
    {"role": "assistant", "content": None, "tool_calls": [{
        "id": CANARY, "type": "function", "function": {"name": "f", "arguments": CANARY}}]},
    {"role": "tool", "tool_call_id": CANARY, "content": CANARY}]
CHAT = {"model": "imposter-1", "messages": MESSAGES, "user": CANARY, "stop": [CANARY],
        "metadata": {CANARY: CANARY}} | TOOLS
JSON_CALLS = {
    "/v1/chat/completions": CHAT,
    "/v1/completions": {"model": "imposter-1", "prompt": CANARY, "suffix": CANARY},
    "/v1/responses": {"model": "imposter-1", "input": CANARY, "instructions": CANARY},
    "/v1/embeddings": {"model": "imposter-1", "input": [CANARY]},
    "/v1/moderations": {"model": "imposter-1", "input": CANARY},
    "/v1/rerank": {"model": "imposter-1", "query": CANARY, "documents": [CANARY]},
    "/v1/images/generations": {"model": "imposter-1", "prompt": CANARY},
    "/v1/audio/speech": {"model": "imposter-1", "input": CANARY, "voice": CANARY}}
FORM_CALLS = ["/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits",
              "/v1/images/variations"]
STREAMED = ["/v1/chat/completions", "/v1/completions", "/v1/responses"]


@pytest.fixture
def hung():
    """Streams of a session "hangs" go on once this is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def talking(imposter, hung):
    async def answer(call, link):
        if b'"stream":true' in call.body:
            await link.start_stream()
            for _ in range(3):
                await link.event(chunk(CANARY, tool_calls=[{
                    "index": 0, "id": CANARY, "function": {"name": CANARY, "arguments": CANARY}}]))
            if b"hangs" in call.body:
                await link.until_gone()
            elif b"breaks" in call.body:
                link.reset()
            else:
                await link.end_stream()
        elif b"fails" in call.body:
            await link.error(500, CANARY)
        elif b"refused" in call.body:
            await link.answer(401, {"error": {"message": CANARY, "code": CANARY}})
        elif b"lies" in call.body:
            await link.answer(200, CANARY.encode(), content_type="text/html")
        else:
            await link.answer(200, {"id": CANARY, "choices": [{"message": {"content": CANARY}}]},
                              headers=[("X-Canary", CANARY), ("Set-Cookie", CANARY)])

    imposter.behave = answer


def talk(http):
    """Calls of every kind, to every end. Returns how many were let through."""
    def post(path, **options):
        try:
            http.post(path, **options)
        except httpx.HTTPError:
            pass  # a stream that broke off

    through = 0
    for path, body in JSON_CALLS.items():
        for end in ("", "fails", "refused", "lies"):
            post(path, json=body | {"user": CANARY + end})
            through += 1
    for path in STREAMED:
        for end in ("", "breaks"):
            post(path, json=JSON_CALLS[path] | {"stream": True, "user": CANARY + end})
            through += 1
    for path in FORM_CALLS:
        post(path, data={"model": "imposter-1", "prompt": CANARY, CANARY: CANARY},
             files={"file" if "audio" in path else "image": (CANARY, CANARY.encode())})
        through += 1
    post("/v1/chat/completions", json=CHAT, headers={"Idempotency-Key": CANARY})
    # These are refused.
    post("/v1/chat/completions", content='{"model":"%s' % CANARY)
    post("/v1/chat/completions", json=CHAT | {"messages": CANARY})
    post("/v1/chat/completions", json=CHAT | {"model": CANARY})
    post("/v1/chat/completions", json=CHAT | {"max_tokens": CANARY})
    post("/v1/chat/completions", json=CHAT, headers={"X-Keywarden-Session-Id": f"{CANARY}\t"})
    return through + 1


def everything_written(gateway):
    """What can be read of it: files, as they are now, and what it printed."""
    for path in sorted(gateway.data_dir.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
    yield "log", gateway.logged().encode()
    yield "output", gateway.printed().encode()


def assert_nothing_is_kept(gateway):
    names = []
    for name, content in everything_written(gateway):
        names.append(name)
        for text in LOOKED_FOR:
            assert text not in content, f"{text} in {name}"
    return names


def everything_told(gateway):
    """What it tells people of calls and of itself."""
    with httpx.Client(base_url=gateway.url, timeout=20,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        for path in ("/health", "/ready", "/v1/account/requests?limit=100", "/v1/account/events",
                     "/v1/account/usage/summary", "/v1/account/usage/by-model"):
            yield path, http.get(path).text
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock")),
                      base_url="http://localhost") as operator:
        yield "metrics", operator.get("/metrics").text
    yield "doctor", gateway.cli("doctor").stdout


def test_of_no_kind_of_call_is_anything_kept(start, imposter, talking, hung):
    gateway = start(extra=["--set", "log.level=debug"])
    key = gateway.key
    database = MoneyDatabase(gateway)
    with httpx.Client(base_url=gateway.url, timeout=20,
                      headers=HEADERS | {"Authorization": f"Bearer {key}"}) as http:
        through = talk(http)
        database.wait_for_calls(through)
        assert CANARY.encode() in b"".join(call.body for call in imposter.calls)
        with http.stream("POST", "/v1/chat/completions",
                         json=CHAT | {"stream": True, "user": "hangs"}) as answer:
            assert CANARY.encode() in next(answer.iter_raw())
            names = assert_nothing_is_kept(gateway)  # with rows in the log of the database
            assert any(name.endswith("-wal") for name in names)
            assert any(name.endswith(".journal") for name in names)
            for name, text in everything_told(gateway):
                assert CANARY not in text, name
            gateway.kill()
    assert_nothing_is_kept(gateway)
    gateway = start()
    gateway.key = key
    rows = database.wait_for_calls(through + 1)
    assert [row["outcome"] for row in rows].count("expired") == 1
    for name, text in everything_told(gateway):
        assert CANARY not in text, name
    assert gateway.stop() == 0
    assert_nothing_is_kept(gateway)


def core_of(pid):
    """Whether a process that a signal has ended left a core dump."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return ended.si_code == os.CLD_DUMPED


@pytest.fixture
def dumps_allowed():
    """As where an operator has allowed core dumps of any size to all processes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_leaves_no_core_dump(start, talking, hung, dumps_allowed, tmp_path, number):
    gateway = start()
    with httpx.stream("POST", f"{gateway.base_url}/chat/completions", timeout=20,
                      headers={"Authorization": f"Bearer {gateway.key}"},
                      json=CHAT | {"stream": True, "user": "hangs"}) as answer:
        assert CANARY.encode() in next(answer.iter_raw())  # it is in memory
        gateway.signal(number)
        assert not core_of(gateway.process.pid)
    gateway.process.wait()
    assert_nothing_is_kept(gateway)

    # The same of any other process: or this would show nothing.
    other = subprocess.Popen([sys.executable, "-c", "import os; os.kill(os.getpid(), %d)" % number],
                             cwd=tmp_path)
    if not core_of(other.pid):
        print("this machine writes no core dumps: the test shows little")
    other.wait()
