"""Teams are renamed, left and closed by people who have signed in, on the shipped binary."""
import httpx
import pytest

from test_openapi import check
from test_sign_in import ann, browser, code_of, place  # noqa: F401

CHAT = {"model": "sandbox", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def operator(place):  # noqa: F811
    transport = httpx.HTTPTransport(uds=str(place.data_dir / "keywarden.sock"))
    with httpx.Client(base_url="http://gateway", transport=transport, timeout=30) as client:
        yield client


@pytest.fixture
def spec(operator):
    return operator.get("/openapi.json").json()


@pytest.fixture
def team(ann, operator):  # noqa: F811
    """A team that is nobody's yet; Ann, who is an operator, looks at it."""
    made = operator.post("/v1/admin/teams", json={"name": "Search"}).json()
    ann.http.headers["X-Keywarden-Team"] = made["id"]
    return made["id"]


@pytest.fixture
def joined(ann, browser, team):  # noqa: F811
    """Somebody new in that team, signed in, by an invitation."""
    def join(name, role):
        made = ann.post("/v1/account/invitations",
                        json={"email": f"{name}@example.com", "role": role}).json()
        one = browser()
        answer = one.begin("/auth/invitations/accept", token=made["link"].rsplit("=", 1)[1],
                           name=name.title(), password="correct horse battery")
        assert answer.status_code == 200, answer.text
        assert one.session["teams"][0]["id"] == team
        return one
    return join


def key_of(place, operator, team):  # noqa: F811
    made = operator.post(f"/v1/admin/teams/{team}/keys", json={"name": "a key"}).json()
    return httpx.Client(base_url=place.url, timeout=30,
                        headers={"Authorization": f"Bearer {made['key']}"})


def test_an_owner_renames_and_everybody_sees_it(spec, joined):
    olga, max_ = joined("olga", "owner"), joined("max", "admin")
    renamed = check(spec, olga.patch("/v1/account", json={"name": "Find"}))
    assert renamed.json()["name"] == "Find"
    assert max_.get("/auth/session").json()["teams"][0]["name"] == "Find"
    assert "team.write" not in max_.session["teams"][0]["permissions"]
    assert "team.leave" in max_.session["teams"][0]["permissions"]
    for answer in (max_.patch("/v1/account", json={"name": "Mine"}), max_.get("/v1/account/close"),
                   max_.post("/v1/account/close", json={"name": "Find"})):
        assert (answer.status_code, code_of(answer)) == (403, "team_access_denied")


def test_who_leaves_is_gone_at_once_and_stays_signed_in(spec, joined, operator, team):
    olga, vera = joined("olga", "owner"), joined("vera", "viewer")
    last = olga.post("/v1/account/leave")
    assert (last.status_code, code_of(last)) == (400, "invalid_request")
    assert check(spec, vera.post("/v1/account/leave")).json()["removed"]
    assert vera.get("/v1/account").status_code == 404
    assert vera.get("/auth/session").json()["teams"] == []
    assert [row["action"] for row in olga.get("/v1/account/audit?limit=1").json()["data"]] == \
        ["member.leave"]
    assert code_of(operator.post("/v1/account/leave")) == "session_required"


def test_a_closed_team_is_refused_at_the_next_call_and_kept(
        spec, place, joined, operator, team):  # noqa: F811
    olga, max_ = joined("olga", "owner"), joined("max", "member")
    with key_of(place, operator, team) as key:
        assert key.post("/v1/chat/completions", json=CHAT).status_code == 200
        told = check(spec, olga.get("/v1/account/close")).json()
        assert told["stops"] == {"keys": 1, "members": 2, "invitations": 0}
        assert told["obstacles"] == []
        wrong = olga.post("/v1/account/close", json={"name": "search"})
        assert (wrong.status_code, wrong.json()["param"]) == (400, "name")
        closed = check(spec, olga.post("/v1/account/close", json={"name": "Search"}))
        assert closed.json()["state"] == "closed"
        for answer in (key.post("/v1/chat/completions", json=CHAT), key.get("/v1/key"),
                       key.get("/v1/keys"), olga.get("/v1/account"), max_.get("/v1/account"),
                       max_.post("/v1/account/leave")):
            assert (answer.status_code, code_of(answer)) == (403, "account_inactive"), answer.text
            assert "closed" in answer.text
        assert olga.get("/auth/session").json()["teams"] == []
        admin = f"/v1/admin/teams/{team}"
        assert check(spec, operator.get(f"{admin}/close")).json()["team"]["state"] == "closed"
        check(spec, operator.post(f"{admin}/close", json={"name": "Search"}))
        shut = operator.patch(admin, json={"state": "closed"})
        assert (shut.status_code, shut.json()["param"]) == (400, "state")
        check(spec, operator.patch(admin, json={"state": "active"}))
        assert key.post("/v1/chat/completions", json=CHAT).status_code == 200
        log = olga.get("/v1/account/audit").json()["data"]
        assert [row["action"] for row in log[:2]] == ["team.update", "team.close"]
        assert olga.get("/v1/account/usage/summary").status_code == 200


def test_a_closing_outlives_a_restart(place, start, operator, team):  # noqa: F811
    key = key_of(place, operator, team)
    operator.post(f"/v1/admin/teams/{team}/close", json={"name": "Search"}).raise_for_status()
    place.stop()
    again = start(data_dir=place.data_dir)
    with httpx.Client(base_url=again.url, headers=key.headers, timeout=30) as client:
        assert code_of(client.post("/v1/chat/completions", json=CHAT)) == "account_inactive"
    key.close()


def test_the_gateways_own_team_stays(ann, operator):  # noqa: F811
    told = operator.get("/v1/account/close").json()
    assert [each["code"] for each in told["obstacles"]] == ["home_team"]
    refused = ann.post("/v1/account/close", json={"name": told["team"]["name"]})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_request")


def test_a_team_says_what_its_keys_start_with(spec, place, operator, team):  # noqa: F811
    with key_of(place, operator, team) as key:
        changed = check(spec, key.patch("/v1/account/key-defaults", json={"requests_per_minute": 2}))
        assert changed.json()["key_defaults"] == {"requests_per_minute": 2}
        limit = key.get("/v1/key").json()["limits"][0]
        assert (limit["limit"], limit["source"], limit["default"]) == (2, "team", True)
        codes = [key.post("/v1/chat/completions", json=CHAT).status_code for _ in range(3)]
        assert codes == [200, 200, 429]


def test_an_operators_route_says_whom_it_is_for(place, operator, team):  # noqa: F811
    with key_of(place, operator, team) as key:
        refused = key.get("/v1/admin/teams").json()
        assert refused["code"] == "insufficient_scope"
        assert "operator of the gateway" in refused["detail"]
        assert "'full'" not in refused["detail"] + refused["help"]
