"""Keys as other services of a team ask about them: POST /v1/keys/verify and POST /v1/introspect."""
import httpx
import pytest


@pytest.fixture
def client_key(new_key):
    return new_key(name="a client", rate_limit_rpm=2)


def verify(http, **question):
    answer = http.post("/v1/keys/verify", json=question)
    assert answer.status_code == 200, answer.text
    assert answer.json()["valid"] == (answer.json()["code"] == "VALID")
    return answer.json()


def test_a_service_takes_from_its_clients_limits_until_they_are_used_up(http, client_key):
    cost = {"limit": {"name": "requests_per_minute"}}
    codes = [verify(http, key=client_key["key"], **cost)["code"] for _ in range(3)]
    assert codes == ["VALID", "VALID", "rate_limit_exceeded"]
    assert verify(http, key=client_key["key"])["valid"], "without a limit nothing is taken"


def test_what_a_service_took_is_missing_at_the_gateway_too(http, gateway, client_key):
    verify(http, key=client_key["key"], limit={"name": "rpm", "cost": 2})
    called = httpx.post(f"{gateway.base_url}/chat/completions", json={"model": "sandbox", "messages": []},
                        headers={"Authorization": f"Bearer {client_key['key']}"})
    assert called.status_code == 429


def test_a_service_asks_far_more_often_than_its_own_limit(http, new_key, client_key, gateway):
    service = new_key(kind="management", rate_limit_rpm=1)
    with httpx.Client(base_url=gateway.url, headers={"x-api-key": service["key"]}) as asking:
        for _ in range(5):
            assert verify(asking, key=client_key["key"])["valid"]
            assert not verify(asking, key="kw_live_wrong")["valid"]


def test_a_revoked_key_is_not_valid_at_once(http, client_key):
    assert verify(http, key=client_key["key"])["valid"]
    http.delete(f"/v1/keys/{client_key['id']}").raise_for_status()
    assert verify(http, key=client_key["key"])["code"] == "revoked_api_key"
    answer = http.post("/v1/introspect", data={"token": client_key["key"]})
    assert answer.json() == {"active": False}


def test_an_oauth_library_finds_what_it_asks(http, client_key):
    answer = http.post("/v1/introspect", data={"token": client_key["key"], "token_type_hint": "access_token"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json().items() >= {"active": True, "client_id": client_key["id"],
                                     "token_type": "Bearer"}.items()


def test_questions_that_are_wrong_are_told_so(http):
    for path, sent, status in (("/v1/keys/verify", {"json": {}}, 400),
                               ("/v1/keys/verify", {"json": {"key": "x", "lmit": 1}}, 400),
                               ("/v1/keys/verify", {"json": {"key": "x" * (2 << 20)}}, 413),
                               ("/v1/introspect", {"data": {"tokn": "x"}}, 400),
                               ("/v1/introspect", {"json": {"token": "x"}}, 415)):
        answer = http.post(path, **sent)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert http.get("/v1/keys/verify").status_code == 405


def test_no_key_that_was_asked_about_is_written_down(start):
    gateway = start()
    with httpx.Client(base_url=gateway.url, headers={"x-api-key": gateway.key}) as asking:
        right = asking.post("/v1/keys", json={"name": "client"}).json()["key"]
        wrong = right[:-10] + "0123456789"
        for key in (right, wrong):
            verify(asking, key=key, ip="192.0.2.1")
            asking.post("/v1/introspect", data={"token": key})
            asking.post("/v1/keys/verify", json={key: key, "key": 7})
            asking.get("/v1/authz?team=other", headers={"x-api-key": key})
    assert gateway.stop() == 0
    written = [gateway.logged()] + [file.read_bytes().decode("latin-1")
                                    for file in gateway.data_dir.rglob("*") if file.is_file()]
    for text in written:
        assert right not in text and wrong not in text
