"""Keys over the account API, as httpx users manage them: made, listed, rotated, revoked."""
import datetime
import email.utils
import re
import threading
import uuid

import httpx
import pytest

from gateway import KEY
from raw import Wire, post, until

CHAT = {"model": "sandbox", "messages": [{"role": "user", "content": "hi"}]}
FAMILIES = ["/v1/account/keys", "/v1/keys"]
CONNECTIONS = 64


def chat(http, key):
    return http.post("/v1/chat/completions", json=CHAT, headers={"Authorization": f"Bearer {key}"})


def in_the_future(**delta) -> str:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**delta)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("path", FAMILIES)
def test_a_key_is_made_with_a_name_alone_and_shown_once(http, path):
    answer = http.post(path, json={"name": "ci"})
    assert answer.status_code == 201
    made = answer.json()
    assert KEY.fullmatch(made["key"])
    assert answer.headers["cache-control"] == "no-store"
    assert chat(http, made["key"]).status_code == 200

    again = http.get(f"{path}/{made['id']}")
    assert again.json()["name"] == "ci" and made["key"] not in again.text
    listed = http.get(path, params={"limit": 100})
    assert made["id"] in {row["id"] for row in listed.json()["data"]}
    assert made["key"] not in listed.text
    assert made["display"].endswith(made["key"][-4:])


def test_a_list_is_paged_to_its_end_without_gaps(http, new_key):
    made = {new_key(name=f"page {n}")["id"] for n in range(5)}
    seen, after = [], None
    while True:
        page = http.get("/v1/keys", params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += [row["id"] for row in page["data"]]
        after = page["next"]
        if not page["has_more"]:
            break
    assert len(seen) == len(set(seen)) and made <= set(seen)


def test_a_revoked_key_is_refused_at_once_and_may_be_revoked_again(http, new_key):
    made = new_key()
    for _ in range(2):
        answer = http.delete(f"/v1/keys/{made['id']}")
        assert answer.status_code == 200 and answer.json()["status"] == "revoked"
    refused = chat(http, made["key"])
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "revoked_api_key"
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_revocation_holds_for_the_next_request_on_every_open_connection(gateway, http, new_key):
    made = new_key()
    body = b'{"model":"sandbox","messages":[{"role":"user","content":"hi"}]}'
    wires = [Wire(gateway) for _ in range(CONNECTIONS)]
    try:
        for wire in wires:
            wire.send(post(made["key"], body))
        assert {wire.answer().status for wire in wires} == {200}
        assert http.delete(f"/v1/keys/{made['id']}").status_code == 200
        for wire in wires:
            wire.send(post(made["key"], body))
        answers = [wire.answer() for wire in wires]
    finally:
        for wire in wires:
            wire.socket.close()
    assert {answer.status for answer in answers} == {401}
    assert all(b"revoked_api_key" in answer.body for answer in answers)


def test_a_rotation_with_grace_keeps_both_secrets_working(http, new_key):
    made = new_key()
    answer = http.post(f"/v1/keys/{made['id']}/rotate", json={"grace": "24h"})
    assert answer.status_code == 200, answer.text
    new = answer.json()
    assert new["id"] == made["id"] and new["key"] != made["key"]
    assert chat(http, new["key"]).status_code == 200
    old = chat(http, made["key"])
    assert old.status_code == 200
    since = datetime.datetime.fromisoformat(new["secrets"][0]["created_at"])
    assert old.headers["deprecation"] == f"@{int(since.timestamp())}"
    assert "deprecation" not in chat(http, new["key"]).headers
    # The first use of the new one brought the end near; the gateway's own routes say so too.
    own = http.get("/v1/key", headers={"Authorization": f"Bearer {made['key']}"})
    for answer in (old, own):
        sunset = email.utils.parsedate_to_datetime(answer.headers["sunset"])
        assert abs(sunset - since - datetime.timedelta(hours=24)) < datetime.timedelta(minutes=1)


def test_a_new_secret_that_nobody_uses_leaves_the_old_one_90_days_and_its_grace(http, new_key):
    made = new_key()
    new = http.post(f"/v1/keys/{made['id']}/rotate", json={"grace": "24h"}).json()
    made_at = datetime.datetime.fromisoformat(new["secrets"][0]["created_at"])
    sunset = email.utils.parsedate_to_datetime(chat(http, made["key"]).headers["sunset"])
    assert abs(sunset - made_at - datetime.timedelta(days=91)) < datetime.timedelta(seconds=2)


def test_an_emergency_rotation_ends_the_old_secret_at_once_on_open_connections_too(
        gateway, http, new_key):
    made = new_key()
    body = b'{"model":"sandbox","messages":[{"role":"user","content":"hi"}]}'
    wire = Wire(gateway)
    try:
        wire.send(post(made["key"], body))
        assert wire.answer().status == 200
        new = http.post(f"/v1/keys/{made['id']}/rotate", json={"emergency": True}).json()
        wire.send(post(made["key"], body))
        refused = wire.answer()
    finally:
        wire.socket.close()
    assert refused.status == 401 and b"expired_api_key" in refused.body
    assert chat(http, new["key"]).status_code == 200


def test_a_fourth_live_secret_is_refused_with_what_to_do(http, new_key):
    path = f"/v1/keys/{new_key()['id']}/rotate"
    for _ in range(2):
        assert http.post(path).status_code == 200
    refused = http.post(path)
    assert refused.status_code == 400 and "emergency" in refused.text
    assert http.post(path, json={"emergency": True}).status_code == 200


def test_a_disabled_key_works_again_once_enabled(http, new_key):
    made = new_key()
    assert http.post(f"/v1/keys/{made['id']}/disable").status_code == 200
    refused = chat(http, made["key"])
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "disabled_api_key"
    assert http.post(f"/v1/keys/{made['id']}/enable").status_code == 200
    assert chat(http, made["key"]).status_code == 200


@pytest.mark.parametrize("path", FAMILIES)
def test_a_quarantined_key_is_held_back_until_it_is_released(http, new_key, path):
    made = new_key()
    assert http.post(f"{path}/{made['id']}/quarantine").status_code == 200
    held = chat(http, made["key"])
    assert held.status_code == 429 and held.json()["error"]["code"] == "key_quarantined"
    assert int(held.headers["retry-after"]) >= 1 and held.headers["x-should-retry"] == "false"
    assert http.post(f"{path}/{made['id']}/enable").status_code == 400
    assert http.post(f"{path}/{made['id']}/release").json()["status"] == "active"
    assert chat(http, made["key"]).status_code == 200


def test_a_key_expires_by_the_clock_of_each_request(http, new_key):
    made = new_key(expires_at=in_the_future(seconds=2))
    assert chat(http, made["key"]).status_code == 200
    until(lambda: chat(http, made["key"]).status_code == 401)
    assert chat(http, made["key"]).json()["error"]["code"] == "expired_api_key"


def test_a_key_that_is_not_valid_yet_is_refused(http, new_key):
    made = new_key(not_before=in_the_future(hours=1))
    assert chat(http, made["key"]).status_code == 401


def test_an_inference_key_cannot_manage_and_a_management_key_cannot_spend(http, new_key):
    inference, management = new_key(kind="inference"), new_key(kind="management")
    refused = http.get("/v1/keys", headers={"Authorization": f"Bearer {inference['key']}"})
    assert refused.status_code == 403 and refused.json()["code"] == "insufficient_scope"
    refused = chat(http, management["key"])
    assert refused.status_code == 403
    assert http.get("/v1/keys", headers={"Authorization": f"Bearer {management['key']}"}
                    ).status_code == 200


def test_a_key_never_makes_one_with_more_than_it_has(http, new_key):
    made = new_key(kind="management", rate_limit_rpm=10)
    more = http.post("/v1/keys", json={"name": "more", "rate_limit_rpm": 11},
                     headers={"Authorization": f"Bearer {made['key']}"})
    assert more.status_code in (400, 403), more.text


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "api-key"])
def test_each_sdks_way_to_send_a_key_is_accepted(gateway, header):
    value = f"Bearer {gateway.key}" if header == "Authorization" else gateway.key
    answer = httpx.get(f"{gateway.url}/v1/key", headers={header: value})
    assert answer.status_code == 200
    assert gateway.key not in answer.text


def test_two_different_credentials_in_one_request_are_refused(gateway, new_key):
    answer = httpx.get(f"{gateway.url}/v1/key", headers={
        "Authorization": f"Bearer {gateway.key}", "x-api-key": new_key()["key"]})
    assert answer.status_code == 400


def test_the_calling_key_sees_its_limits_and_what_is_left(http, new_key):
    made = new_key(rate_limit_rpm=5)
    mine = {"Authorization": f"Bearer {made['key']}"}
    first = http.get("/v1/key", headers=mine)
    assert first.status_code == 200 and first.json()["id"] == made["id"]
    assert chat(http, made["key"]).status_code == 200
    # Asking costs nothing: after one call, four are left however often one asks.
    for _ in range(10):
        text = http.get("/v1/key", headers=mine).text
    assert '"remaining":4' in text.replace(" ", ""), text


def test_a_key_that_has_reached_its_limit_waits_and_loses_nothing(http, new_key):
    made = new_key(rate_limit_rpm=3)
    statuses = [chat(http, made["key"]).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = chat(http, made["key"])
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    # Thirteen cells of 5.003 s at most, in whole seconds.
    assert 1 <= int(refused.headers["retry-after"]) <= 66
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"


def test_many_callers_at_once_never_get_more_than_the_limit(gateway, new_key):
    made = new_key(rate_limit_rpm=50)
    granted = []

    def call():
        with httpx.Client(base_url=gateway.url) as http:
            for _ in range(20):
                granted.append(chat(http, made["key"]).status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(200) == 50 and granted.count(429) == 110


def test_a_creation_with_an_idempotency_key_happens_once(http):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = http.post("/v1/keys", json={"name": "once"}, headers=headers)
    again = http.post("/v1/keys", json={"name": "once"}, headers=headers)
    assert again.status_code == first.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["key"] not in again.text
    other = http.post("/v1/keys", json={"name": "twice"}, headers=headers)
    assert other.status_code == 422 and other.json()["code"] == "idempotency_mismatch"


def test_an_unknown_field_is_refused_with_the_name_that_was_meant(http):
    answer = http.post("/v1/keys", json={"name": "x", "rate_limit_rmp": 5})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "unknown_field" and "rate_limit_rpm" in answer.json()["detail"]


def test_a_change_on_an_old_version_is_refused(http, new_key):
    made = new_key()
    tag = http.get(f"/v1/keys/{made['id']}").headers["etag"]
    first = http.patch(f"/v1/keys/{made['id']}", json={"name": "a"}, headers={"If-Match": tag})
    assert first.status_code == 200
    late = http.patch(f"/v1/keys/{made['id']}", json={"name": "b"}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert http.get(f"/v1/keys/{made['id']}").json()["name"] == "a"


def test_a_tool_list_is_stored_and_cleared(http, new_key):
    made = new_key()
    path = f"/v1/keys/{made['id']}/toollist"
    assert http.put(path, json={"allowed": [], "denied": ["rm"]}).status_code == 200
    assert http.get(f"/v1/keys/{made['id']}").json()["toollist"] == {
        "allowed": [], "denied": ["rm"]}
    assert http.put(path, json={"allowed": None}).status_code == 200
    assert http.get(f"/v1/keys/{made['id']}").json()["toollist"]["allowed"] is None


@pytest.mark.parametrize("key_format, shape", [
    ("keywarden", r"kw_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}"),
    ("orqen", r"sk-orq-[0-9a-f]{64}"),
    ("orbitkit", r"ok_[1-9A-HJ-NP-Za-km-z]{8}_[1-9A-HJ-NP-Za-km-z]{24}"),
    ("orgn", r"sk-ollm-[a-z0-9]{32}"),
])
def test_keys_of_every_format_work_side_by_side(http, new_key, key_format, shape):
    made = new_key(format=key_format)
    assert re.fullmatch(shape, made["key"])
    assert chat(http, made["key"]).status_code == 200
    broken = made["key"][:-1] + ("b" if made["key"][-1] == "a" else "a")
    assert chat(http, broken).status_code == 401


def test_secret_scanners_can_learn_every_format_without_a_key(gateway):
    answer = httpx.get(f"{gateway.url}/v1/key-formats")
    assert answer.status_code == 200
    for name in ("keywarden", "orqen", "orbitkit", "orgn"):
        assert f'"{name}"' in answer.text


def test_the_caps_hold_the_number_of_keys_before_their_pace(start):
    one = start("[keys]\nactive_max = 3\ncreations_per_hour = 3\n")
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        answers = [http.post("/v1/keys", json={"name": str(n)}) for n in range(6)]
        codes = [answer.json().get("code", "made") for answer in answers]
        assert codes.count("made") in (2, 3)
        assert codes[codes.count("made")] == "api_key_limit_reached"
        newest = next(a for a in reversed(answers) if a.status_code == 201).json()
        assert http.delete(f"/v1/keys/{newest['id']}").status_code == 200
        late = http.post("/v1/keys", json={"name": "late"})
        if late.status_code != 201:
            assert late.status_code == 429
            assert late.json()["code"] == "key_creation_rate_exceeded"
            assert int(late.headers["retry-after"]) >= 1
