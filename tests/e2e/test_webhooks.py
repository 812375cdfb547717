"""Events reach a receiver of one's own: signed as the guide says, and again until they are taken."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

import httpx
import pytest

ALLOWED = """
[webhooks]
allow = "127.0.0.1"
"""
PATIENCE = 30


def is_ours(secret: str, headers: dict, body: bytes) -> bool:
    """As docs/guide/webhooks.md has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    want = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    sent = [each.removeprefix("v1,") for each in headers["webhook-signature"].split(" ")]
    return any(hmac.compare_digest(want, each) for each in sent)


class Receiver:
    """Answers every POST with `status`, and remembers it."""

    def __init__(self):
        self.status, self.got, self.changed = 200, [], threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver.changed:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.got.append((headers, body))
                    receiver.changed.notify_all()
                    status = receiver.status
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events?token=abc"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int) -> list:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got) >= count, PATIENCE), self.got
            return list(self.got)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def call(gateway, model):
    answer = httpx.post(f"{gateway.base_url}/chat/completions", timeout=20,
                        headers={"Authorization": f"Bearer {gateway.key}"},
                        json={"model": model, "messages": [{"role": "user", "content": "hi"}]})
    assert answer.status_code == 200, answer.text


def state(gateway):
    done = gateway.cli("webhooks", "list", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"][0]


def wait_for_state(gateway, **wanted):
    until = time.monotonic() + PATIENCE
    while True:
        delivery = state(gateway)["delivery"]
        if all(delivery[name] == value for name, value in wanted.items()):
            return delivery
        assert time.monotonic() < until, delivery
        time.sleep(0.05)


def test_an_event_is_sent_signed_and_again_over_a_kill_until_it_is_taken(start, receiver):
    gateway = start(ALLOWED)
    key = gateway.key
    added = gateway.cli("webhooks", "add", receiver.url)
    assert added.returncode == 0, added.stderr
    secret = added.stdout.strip()
    assert secret.startswith("whsec_") and "token" not in state(gateway)["url"]

    call(gateway, "imposter-1")  # a model without a price
    headers, body = receiver.wait_for(1)[0]
    event = json.loads(body)
    assert (event["type"], event["target"]) == ("usage.unpriced", "imposter/imposter-1")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
    assert is_ours(secret, headers, body) and not is_ours(secret, headers, body + b" ")
    wait_for_state(gateway, state="ok", delivered=1)

    receiver.status = 500
    call(gateway, "near_qwen3_30b")
    headers, _ = receiver.wait_for(2)[1]
    wait_for_state(gateway, state="failing", last_error="answered 500")
    gateway.kill()
    receiver.status = 204
    gateway = start(ALLOWED)
    gateway.key = key
    again, body = receiver.wait_for(3)[-1]
    assert again["webhook-id"] == headers["webhook-id"] and is_ours(secret, again, body)
    wait_for_state(gateway, state="ok", delivered=2, failures=0)

    hook = state(gateway)["id"]
    rotated = gateway.cli("webhooks", "rotate", hook).stdout.strip()
    assert rotated.startswith("whsec_") and rotated != secret
    assert gateway.cli("webhooks", "test", hook).stdout == "Delivered.\n"
    headers, body = receiver.wait_for(4)[-1]
    assert json.loads(body)["type"] == "webhook.test"
    assert is_ours(secret, headers, body) and is_ours(rotated, headers, body), "both sign for a day"
    receiver.status = 503
    failed = gateway.cli("webhooks", "test", hook)
    assert failed.returncode == 1 and failed.stdout == "Not delivered: answered 503.\n"
    assert gateway.cli("webhooks", "remove", hook, "--yes").returncode == 0
    assert secret not in gateway.logged() and rotated not in gateway.logged()


def test_nothing_private_is_reached_unless_the_operator_allows_it(start, receiver):
    gateway = start()
    for url in (receiver.url, receiver.url.replace("http:", "https:"), "https://localhost/x"):
        refused = gateway.cli("webhooks", "add", url)
        assert refused.returncode != 0 and "url" in refused.stderr, refused.stderr
    assert receiver.got == []
