"""What must never be kept is not kept: planted keys and prompts are looked for everywhere."""
import hashlib
import pathlib

import httpx
import pytest

from imposter import PROVIDER_KEY, chunk
from raw import Wire, post

PROMPT = "canary-prompt-7f3a9c"
COMPLETION = "canary-completion-51bd0e"
HEADER = "canary-header-90aa12"
ARGUMENT = "canary-argument-c4e8d7"


@pytest.fixture
def talkative(start, imposter):
    """A gateway at its most talkative, after calls of every kind that carry canaries."""
    async def answer(call, link):
        if b'"stream":true' in call.body:
            await link.start_stream()
            await link.event(chunk(COMPLETION))
            if b"die" in call.body:
                link.reset()
                return
            await link.end_stream()
        elif b"fail" in call.body:
            await link.error(500, COMPLETION)
        elif b"refuse" in call.body:
            await link.answer(401, {"error": {"message": COMPLETION}})
        else:
            await link.answer(200, {"choices": [{"message": {"content": COMPLETION}}]})

    imposter.behave = answer
    one = start(extra=["--set", "log.level=debug"])
    secrets = {one.key}
    with httpx.Client(base_url=one.url, timeout=20, headers={
            "Authorization": f"Bearer {one.key}", "X-Canary": HEADER, "Cookie": HEADER}) as http:
        made = http.post("/v1/keys", json={"name": "canary"})
        assert made.status_code == 201, made.text
        made = made.json()
        rotated = http.post(f"/v1/keys/{made['id']}/rotate", json={"grace": "1h"}).json()
        secrets |= {made["key"], rotated["key"]}
        for said in ("", "fail", "refuse"):
            http.post("/v1/chat/completions", json={
                "model": "imposter-1", "messages": [{"role": "user", "content": PROMPT + said}],
                "tools": [{"type": "function", "function": {"name": ARGUMENT}}]})
        for said in ("", "die"):
            try:
                http.post("/v1/chat/completions", content=(
                    '{"model":"imposter-1","stream":true,"messages":[{"role":"user","content":"%s"}]}'
                    % (PROMPT + said)), headers={"Content-Type": "application/json"})
            except httpx.RemoteProtocolError:
                pass
        http.post("/v1/chat/completions", content='{"model":"%s"' % PROMPT,
                  headers={"Content-Type": "application/json"})
        http.post("/v1/chat/completions", json={"model": PROMPT, "messages": []})
        http.get(f"/v1/{PROMPT}?q={PROMPT}")
        http.post("/v1/keys", json={"name": "x", PROMPT: 1})
        wrong = made["key"][:-1] + ("b" if made["key"][-1] == "a" else "a")
        http.get("/v1/key", headers={"Authorization": f"Bearer {wrong}"})
        secrets.add(wrong)
    with Wire(one) as wire:
        wire.send(post(one.key, b"{}", extra=b"Bad Header: " + HEADER.encode() + b"\r\n"))
        wire.answer()
    assert len(imposter.calls) >= 5
    assert one.stop() == 0
    return one, secrets


def forbidden(secrets):
    parts = {secret.rsplit("_", 1)[1][:43] for secret in secrets if secret.startswith("kw_")}
    return secrets | parts | {PROMPT, COMPLETION, HEADER, ARGUMENT, PROVIDER_KEY}


def test_no_secret_prompt_completion_or_header_is_logged(talkative):
    gateway, secrets = talkative
    log = gateway.logged()
    assert "server.started" in log
    for text in forbidden(secrets):
        assert text not in log, text


def test_nothing_of_them_is_on_disk_but_the_hashes_of_keys(talkative):
    gateway, secrets = talkative
    files = [path for path in pathlib.Path(gateway.data_dir).rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for text in forbidden(secrets):
            assert text.encode() not in content, f"{text} in {path.name}"
    # An HMAC with the pepper, not a bare hash that a stolen database would let one try out.
    database = b"".join(path.read_bytes() for path in files if "db" in path.name)
    for secret in secrets:
        digest = hashlib.sha256(secret.encode())
        assert digest.digest() not in database and digest.hexdigest().encode() not in database


def test_keys_cannot_be_read_from_the_process_list_or_a_core_dump(gateway):
    process = pathlib.Path("/proc") / str(gateway.process.pid)
    assert gateway.key.encode() not in (process / "cmdline").read_bytes()
    limits = (process / "limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4] == "0", core
