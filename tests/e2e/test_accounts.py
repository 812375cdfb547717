"""Teams, apps, members, plans and the audit log of the shipped binary."""
import hashlib
import json

import httpx
import pytest

from test_openapi import check


@pytest.fixture(scope="module")
def operator(gateway):
    """Who calls over the gateway's own socket."""
    transport = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
    with httpx.Client(base_url="http://gateway", transport=transport, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def spec(operator):
    return operator.get("/openapi.json").json()


def test_the_answers_are_what_the_contract_says(operator, spec):
    name = "e2e"
    app = check(spec, operator.post("/v1/account/apps", json={"name": name})).json()
    path = f"/v1/account/apps/{app['id']}"
    check(spec, operator.get(path))
    check(spec, operator.patch(path, json={"name": "e2e two"}))
    key = check(spec, operator.post("/v1/keys", json={"name": "k", "app": app["id"]})).json()
    assert check(spec, operator.delete(path)).status_code == 400
    check(spec, operator.delete(f"/v1/keys/{key['id']}"))
    assert check(spec, operator.delete(path)).json()["deleted"]
    member = check(spec, operator.post("/v1/account/members",
                                       json={"email": "e2e@example.com", "role": "viewer"})).json()
    who = f"/v1/account/members/{member['user']}"
    check(spec, operator.patch(who, json={"role": "admin"}))
    check(spec, operator.get(f"/v1/admin/users/{member['user']}"))
    check(spec, operator.patch(f"/v1/admin/users/{member['user']}", json={"name": "E"}))
    check(spec, operator.delete(who))
    team = check(spec, operator.post("/v1/admin/teams", json={"name": "t"})).json()
    plan = check(spec, operator.post("/v1/admin/plans", json={"name": "e2e plan"})).json()
    check(spec, operator.patch(f"/v1/admin/plans/{plan['id']}", json={"active_keys_max": 2}))
    check(spec, operator.get(f"/v1/admin/plans/{plan['id']}"))
    check(spec, operator.patch("/v1/admin/settings", json={"policy": {"models": {"deny": ["none-*"]}}}))
    check(spec, operator.patch("/v1/admin/settings", json={"policy": None}))
    check(spec, operator.patch("/v1/admin/models/imposter-1", json={"limits": {"burst": None}}))
    check(spec, operator.get("/v1/admin/models/imposter/imposter-1"))
    moved = check(spec, operator.patch(f"/v1/admin/teams/{team['id']}", json={"plan": plan["id"]}))
    assert moved.json()["active_keys_max"] == 2
    check(spec, operator.post(f"/v1/admin/teams/{team['id']}/members",
                              json={"email": "own@example.com", "role": "owner"}))
    check(spec, operator.post(f"/v1/admin/teams/{team['id']}/keys", json={"name": "first"}))
    for path in ("/v1/account", "/v1/account/apps", "/v1/account/members", "/v1/account/audit",
                 "/api/account", "/api/apps", "/api/status", "/v1/admin/teams", "/v1/admin/plans",
                 "/v1/admin/settings", "/v1/admin/models",
                 "/v1/admin/users", "/v1/admin/audit", f"/v1/admin/teams/{team['id']}"):
        assert check(spec, operator.get(path)).status_code == 200
    assert isinstance(operator.get("/api/apps").json(), list)


@pytest.mark.parametrize("log, made, action, options", [
    ("/v1/account/audit", "/v1/account/apps", "app.create", ()),
    ("/v1/admin/audit", "/v1/admin/plans", "plan.create", ("--instance",)),
])
def test_the_log_can_be_verified_by_anyone(operator, gateway, log, made, action, options):
    operator.post(made, json={"name": "for the log"}).raise_for_status()
    chain = bytes(32)
    for line in operator.get(f"{log}/export").text.splitlines():
        row = json.loads(line)
        leaf = hashlib.sha256(b"\0" + row["canonical"].encode()).digest()
        chain = hashlib.sha256(b"\1" + chain + leaf).digest()
        assert row["chain"] == chain.hex()
    newest = operator.get(log, params={"limit": 1}).json()["data"][0]
    assert newest["chain"] == chain.hex() and newest["action"] == action
    verified = gateway.cli("audit", "verify", *options)
    assert verified.returncode == 0 and chain.hex() in verified.stdout, verified.stderr


def test_a_policy_and_a_state_hold_from_the_next_call_on(start):
    gateway = start()
    transport = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
    headers = {"Authorization": f"Bearer {gateway.key}"}
    with httpx.Client(base_url="http://gateway", transport=transport) as operator, \
            httpx.Client(base_url=gateway.url, headers=headers) as caller:
        def chat():
            message = {"role": "user", "content": "Hello"}
            return caller.post("/v1/chat/completions", json={"model": "sandbox",
                                                             "messages": [message]})

        def refused(status, slug):
            answer = chat()
            assert (answer.status_code, code(answer)) == (status, slug), answer.text
            return answer.json()["error"]

        assert chat().status_code == 200
        team = operator.get("/v1/account").json()["id"]
        policy = lambda **more: operator.patch("/v1/account/policy", json=more).raise_for_status()
        policy(models={"deny": ["sand*"]})
        refused(403, "model_not_allowed")
        policy(models=None, endpoints={"allow": ["/v1/embeddings", "/v1/account/*"]})
        refused(403, "endpoint_not_allowed")
        policy(endpoints=None, ip_ranges={"allow": ["192.0.2.0/24"]})
        refused(403, "ip_not_allowed")
        policy(ip_ranges=None, limits={"body_bytes": 10})
        refused(413, "request_too_large")
        policy(limits={"body_bytes": None, "requests_per_day": 1})
        refused(429, "quota_exceeded")
        policy(limits=None)
        for state, status, slug in (("suspended", 403, "account_inactive"),
                                    ("overdue", 402, "invoice_overdue")):
            operator.patch(f"/v1/admin/teams/{team}", json={"state": state}).raise_for_status()
            refused(status, slug)
        operator.patch(f"/v1/admin/teams/{team}", json={"state": "active"}).raise_for_status()
        assert chat().status_code == 200

        user = operator.post("/v1/account/members",
                             json={"email": "v@example.com", "role": "viewer"}).json()["user"]
        key = operator.post("/v1/keys", json={"name": "v", "user": user}).json()["key"]
        viewer = as_key_of(gateway, key)
        assert viewer.get("/v1/keys").status_code == 200
        assert code(viewer.post("/v1/keys", json={"name": "x"})) == "team_access_denied"
        assert viewer.post("/v1/chat/completions", json={"model": "sandbox"}).status_code == 403
        operator.delete(f"/v1/account/members/{user}").raise_for_status()
        assert viewer.get("/v1/keys").status_code == 403
        assert viewer.get("/v1/key").status_code == 200
        viewer.close()


def as_key_of(gateway, secret):
    return httpx.Client(base_url=gateway.url, headers={"Authorization": f"Bearer {secret}"})


def code(response):
    body = response.json()
    return body["error"]["code"] if "error" in body else body["code"]
