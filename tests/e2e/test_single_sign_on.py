"""Single sign-on with a real identity provider (npm oidc-provider): in, out, and what groups make of it."""
import json

import pytest

from sso import (CLIENT_SECRET, NodeProcess, SsoBrowser, at_known_address, denied, operator_of, query_of,
                 sign_in_provider)
from test_sign_in import LINK, PASSWORD, printed_link
from gateway import free_port


def a_person(email, verified=True, groups=()):
    return {"email": email, "email_verified": verified, "name": email.split("@")[0].title(),
            "groups": list(groups)}


PEOPLE = {
    "ann": a_person("ann@example.com"),
    "bob": a_person("bob@example.com"),
    "eve": a_person("eve@elsewhere.test"),
    "carl": a_person("carl@example.com", verified=False),
    "dora": a_person("dora@example.com", groups=["staff"]),
    "otto": a_person("otto@example.com", groups=["staff", "operators"]),
    "gone": a_person("gone@example.com", groups=["others"]),
}


class House:
    """A gateway and the provider that knows its address; made together."""

    def __init__(self, tmp_path, alg="RS256", **fields):
        port = free_port()
        self.console = f"http://127.0.0.1:{port}"
        self.provider = NodeProcess("oidc_provider.mjs", json.dumps(
            {"people": PEOPLE, "console": self.console, "alg": alg}))
        from gateway import Gateway
        config = sign_in_provider("corp", self.provider.said["issuer"], label='"Corp"', **fields)
        self.gateway = Gateway(tmp_path / "data", config, listen=f"127.0.0.1:{port}",
                               env={"SSO_TEST_SECRET": CLIENT_SECRET})
        self.operator = operator_of(self.gateway)
        self.browsers = []

    def browser(self):
        self.browsers.append(SsoBrowser(self.console))
        return self.browsers[-1]

    def enter(self, person, next_page="/"):
        one = self.browser()
        return one, one.through(f"/auth/oidc/corp/start?next={next_page}", person)

    def set_up(self):
        """Ann, who made herself the operator with the printed link."""
        one = self.browser()
        answer = one.change("POST", "/auth/setup", {
            "token": printed_link(self.gateway)[2], "email": "ann@example.com", "name": "Ann",
            "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        one.read_session()
        return one

    def users(self):
        return self.operator.get("/v1/admin/users").json()["data"]

    def stop(self):
        for one in self.browsers:
            one.close()
        self.operator.close()
        self.gateway.stop()
        self.provider.stop()


@pytest.fixture
def house(tmp_path):
    made = []

    def make(**fields):
        made.append(House(tmp_path, **fields))
        return made[-1]

    yield make
    for one in made:
        one.stop()


PROVISIONS = {"provision": "true", "domains": '["example.com"]', "team": '"default"'}


def test_a_new_person_of_the_domain_gets_an_account_and_comes_back_to_it(house):
    home = house(**PROVISIONS)
    bob, page = home.enter("bob", next_page="/keys%3Fstate%3Dactive")
    assert page == f"{home.console}/keys?state=active"
    assert bob.session["user"] == bob.session["user"] | {
        "email": "bob@example.com", "name": "Bob", "is_operator": False, "has_second_factor": False}
    assert [team["role"] for team in bob.session["teams"]] == ["member"]
    again, _ = home.enter("bob")
    assert again.session["user"]["id"] == bob.session["user"]["id"]
    assert CLIENT_SECRET not in home.gateway.logged()


@pytest.mark.parametrize("person, reason", [("eve", "domain"), ("carl", "email_not_verified")])
def test_nobody_else_gets_one(house, person, reason):
    home = house(**PROVISIONS)
    before = len(home.users())
    one, page = home.enter(person)
    said = query_of(page)
    assert said["sso"] == "sso_no_account" and one.session is None
    row = denied(home.operator)[0]
    assert row["reason"] == f"sso_no_account: {reason}" and row["request_id"] == said["request"]
    assert row["target"] == {"type": "identity_provider", "id": "corp"}
    assert len(home.users()) == before


def test_an_email_is_never_the_way_to_somebodys_account(house):
    home = house(**PROVISIONS)
    home.set_up()
    one, page = home.enter("ann")
    assert query_of(page)["sso"] == "sso_no_account" and one.session is None
    assert denied(home.operator)[0]["reason"] == "sso_no_account: email_taken"


def test_who_has_signed_in_links_an_identity_and_unlinks_it(house):
    home = house()
    ann = home.set_up()
    wrong = ann.change("POST", "/auth/oidc/corp/link", {"password": "wrong horse battery"})
    assert wrong.status_code == 401
    asked = ann.change("POST", "/auth/oidc/corp/link", {"password": PASSWORD})
    assert asked.status_code == 200, asked.text
    assert ann.through(asked.json()["location"], "ann") == f"{home.console}/profile"
    linked = ann.get("/auth/identities").json()
    assert [row["email"] for row in linked["data"]] == ["ann@example.com"] and linked["has_password"]

    again, _ = home.enter("ann")
    assert again.session["user"]["id"] == ann.session["user"]["id"]
    taken = home.browser()
    identity = linked["data"][0]["id"]
    assert taken.change("DELETE", f"/auth/identities/{identity}").status_code == 401
    gone = ann.change("DELETE", f"/auth/identities/{identity}", {"password": PASSWORD})
    assert gone.status_code == 204
    assert again.get("/auth/session").status_code == 401  # it had begun with what is gone
    _, page = home.enter("ann")
    assert query_of(page)["sso"] == "sso_no_account"


def test_the_last_way_in_is_not_unlinked_and_no_invitation_leads_to_it(house):
    home = house(provision="true", domains='["example.com"]')
    bob, _ = home.enter("bob")
    identity = bob.get("/auth/identities").json()["data"][0]["id"]
    kept = bob.change("DELETE", f"/auth/identities/{identity}")
    assert (kept.status_code, kept.json()["code"]) == (409, "last_way_in")

    ann = home.set_up()
    ann.http.headers["X-Keywarden-Team"] = ann.session["teams"][0]["id"]
    for path in ("/v1/account/members", "/v1/account/invitations"):
        made = ann.change("POST", path, {"email": "bob@example.com", "role": "viewer"})
        if path.endswith("members"):
            assert made.status_code == 400, made.text
            continue
        token = made.json()["link"].rsplit("=", 1)[1]
        taken = home.browser().change("POST", "/auth/invitations/accept",
                                      {"token": token, "name": "Bob", "password": PASSWORD})
        assert (taken.status_code, taken.json()["code"]) == (403, "invalid_link")


def test_an_invitation_is_redeemed_with_an_identity_in_the_browser_that_opened_it(house):
    home = house()
    ann = home.set_up()
    ann.http.headers["X-Keywarden-Team"] = ann.session["teams"][0]["id"]
    made = ann.change("POST", "/v1/account/invitations", {"email": "b@other.test", "role": "admin"})
    token = made.json()["link"].rsplit("=", 1)[1]
    bob, thief = home.browser(), home.browser()
    asked = bob.change("POST", "/auth/oidc/corp/invitation", {"token": token})
    assert asked.status_code == 200, asked.text
    stolen = thief.get("/" + asked.json()["location"])
    assert query_of(stolen.headers["Location"])["sso"] == "sso_state_invalid"
    asked = bob.change("POST", "/auth/oidc/corp/invitation", {"token": token})
    bob.through(asked.json()["location"], "bob")
    assert bob.session["user"]["email"] == "b@other.test"
    assert [team["role"] for team in bob.session["teams"]] == ["admin"]
    used = thief.change("POST", "/auth/oidc/corp/invitation", {"token": token})
    assert (used.status_code, used.json()["code"]) == (403, "invalid_link")


GROUPS = {"scopes": '["openid", "email", "profile", "groups"]',
          "groups": '[{ group = "staff", team = "default", role = "viewer" },'
                    ' { group = "operators", operator = true }]',
          "provision": "true", "domains": '["example.com"]'}


def test_groups_say_who_comes_in_and_what_they_are(house):
    home = house(**GROUPS)
    dora, _ = home.enter("dora")
    assert not dora.session["user"]["is_operator"]
    assert [team["role"] for team in dora.session["teams"]] == ["viewer"]
    otto, _ = home.enter("otto")
    assert otto.session["user"]["is_operator"]
    one, page = home.enter("gone")
    assert query_of(page)["sso"] == "sso_no_account" and one.session is None
    assert denied(home.operator)[0]["reason"] == "sso_no_account: groups"


def test_an_invitation_is_not_used_up_by_who_is_in_no_group_that_comes_in(house):
    home = house(**GROUPS)
    ann = home.set_up()
    asked = ann.change("POST", "/auth/oidc/corp/link", {"password": PASSWORD})
    assert ann.through(asked.json()["location"], "gone") == f"{home.console}/profile"
    ann.http.headers["X-Keywarden-Team"] = ann.session["teams"][0]["id"]
    made = ann.change("POST", "/v1/account/invitations", {"email": "b@other.test", "role": "admin"})
    token = made.json()["link"].rsplit("=", 1)[1]
    for _ in range(2):
        one = home.browser()
        asked = one.change("POST", "/auth/oidc/corp/invitation", {"token": token})
        assert asked.status_code == 200, "the invitation still holds"
        page = one.through(asked.json()["location"], "gone")
        assert query_of(page)["sso"] == "sso_no_account" and one.session is None


def test_a_role_that_groups_change_back_ends_the_sessions_that_had_the_other(house):
    home = house(**GROUPS)
    dora, _ = home.enter("dora")
    team = dora.session["teams"][0]["id"]
    user = dora.session["user"]["id"]
    promoted = home.operator.patch(f"/v1/account/members/{user}", json={"role": "admin"})
    assert promoted.status_code == 200, promoted.text
    assert dora.get("/auth/session").status_code == 401
    second, _ = home.enter("dora")
    assert [(one["id"], one["role"]) for one in second.session["teams"]] == [(team, "viewer")]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_keys_are_rotated_under_a_running_gateway(house, alg):
    home = house(alg=alg, algorithms=f'["{alg}"]', **PROVISIONS)
    home.enter("bob")
    home.provider.tell("rotate")
    bob, page = home.enter("bob")
    assert bob.session is not None, page


def test_an_algorithm_that_is_not_configured_is_refused(house):
    home = house(alg="PS256", **PROVISIONS)
    one, page = home.enter("bob")
    assert query_of(page)["sso"] == "sso_token_invalid" and one.session is None
    assert denied(home.operator)[0]["reason"] == "sso_token_invalid: alg"


def test_signing_out_here_signs_out_there_and_there_here(house):
    home = house(**PROVISIONS)
    bob, _ = home.enter("bob")
    out = bob.change("POST", "/auth/logout")
    assert out.status_code == 200, out.text
    there = out.json()["end_session_url"]
    assert query_of(there)["client_id"] == "keywarden" and "id_token_hint" in query_of(there)
    assert bob.get("/auth/session").status_code == 401

    # The same at the provider: it tells the gateway, which ends what began there.
    second, _ = home.enter("bob")
    third, _ = home.enter("bob")
    out = second.change("POST", "/auth/logout").json()["end_session_url"]
    page = second.http.get(out)
    answer = end_at_provider(second, page)
    assert answer.status_code in (200, 303, 302), answer.text
    assert third.get("/auth/session").status_code == 200  # another session at the provider


def end_at_provider(browser, page):
    """Confirms the provider's own page of signing out."""
    from urllib.parse import urljoin
    from sso import Forms
    action, fields = Forms(page.text).forms[0]
    return browser.http.post(urljoin(str(page.url), action), data=fields | {"logout": "yes"})


def test_the_provider_ends_the_session_that_began_there(house):
    home = house(**PROVISIONS)
    bob, _ = home.enter("bob")
    other, _ = home.enter("bob")
    # As another application of the company would: nothing is said to the gateway's console.
    page = bob.http.get(home.provider.said["issuer"] + "/session/end")
    end_at_provider(bob, page)
    until = bob.get("/auth/session")
    assert until.status_code == 401, until.text
    assert other.get("/auth/session").status_code == 200
    rows = home.operator.get("/v1/admin/audit").json()["data"]
    assert any(row["actor"] == {"type": "identity_provider", "id": "corp"} for row in rows)


def test_a_provider_that_is_down_stops_neither_the_start_nor_a_password(tmp_path):
    def config(_):
        return sign_in_provider("corp", f"http://127.0.0.1:{free_port()}")

    gateway = at_known_address(tmp_path / "data", config)
    operator, browser = operator_of(gateway), SsoBrowser(gateway.url)
    try:
        answer = browser.get("/auth/oidc/corp/start")
        said = query_of(answer.headers["Location"])
        assert answer.status_code == 303 and said["sso"] == "sso_unavailable"
        assert denied(operator)[0]["reason"].startswith("sso_unavailable: discovery")
        token = LINK.search(gateway.printed())[2]
        made = browser.change("POST", "/auth/setup", {
            "token": token, "email": "ann@example.com", "name": "Ann", "password": PASSWORD})
        assert made.status_code == 200, made.text
        found = gateway.cli("doctor", "--config", gateway.config,
                            env={"SSO_TEST_SECRET": CLIENT_SECRET})
        assert "corp: discovery" in found.stdout, found.stdout + found.stderr
    finally:
        browser.close()
        operator.close()
        gateway.stop()
