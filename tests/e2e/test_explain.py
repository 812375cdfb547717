"""What explain says of a request is what then happens to it."""
import json

import httpx
import pytest

MODEL = "imposter-1"


@pytest.fixture
def api(start):
    gateway = start()
    with httpx.Client(base_url=gateway.url, timeout=20,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as made:
        made.gateway = gateway
        yield made


def new_key(api, **fields):
    answer = api.post("/v1/keys", json={"name": "explained"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def both(api, key, model=MODEL):
    """What explain says of a call, and what the call is told: the code, or VALID."""
    told = api.post("/v1/explain", json={"key": key["id"], "model": model, "ip": "127.0.0.1"})
    assert told.status_code == 200, told.text
    assert told.json()["allowed"] == (told.json()["code"] == "VALID")
    called = api.post("/v1/chat/completions", json={"model": model, "messages": []},
                      headers={"Authorization": f"Bearer {key['key']}"})
    happened = "VALID" if called.status_code == 200 else called.json()["error"]["code"]
    return told.json()["code"], happened


def test_explain_says_what_happens(api):
    key = new_key(api, rate_limit_rpm=2)
    assert both(api, key) == ("VALID", "VALID")
    assert both(api, key) == ("VALID", "VALID"), "explaining takes nothing"
    assert both(api, key) == ("rate_limit_exceeded", "rate_limit_exceeded")
    assert both(api, new_key(api), "no-such-model") == ("model_not_found", "model_not_found")
    management = new_key(api, kind="management")
    assert both(api, management) == ("endpoint_not_allowed", "endpoint_not_allowed")
    narrow = new_key(api)
    assert api.patch("/v1/account/policy", json={"models": {"deny": ["imposter-*"]}}).status_code == 200
    assert both(api, narrow) == ("model_not_allowed", "model_not_allowed")
    assert api.patch("/v1/account/policy", json={"models": None,
                                                 "ip_ranges": {"deny": ["127.0.0.0/8"]}}).status_code == 200
    told = api.gateway.cli("explain", narrow["id"], "--model", MODEL, "--ip", "127.0.0.1", "--json")
    assert json.loads(told.stdout)["code"] == "ip_not_allowed", told.stderr
    assert json.loads(told.stdout)["denied_by"] == "team"


def test_the_command_line_shows_a_table(api):
    key = new_key(api)
    done = api.gateway.cli("explain", key["id"], "--model", MODEL, "--ip", "127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert f'{key["id"]} "explained": it would be let through.' in done.stdout
    assert "RULE" in done.stdout and "requests_per_minute" in done.stdout
