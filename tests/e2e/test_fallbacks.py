"""A provider that cannot serve a call just now: it is asked again, or another is."""
import json
import time

import anthropic
import httpx
import openai
import pytest

import claude
from conftest import ENVIRONMENT, ROOMY, provider
from imposter import Imposter, answer_as_openai
from raw import until

CHAT = {"model": "imposter-1", "messages": [{"role": "user", "content": "hi"}]}


def asking(one):
    return httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}, timeout=30)


def failing_first(imposter, statuses, headers=()):
    """The imposter answers so, a call each, and then as it should."""
    left = list(statuses)

    async def behave(call, link):
        if left:
            await link.error(left.pop(0), "their_code", headers=headers)
        else:
            await answer_as_openai(call, link)

    imposter.behave = behave


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_what_is_refused_for_now_is_asked_again_once(http, imposter, status):
    failing_first(imposter, [status])
    answer = http.post("/v1/chat/completions", json=CHAT)
    assert answer.status_code == 200 and answer.headers["x-keywarden-attempts"] == "2"
    one, two = imposter.calls
    assert one.body == two.body and one.header("authorization") == two.header("authorization")


def test_no_more_often_than_is_set(http, imposter):
    failing_first(imposter, [503] * 5)
    assert http.post("/v1/chat/completions", json=CHAT).status_code == 503
    assert len(imposter.calls) == 2


def test_a_short_retry_after_is_kept_to_and_a_long_one_is_the_clients(http, imposter):
    failing_first(imposter, [429], headers=[("retry-after", "1")])
    began = time.monotonic()
    assert http.post("/v1/chat/completions", json=CHAT).status_code == 200
    assert time.monotonic() - began > 0.9  # a loop counts from when it woke
    failing_first(imposter, [429], headers=[("retry-after", "60")])
    answer = http.post("/v1/chat/completions", json=CHAT)
    assert answer.status_code == 429 and answer.headers["retry-after"] == "60"


def test_what_fails_each_time_is_left_alone_until_it_is_back(start, imposter):
    one = start(ROOMY + '[upstream]\nretries = 0\nbreaker_failures = 3\nbreaker_rest = "1s"\n')
    with asking(one) as http:
        failing_first(imposter, [503] * 3)
        for _ in range(3):
            assert http.post("/v1/chat/completions", json=CHAT).status_code == 503
        answer = http.post("/v1/chat/completions", json=CHAT)
        assert answer.status_code == 502 and answer.headers["retry-after"] == "1"
        assert "left alone" in answer.json()["error"]["message"]
        assert len(imposter.calls) == 3
        time.sleep(1.1)
        assert http.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert http.post("/v1/chat/completions", json=CHAT).status_code == 200


def test_a_provider_may_have_times_of_its_own(start, imposter):
    async def silent(_, link):
        await link.until_gone()

    imposter.behave = silent
    one = start(ROOMY + provider(imposter, "hasty") + 'first_byte_timeout = "300ms"\n')
    with asking(one) as http:
        answer = http.post("/v1/chat/completions", json=CHAT)
    assert answer.status_code == 504 and len(imposter.calls) == 1


def test_a_provider_is_only_where_its_address_says(start, imposter, tmp_path):
    """localhost is this machine's own word; a name that is public may not lead here."""
    named = provider(imposter, "named").replace("127.0.0.1", "localhost")
    one = start(ROOMY + named)
    with asking(one) as http:
        assert http.post("/v1/chat/completions", json=CHAT).status_code == 200
    linked = one.cli("config", "check", "--config", write(tmp_path, named.replace(
        "http://localhost", "https://169.254.169.254")), env=ENVIRONMENT)
    assert linked.returncode != 0 and "not public" in linked.stderr


ROUTES = """
[[route]]
name = "house"
targets = ["first/imposter-1", "second/imposter-1"]

[[route]]
name = "spread"
strategy = "weighted"
targets = [{ model = "first/imposter-1", weight = 3 }, "second/imposter-1"]
"""


@pytest.fixture
def another():
    """Makes imposters that outlive the gateways: name it before `start`."""
    made = []
    yield lambda: made.append(Imposter()) or made[-1]
    for each in made:
        each.stop()


@pytest.fixture
def two(another, start):
    """A gateway with routes over two providers, and these."""
    first, second = another(), another()
    return start(ROOMY + provider(first, "first") + provider(second, "second") + ROUTES), first, second


def test_a_route_is_served_by_the_first_that_can_and_the_answer_says_by_whom(two):
    one, first, second = two
    failing_first(first, [503, 404, 401, 429])
    with openai.OpenAI(api_key=one.key, base_url=one.base_url, max_retries=0) as client:
        for _ in range(4):
            raw = client.chat.completions.with_raw_response.create(**CHAT | {"model": "house"})
            assert raw.parse().choices[0].message.content == "Hello, world"
            assert raw.headers["x-keywarden-provider"] == "second"
            assert raw.headers["x-keywarden-routing"] == "house"
            assert raw.headers["x-keywarden-attempts"] == "2"
        stream = client.chat.completions.create(**CHAT | {"model": "house", "stream": True})
        assert "".join(each.choices[0].delta.content or "" for each in stream
                       if each.choices) == "Hello, world"
    assert len(second.calls) == 4 and len(first.calls) == 5

    def rows():
        listed = json.loads(one.cli("requests", "list", "--json").stdout)["data"]
        return sorted((row["provider"], row["attempts"]) for row in listed)

    until(lambda: len(rows()) == 5, what="five calls, five rows")
    assert rows() == [("first", 1)] + [("second", 2)] * 4


def test_a_fallback_may_speak_another_dialect(another, start, imposter):
    other = another()
    other.behave = claude.answer_as_anthropic
    one = start(ROOMY + claude.provider(other) + """
[[route]]
name = "any"
targets = ["imposter/imposter-1", "claude-imposter-1"]
""", env={"CLAUDE_API_KEY": claude.CLAUDE_KEY})
    asked = CHAT | {"model": "any"}
    failing_first(imposter, [503, 503, 503])
    with openai.OpenAI(api_key=one.key, base_url=one.base_url, max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(**asked)
        assert raw.parse().choices[0].message.content == "Hello, world"
        assert raw.headers["x-keywarden-model"] == "claude-imposter-1"
        stream = client.chat.completions.create(**asked, stream=True)
        assert "".join(each.choices[0].delta.content or "" for each in stream
                       if each.choices) == "Hello, world"
        assert other.last().path == "/v1/messages"
        with anthropic.Anthropic(api_key=one.key, base_url=one.url, max_retries=0) as theirs:
            said = theirs.messages.create(**asked, max_tokens=10)
            assert said.content[0].text == "Hello, world" and len(other.calls) == 3
            said = theirs.messages.create(**asked, max_tokens=10)
            assert said.content[0].text == "Hello, world" and len(other.calls) == 3
    assert len(imposter.calls) == 4


def test_weights_say_how_often_each_begins(two):
    one, first, second = two
    with asking(one) as http:
        for _ in range(8):
            assert http.post("/v1/chat/completions", json=CHAT | {"model": "spread"}).status_code == 200
    assert (len(first.calls), len(second.calls)) == (6, 2)


def test_a_fallback_gives_no_key_what_it_may_not_use(two):
    one, first, second = two
    with asking(one) as http:
        made = http.post("/v1/account/keys", json={
            "name": "first only", "policy": {"providers": {"deny": ["second"]}}}).json()
        none = http.post("/v1/account/keys", json={
            "name": "none of them", "policy": {"models": {"allow": ["sandbox"]}}}).json()
    failing_first(first, [503])
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {made['key']}"}) as http:
        assert http.post("/v1/chat/completions", json=CHAT | {"model": "house"}).status_code == 200
        listed = http.get("/v1/models/house").json()
        assert listed["route"] == {"strategy": "fallback", "targets": ["first/imposter-1"]}
    assert not second.calls
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {none['key']}"}) as http:
        refused = http.post("/v1/chat/completions", json=CHAT | {"model": "house"})
        assert refused.status_code == 403 and refused.json()["error"]["code"] == "model_not_allowed"
        assert "house" not in http.get("/v1/models").text
    listed = one.cli("routes").stdout
    assert "house   fallback  first/imposter-1, second/imposter-1" in listed
    assert "strategy  weighted" in one.cli("models", "show", "spread").stdout


def write(folder, text):
    path = folder / "other.toml"
    path.write_text(text)
    return path
