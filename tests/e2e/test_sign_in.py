"""Signing in as a browser does, on the shipped binary: nothing is claimed, fixed, replayed, or forged."""
import re

import httpx
import pytest

from gateway import ROOT

PASSWORD = "correct horse battery"
COOKIE = "keywarden_session"
LINK = re.compile(r"(http://\S+)/setup#token=([0-9A-Za-z]{43})")
CHANGES = ("post", "put", "patch", "delete")


class Browser:
    """Somebody's cookies, and what the pages keep: the token for changes, and the team."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, timeout=30, headers={"Origin": url})
        self.url = url
        self.session = None

    def begin(self, path, **body):
        answer = self.http.post(path, json=body)
        if answer.status_code == 200:
            self.session = answer.json()
            teams = self.session["teams"]
            self.http.headers["X-Keywarden-Csrf"] = self.session["csrf_token"]
            if teams:
                self.http.headers["X-Keywarden-Team"] = teams[0]["id"]
        return answer

    def sign_in(self, email, password=PASSWORD, **more):
        return self.begin("/auth/login", email=email, password=password, **more)

    def __getattr__(self, name):
        return getattr(self.http, name)


def code_of(answer) -> str:
    body = answer.json()
    return body["error"]["code"] if "error" in body else body["code"]  # the playground speaks OpenAI's


def printed_link(place):
    """What a start prints and what it logs come by two pipes: one may be read before the other."""
    with place._printed:
        place._printed.wait_for(lambda: LINK.search("".join(place.out)), 20)
        return LINK.search("".join(place.out))


@pytest.fixture
def place(start):
    return start("[keys]\ncreations_per_hour = 1000\n")


@pytest.fixture
def browser(place):
    made = []

    def make():
        made.append(Browser(place.url))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ann(place, browser):
    """The first operator, by the link that the start printed."""
    link = printed_link(place)
    assert link and link[1] == place.url, place.printed()
    one = browser()
    answer = one.begin("/auth/setup", token=link[2], email="ann@example.com", name="Ann",
                       password=PASSWORD)
    assert answer.status_code == 200, answer.text
    return one


@pytest.fixture
def bob(ann, browser):
    """A member of Ann's team, by invitation."""
    made = ann.post("/v1/account/invitations", json={"email": "bob@example.com", "role": "member"})
    assert made.status_code == 201, made.text
    one = browser()
    token = made.json()["link"].rsplit("=", 1)[1]
    assert made.json()["link"] == f"{ann.url}/invitation#token={token}"
    answer = one.begin("/auth/invitations/accept", token=token, name="Bob", password=PASSWORD)
    assert answer.status_code == 200, answer.text
    return one


def test_the_printed_link_makes_the_first_operator_once(place, ann, browser):
    token = printed_link(place)[2]
    assert ann.session["user"]["is_operator"] and ann.session["teams"][0]["role"] == "owner"
    assert ann.get("/auth/state").json() == {
        "setup_needed": False, "providers": [], "public_origin": None}
    again = browser().begin("/auth/setup", token=token, email="eve@example.com", name="Eve",
                            password=PASSWORD)
    assert (again.status_code, code_of(again)) == (403, "invalid_link")
    assert token not in place.logged()


def test_a_session_makes_keys_and_sees_who_made_them(ann, bob):
    made = bob.post("/v1/account/keys", json={"name": "bob's"})
    assert made.status_code == 201, made.text
    assert made.json()["created_by"] == bob.session["user"]["id"]
    assert bob.post("/v1/account/apps", json={"name": "no"}).status_code == 403
    assert bob.get("/v1/admin/teams").status_code == 403
    assert ann.get("/v1/admin/teams").status_code == 200
    listed = [key["name"] for key in ann.get("/v1/account/keys").json()["data"]]
    assert "bob's" in listed
    first = next(key for key in ann.get("/v1/account/keys").json()["data"] if key["name"] != "bob's")
    assert bob.delete(f"/v1/account/keys/{first['id']}").status_code == 403  # another's
    assert bob.delete(f"/v1/account/keys/{made.json()['id']}").status_code == 200
    rows = ann.get("/v1/account/audit").json()["data"]
    assert any(row["actor"]["id"] == bob.session["user"]["id"] for row in rows)


def test_every_changing_route_refuses_a_foreign_origin_and_a_missing_token(ann):
    spec = ann.get("/openapi.json").json()
    walked = 0
    for path, item in spec["paths"].items():
        for method in CHANGES:
            operation = item.get(method)
            if operation is None:
                continue
            address = re.sub(r"{[^}]+}", "x", path)
            permission = operation["x-permission"]
            if permission in ("key.self", "inference", "keys.verify"):
                answer = ann.request(method, address, json={})
                assert answer.status_code == 401, (method, path, answer.text)
                continue
            foreign = ann.request(method, address, json={}, headers={"Origin": "https://evil.test"})
            assert foreign.status_code == 403 and code_of(foreign) == "csrf_failed", (method, path)
            cross = ann.request(method, address, json={}, headers={"Sec-Fetch-Site": "cross-site"})
            assert code_of(cross) == "csrf_failed", (method, path)
            if permission != "public":
                bare = ann.request(method, address, json={}, headers={"X-Keywarden-Csrf": "guess"})
                assert code_of(bare) == "csrf_failed", (method, path)
            walked += 1
    assert walked > 60
    assert ann.get("/auth/session").status_code == 200


def test_neither_a_session_nor_a_key_works_in_the_others_place(place, ann):
    chat = {"model": "sandbox", "messages": [{"role": "user", "content": "Hello"}]}
    for method, path in (("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/v1/key")):
        answer = ann.request(method, path, json=chat if method == "POST" else None)
        assert answer.status_code == 401, path
    with httpx.Client(base_url=place.url, timeout=20,
                      headers={"Authorization": f"Bearer {place.key}"}) as key:
        assert key.get("/v1/account/keys").status_code == 200
        for method, path in (("GET", "/auth/session"), ("GET", "/auth/sessions"),
                             ("POST", "/auth/logout"), ("POST", "/auth/totp")):
            assert code_of(key.request(method, path)) == "session_required", path
    both = ann.get("/v1/account/keys", headers={"Authorization": "Bearer kw_live_wrong"})
    assert both.status_code == 401, "a key that is sent is the caller, whatever cookie comes with it"


def test_no_session_can_be_fixed_before_the_sign_in(ann, browser):
    eve = browser()
    eve.http.cookies.set(COOKIE, "A" * 43)
    answer = eve.sign_in("ann@example.com")
    assert answer.status_code == 200
    value = answer.headers["set-cookie"].split(";")[0].split("=", 1)[1]
    assert value not in ("A" * 43, ann.http.cookies[COOKIE])
    assert re.fullmatch(r"[0-9A-Za-z]{43}", value)
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=Lax" in answer.headers["set-cookie"]


def test_a_cookie_that_was_copied_dies_with_the_session(ann, browser):
    thief = browser()
    thief.http.cookies.set(COOKIE, ann.http.cookies[COOKIE])
    assert thief.get("/auth/session").status_code == 200
    assert ann.post("/auth/logout").status_code == 204
    assert COOKIE not in ann.http.cookies
    assert code_of(thief.get("/auth/session")) == "session_required"


def test_a_role_change_and_a_lock_end_every_session_at_once(ann, bob, browser):
    bobs_id = bob.session["user"]["id"]
    again = browser()
    again.http.cookies.set(COOKIE, bob.http.cookies[COOKIE])
    changed = ann.patch(f"/v1/account/members/{bobs_id}", json={"role": "viewer"})
    assert changed.status_code == 200, changed.text
    assert code_of(again.get("/auth/session")) == "session_required"
    assert bob.sign_in("bob@example.com").json()["teams"][0]["role"] == "viewer"
    assert bob.post("/v1/account/keys", json={"name": "x"}).status_code == 403
    assert ann.patch(f"/v1/admin/users/{bobs_id}", json={"is_disabled": True}).status_code == 200
    assert code_of(bob.get("/auth/session")) == "session_required"
    assert code_of(bob.sign_in("bob@example.com")) == "invalid_sign_in"
    itself = ann.patch(f"/v1/admin/users/{ann.session['user']['id']}", json={"is_disabled": True})
    assert itself.status_code == 400 and ann.get("/auth/session").status_code == 200


def test_sessions_outlive_a_restart_and_are_not_in_the_files(place, ann, start):
    cookie = ann.http.cookies[COOKIE]
    files = b"".join(path.read_bytes() for path in place.data_dir.iterdir() if path.is_file())
    assert cookie.encode() not in files and PASSWORD.encode() not in files
    assert place.stop() == 0
    again = start("", data_dir=place.data_dir)
    assert not LINK.search(again.printed())
    answer = httpx.get(f"{again.url}/auth/session", cookies={COOKIE: cookie})
    assert answer.status_code == 200 and answer.json()["csrf_token"] == ann.session["csrf_token"]
    assert cookie not in again.logged() + place.logged()


def test_a_lost_password_is_set_anew_from_the_gateways_host(place, ann, browser):
    made = place.cli("users", "reset-password", "ANN@example.com")
    assert made.returncode == 0, made.stderr
    link = made.stdout.strip()
    assert link.startswith(f"{place.url}/reset#token="), link
    token = link.rsplit("=", 1)[1]
    one = browser()
    assert one.begin("/auth/reset", token=token, password="staple correct horse").status_code == 200
    assert code_of(ann.get("/auth/session")) == "session_required"
    assert code_of(one.begin("/auth/reset", token=token, password=PASSWORD)) == "invalid_link"
    assert ann.sign_in("ann@example.com", "staple correct horse").status_code == 200
    assert place.cli("users", "reset-password", "nobody@example.com").returncode != 0
    assert place.cli("users", "setup-link").returncode != 0


def test_a_lost_set_up_link_is_made_anew_from_the_gateways_host(place, browser):
    made = place.cli("users", "setup-link")
    assert made.returncode == 0, made.stderr
    old, new = printed_link(place)[2], LINK.search(made.stdout)[2]
    body = {"email": "ann@example.com", "name": "Ann", "password": PASSWORD}
    assert code_of(browser().begin("/auth/setup", token=old, **body)) == "invalid_link"
    assert browser().begin("/auth/setup", token=new, **body).status_code == 200


def test_guesses_are_throttled(ann, browser):
    eve = browser()
    codes = [code_of(eve.sign_in("ann@example.com", f"guess number {i}")) for i in range(11)]
    assert codes == ["invalid_sign_in"] * 10 + ["too_many_failed_attempts"]
    answer = eve.sign_in("ann@example.com")
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
    assert ann.get("/auth/session").status_code == 200, "who is in stays in"


def test_what_the_answers_are_is_what_the_contract_says(ann):
    spec = ann.get("/openapi.json").json()
    required = spec["components"]["schemas"]["ConsoleSession"]["required"]
    assert set(ann.get("/auth/session").json()) == set(required)
    listed = ann.get("/auth/sessions").json()["data"]
    assert set(listed[0]) == set(spec["components"]["schemas"]["OwnSession"]["required"])
    assert (ROOT / "openapi.yaml").read_text().count("security: []") > 10


def test_who_signs_in_already_is_invited_and_not_just_added(place, ann, bob):
    bobs_id = bob.session["user"]["id"]
    assert ann.delete(f"/v1/account/members/{bobs_id}").status_code == 200
    key = {"Authorization": f"Bearer {place.key}"}
    added = httpx.post(f"{place.url}/v1/account/members", headers=key,
                       json={"email": "BOB@example.com", "role": "viewer"})
    assert added.status_code == 400 and added.json()["param"] == "email"
    made = httpx.post(f"{place.url}/v1/account/invitations", headers=key | {"Idempotency-Key": "1"},
                      json={"email": "bob@example.com", "role": "viewer"})
    replayed = httpx.post(f"{place.url}/v1/account/invitations",
                          headers=key | {"Idempotency-Key": "1"},
                          json={"email": "bob@example.com", "role": "viewer"})
    assert made.status_code == 201 and "link" in made.json()
    assert replayed.status_code == 201 and "link" not in replayed.json()
    listed = httpx.get(f"{place.url}/v1/account/invitations", headers=key).json()["data"]
    assert [one["email"] for one in listed] == ["bob@example.com"]
    taken = httpx.delete(f"{place.url}/v1/account/invitations/{listed[0]['id']}", headers=key)
    assert taken.status_code == 200, taken.text
    token = made.json()["link"].rsplit("=", 1)[1]
    gone = bob.begin("/auth/invitations/accept", token=token, name="Bob", password=PASSWORD)
    assert code_of(gone) == "invalid_link"
