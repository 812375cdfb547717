"""Every refusal reaches users of the official clients as the error they would expect."""
import anthropic
import httpx
import openai
import pytest

from conftest import ROOMY
from imposter import answer_as_openai

HELLO = [{"role": "user", "content": "hi"}]
UNKNOWN = "kw_live_000000000000_0000000000000000000000000000000000000000000000000"


def refusal(client, model="imposter-1", **more):
    with pytest.raises(openai.APIError) as caught:
        client.chat.completions.create(model=model, messages=HELLO, **more)
    return caught.value


def using(gateway, key, retries=0):
    return openai.OpenAI(api_key=key, base_url=gateway.base_url, max_retries=retries, timeout=20)


@pytest.mark.parametrize("key", [UNKNOWN, "sk-orq-" + "0" * 64, "nonsense", "kw_live_x_y"])
def test_whatever_is_wrong_with_a_secret_the_answer_is_the_same(gateway, key):
    error = refusal(using(gateway, key))
    assert isinstance(error, openai.AuthenticationError)
    assert error.code == "invalid_api_key" and error.status_code == 401
    assert error.response.headers["www-authenticate"] == (
        'Bearer realm="keywarden", error="invalid_token"')
    assert error.request_id
    assert key not in error.response.text or key == "nonsense"


def test_a_missing_key_is_asked_for(gateway):
    answer = httpx.post(f"{gateway.base_url}/chat/completions",
                        json={"model": "sandbox", "messages": HELLO})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "missing_api_key"
    assert answer.headers["www-authenticate"] == 'Bearer realm="keywarden"'


def test_an_unknown_model_is_a_not_found_error(client):
    error = refusal(client, model="no-such-model")
    assert isinstance(error, openai.NotFoundError) and error.code == "model_not_found"


def test_a_direct_id_is_never_another_providers(client):
    assert isinstance(refusal(client, model="imposter/no-such-model"), openai.NotFoundError)


def test_a_used_up_limit_is_a_rate_limit_error_that_says_when(gateway, new_key):
    client = using(gateway, new_key(rate_limit_rpm=1)["key"])
    client.chat.completions.create(model="sandbox", messages=HELLO)
    error = refusal(client)
    assert isinstance(error, openai.RateLimitError) and error.code == "rate_limit_exceeded"
    assert int(error.response.headers["retry-after"]) >= 1


def test_a_key_that_may_not_spend_gets_a_permission_error(gateway, new_key):
    error = refusal(using(gateway, new_key(kind="management")["key"]))
    assert isinstance(error, openai.PermissionDeniedError)


@pytest.mark.parametrize("body, code", [
    (b"{", "invalid_request"),
    (b"[]", "invalid_request"),
    (b'{"messages":[]}', "invalid_request"),
    (b'{"model":7,"messages":[]}', "invalid_request"),
    (b'{"model":"sandbox","model":"imposter-1","messages":[]}', "invalid_request"),
    (b'{"model":"sandbox","mod\\u0065l":"imposter-1","messages":[]}', "invalid_request"),
    (b'{"model":"sandbox","messages":[],"stream":"yes"}', "invalid_request"),
    (b'{"model":"sandbox","messages":[],"stream":true,"stream":false}', "invalid_request"),
    (b'{"model":"sandbox","messages":[{"role":"user","content":"\xff"}]}', "invalid_request"),
    (b'\xef\xbb\xbf{"model":"sandbox","messages":[{"role":"user","content":"hi"}]}', None),
])
def test_a_body_that_cannot_be_understood_is_a_bad_request(http, imposter, body, code):
    answer = http.post("/v1/chat/completions", content=body,
                       headers={"Content-Type": "application/json"})
    if code is None:  # a byte order mark: refused or skipped, but never passed on half-read
        assert answer.status_code in (200, 400)
        return
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == code
    assert imposter.calls == []


def test_a_bad_request_costs_nothing(gateway, new_key):
    made = new_key(rate_limit_rpm=2)
    headers = {"Authorization": f"Bearer {made['key']}", "Content-Type": "application/json"}
    for _ in range(5):
        bad = httpx.post(f"{gateway.base_url}/chat/completions", content=b"{", headers=headers)
        assert bad.status_code == 400
    client = using(gateway, made["key"])
    for _ in range(2):
        client.chat.completions.create(model="sandbox", messages=HELLO)


def test_an_unknown_address_and_a_wrong_method_say_so(http):
    assert http.get("/v1/no/such/thing").status_code == 404
    wrong = http.get("/v1/chat/completions")
    assert wrong.status_code == 405 and wrong.headers["allow"] == "POST"


def test_a_body_over_the_bound_is_refused_and_the_next_call_works(start):
    one = start('[limits]\njson_body_bytes_max = "64KiB"\n')
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        big = {"model": "sandbox", "messages": [{"role": "user", "content": "x" * 100_000}]}
        answer = http.post("/v1/chat/completions", json=big)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request_too_large"
        answer = http.post("/v1/chat/completions", json={"model": "sandbox", "messages": HELLO})
        assert answer.status_code == 200


def test_the_sdk_retries_a_429_after_the_time_it_was_told(gateway, imposter):
    async def busy_once(call, link):
        if len(imposter.calls) == 1:
            await link.error(429, "busy", headers=[("retry-after-ms", "10"), ("retry-after", "1")])
        else:
            await answer_as_openai(call, link)

    imposter.behave = busy_once
    client = using(gateway, gateway.key, retries=2)
    answer = client.chat.completions.create(model="imposter-1", messages=HELLO)
    assert answer.choices[0].message.content == "Hello, world"
    assert len(imposter.calls) == 2


def test_the_sdk_does_not_retry_a_402(gateway, imposter):
    async def broke(_, link):
        await link.error(402, "insufficient_credits")

    imposter.behave = broke
    error = refusal(using(gateway, gateway.key, retries=3))
    assert error.status_code == 402
    assert len(imposter.calls) == 1


class Sdk:
    """An official client that may try twice."""

    def __init__(self, module, one, key):
        self.module = module
        if module is openai:
            made = openai.OpenAI(api_key=key, base_url=one.base_url, max_retries=1)
            self.create = made.chat.completions.with_raw_response.create
        else:
            made = anthropic.Anthropic(api_key=key, base_url=one.url, max_retries=1)
            self.create = made.messages.with_raw_response.create

    def retries(self) -> int:
        """How often it asked again until it was answered."""
        return self.create(model="sandbox", max_tokens=8, messages=HELLO).retries_taken

    def refusal(self, status, name, code, by):
        """The error is of that class, and came of one request alone."""
        with pytest.raises(getattr(self.module, name)) as caught:
            self.retries()
        error = caught.value.body["error"] if self.module is anthropic else caught.value.body
        facts = error.get("details", error)
        assert caught.value.status_code == status
        assert facts.get("error_code", error.get("code")) == code
        assert facts.get("denied_by") == by
        sent = caught.value.response.request.headers
        assert sent["x-stainless-retry-count"] == "0", "asking again would not help"


@pytest.mark.parametrize("module", [openai, anthropic])
def test_our_own_refusals_are_typed_and_only_what_may_pass_is_tried_again(start, module):
    one = start(ROOMY)
    socket = httpx.HTTPTransport(uds=str(one.data_dir / "keywarden.sock"))
    with httpx.Client(base_url="http://gateway", transport=socket, timeout=30) as operator:
        def sdk(**policy):
            made = operator.post("/v1/keys", json={"name": "a key"} | policy)
            assert made.status_code == 201, made.text
            return Sdk(module, one, made.json()["key"])

        mine = sdk()
        team = f"/v1/admin/teams/{operator.get('/v1/account').json()['id']}"
        for state, status, name, code in (
                ("overdue", 402, "APIStatusError", "invoice_overdue"),
                ("suspended", 403, "PermissionDeniedError", "account_inactive")):
            operator.patch(team, json={"state": state}).raise_for_status()
            mine.refusal(status, name, code, "team")
        operator.patch(team, json={"state": "active"}).raise_for_status()
        Sdk(module, one, UNKNOWN).refusal(401, "AuthenticationError", "invalid_api_key", None)
        sdk(kind="management").refusal(403, "PermissionDeniedError", "endpoint_not_allowed", "key")
        sdk(policy={"models": {"deny": ["sandbox"]}}).refusal(
            403, "PermissionDeniedError", "model_not_allowed", "key")
        used_up = sdk(rate_limit_rpm=1)
        assert used_up.retries() == 0
        used_up.refusal(429, "RateLimitError", "rate_limit_exceeded", "key")
        spread = sdk(policy={"limits": {"requests_per_minute": 20, "burst": 1}})
        assert spread.retries() == 0
        assert spread.retries() == 1, "it was told to come back in three seconds, and did"


@pytest.mark.parametrize("key, name, status", [
    (UNKNOWN, "AuthenticationError", 401),
    (None, "NotFoundError", 404),
])
def test_node_users_get_the_same_classes_of_errors(node, key, name, status):
    error = node("error", key=key, model="no-such-model")
    assert (error["name"], error["status"]) == (name, status)
    assert error["request_id"]


def test_node_users_get_a_rate_limit_error(node, new_key, gateway):
    made = new_key(rate_limit_rpm=1)
    using(gateway, made["key"]).chat.completions.create(model="sandbox", messages=HELLO)
    error = node("error", key=made["key"], model="sandbox")
    assert (error["name"], error["code"]) == ("RateLimitError", "rate_limit_exceeded")


def test_guessing_is_slowed_down_by_address_and_never_by_key(start):
    one = start("[auth]\nfailed_attempts_burst = 5\nfailed_attempts_per_second = 1\n")

    def knock(source, key, times=1):  # quickly: a failure comes back each second
        with httpx.Client(transport=httpx.HTTPTransport(local_address=source)) as http:
            return [http.get(f"{one.url}/v1/key", headers={"Authorization": f"Bearer {key}"})
                    for _ in range(times)]

    answers = knock("127.0.0.2", UNKNOWN, 10)
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    # Another address is not hurt, nor is the owner of the key that was guessed at.
    assert knock("127.0.0.3", one.key)[0].status_code == 200
