"""The cases of oidc-negative.json, by a provider that lies: each refused, told in the audit log, no session.

The list is data of the maintainers' and lies beside the project, never in it. A case that is new there and
has no function here fails.
"""
import base64
import concurrent.futures
import datetime
import hashlib
import itertools
import json
import pathlib
import os
import unicodedata
import urllib.parse

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway import ROOT
from sso import NodeProcess, at_known_address, denied, operator_of, query_of, sign_in_provider
from test_sign_in import PASSWORD, printed_link

LIST = pathlib.Path(os.environ.get("KEYWARDEN_VECTORS", ROOT.parent / "shared" / "vectors")) \
    / "keywarden" / "oidc-negative.json"
CASES_MAX = 45
LEEWAY = 60  # kTokenClockLeeway
SSO_COOKIE = "keywarden_sso"
SESSION_COOKIE = "keywarden_session"
DOMAIN = {"provision": "true", "domains": '["example.com"]'}
GROUPS = {"groups": '[{ group = "admins", operator = true }]'} | DOMAIN
FIELDS = {19: {"max_age": '"5m"'}, 22: DOMAIN, 43: GROUPS, 44: DOMAIN, 34: DOMAIN}
PARTS = {9: "ab", 11: "ab", 24: "ab", 25: "ab", 28: "ab", 35: "ab", 36: "abcdefgh", 42: "abcdefgh",
         44: "ab"}  # issuers of one case
ADDRESSES = itertools.count(1)


def certificate():
    """A key and a certificate that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC) if hasattr(datetime, "UTC") else datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    return {"cert": made.public_bytes(pem).decode(),
            "key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()).decode()}


class House:
    """A gateway that trusts one liar under many names: each case has an issuer of its own."""

    def __init__(self, folder, set_up=True):
        folder.mkdir(exist_ok=True)
        self.liar = NodeProcess("hostile_provider.mjs", json.dumps(certificate()))
        self.origin, self.tls = self.liar.said["origin"], self.liar.said["tls"]
        self.control = httpx.Client(timeout=30)

        def config(_):
            text = '[server]\ntrusted_proxies = "127.0.0.1"\n'
            for number in range(CASES_MAX):
                for part in PARTS.get(number, "a"):
                    name = f"c{number}{part}"
                    fields = FIELDS.get(number, {})
                    text += sign_in_provider(name, f"{self.origin}/{name}", **fields)
            return text

        self.gateway = at_known_address(folder / "data", config)
        self.url = self.gateway.url
        self.operator = operator_of(self.gateway)
        self.ann = self.browser()
        if not set_up:
            return
        made = self.ann.post("/auth/setup", {
            "token": printed_link(self.gateway)[2], "email": "ann@example.com", "name": "Ann",
            "password": PASSWORD})
        assert made.status_code == 200, made.text
        self.ann.csrf = made.json()["csrf_token"]

    def browser(self):
        return Browser(self)

    def plan(self, name, **plan):
        self.control.put(f"{self.origin}/_plan/{name}", json=plan).raise_for_status()

    def seen(self, name) -> dict:
        return self.control.get(f"{self.origin}/_seen/{name}").json()

    def users(self) -> list[str]:
        rows = self.operator.get("/v1/admin/users", params={"limit": 100}).json()["data"]
        return sorted(row["id"] for row in rows)

    def stop(self):
        self.operator.close()
        self.control.close()
        self.ann.http.close()
        self.gateway.stop()
        self.liar.stop()


class Browser:
    """From an address of its own, so that no case is held off for another's failures."""

    def __init__(self, house):
        self.house = house
        self.csrf = None
        number = next(ADDRESSES)
        self.http = httpx.Client(base_url=house.url, timeout=40, headers={
            "X-Forwarded-For": f"198.51.{number // 250}.{number % 250 + 1}"})

    def get(self, path, **options):
        return self.http.get(path, **options)

    def post(self, path, body):
        headers = {"Origin": self.house.url} | ({"X-Keywarden-Csrf": self.csrf} if self.csrf else {})
        return self.http.post(path, json=body, headers=headers)

    def start(self, name, query="") -> dict:
        """Sent to the provider: what it is asked there."""
        answer = self.get(f"/auth/oidc/{name}/start{query}")
        assert answer.status_code == 303, answer.text
        return query_of(answer.headers["Location"])

    def come_back(self, name, **fields):
        return self.get(f"/auth/oidc/{name}/callback", params=fields)

    def try_with(self, name, **plan):
        """The whole way, with a provider that does as the plan says."""
        self.house.plan(name, **plan)
        asked = self.start(name)
        if "sso" in asked:  # it did not even begin
            return self.get(f"/auth/oidc/{name}/start")
        return self.finish(name, asked, **plan)

    def finish(self, name, asked, **plan):
        plan = {"nonce": asked["nonce"], "challenge": asked["code_challenge"]} | plan
        self.house.plan(name, **plan)
        return self.come_back(name, code=f"code-{next(ADDRESSES)}", state=asked["state"],
                              **plan.get("callback", {}))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("hostile"))
    yield made
    made.stop()


class Watch:
    """What every case ends with: nobody is in, nobody was made, and the log says why."""

    def __init__(self, house, number, folder=None):
        self.house = house
        self.folder = folder
        self.number = number
        self.users = house.users()
        self.identities = house.ann.get("/auth/identities").json()["data"]

    def name(self, part="a"):
        return f"c{self.number}{part}"

    def refused(self, answer, reason, code=None):
        """`reason` is how the row of the audit log begins."""
        code = code or reason.split(":")[0]
        assert answer.status_code == 303, (answer.status_code, answer.text)
        said = query_of(answer.headers["Location"])
        assert said.get("sso") == code, (said, self.rows()[:2])
        assert answer.headers["Location"].startswith("../../../?sso=")
        self.nobody_is_in(answer)
        row = next(row for row in self.rows() if row["request_id"] == said["request"])
        assert row["reason"].startswith(reason), row["reason"]
        assert row["action"] == "user.sign_in"

    def nobody_is_in(self, answer):
        cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
        assert not [one for one in cookies if one.startswith(SESSION_COOKIE)], cookies
        assert self.house.users() == self.users
        assert self.house.ann.get("/auth/identities").json()["data"] == self.identities

    def rows(self):
        return denied(self.house.operator)

    def browser(self):
        return self.house.browser()

    def fails(self, reason, part="a", **plan):
        self.refused(self.browser().try_with(self.name(part), **plan), reason)


@pytest.fixture
def watch(house, request, tmp_path):
    return Watch(house, request.node.callspec.params["number"], tmp_path)


def token_flaw(flaw):
    return f"sso_token_invalid: {flaw}"


def alg_none(watch):
    watch.fails(token_flaw("alg"), sign="none",
                header={"alg": "none"})


def alg_none_in_other_words(watch):
    for alg in ("nOnE", "NONE", "None", ""):
        watch.fails(token_flaw("alg"), sign="unsigned", header={"alg": alg})
    watch.fails(token_flaw("alg"), sign="unsigned", header={"alg": None})


def hmac_with_the_public_key(watch):
    for form in ("pem", "der", "jwk"):
        watch.fails(token_flaw("alg"), sign=f"hmac-{form}")


def hmac_with_the_clients_secret(watch):
    watch.fails(token_flaw("alg"), sign="hmac-secret")


def a_key_of_nobody(watch):
    watch.fails(token_flaw("signature"), sign="stranger")


def an_unknown_kid(watch):
    for _ in range(5):
        watch.fails(token_flaw("kid"), header={"kid": "another"})
    # The first look for keys, and one more because the set had none of that name.
    assert watch.house.seen(watch.name())["counts"]["jwks"] == 2


def a_strange_kid(watch):
    for kid in ("../../etc/passwd", "' OR 1=1 --", "a" * 300):
        watch.fails(token_flaw("kid"), header={"kid": kid})
    watch.fails("sso_unavailable: token", header={"kid": "a" * 1_000_000})
    watch.fails(token_flaw("token"), header={"kid": "a" * 60_000})


def a_key_in_the_header(watch):
    for field in ("jku", "x5u", "jwk", "x5c"):
        watch.fails(token_flaw("header_key"), sign="stranger",
                    header={field: f"{watch.house.origin}/attacker"})
    assert "attacker" not in json.dumps(watch.house.seen("attacker"))


def a_critical_extension(watch):
    watch.fails(token_flaw("crit"), header={"crit": ["exp"], "exp": 1})
    watch.fails(token_flaw("crit"), sign="main-raw", header={"crit": ["unknown"], "unknown": 1})


def two_keys_of_one_name(watch):
    watch.fails(token_flaw("key"), keys="same-kid", sign="stranger")
    watch.fails(token_flaw("key"), part="b", keys="same-kid")


def a_key_for_encryption(watch):
    watch.fails(token_flaw("kid"), keys="enc")


def short_keys(watch):
    for bits, part in ((512, "a"), (1024, "b")):
        watch.fails(token_flaw("kid"), part=part, keys=f"weak-{bits}", sign=f"weak-{bits}",
                    header={"kid": "weak"})


def another_issuer(watch):
    issuer = f"{watch.house.origin}/{watch.name()}"
    for other in (issuer + "/", issuer.upper(), issuer.replace("http:", "HTTP:"),
                  issuer.replace(watch.name(), "{tenantid}"), "", f"{issuer}-2", 7, [issuer]):
        watch.fails(token_flaw("iss"), claims={"iss": other})


def another_audience(watch):
    for audience in (None, "another", [], ["another"], [7], "", {"keywarden": True}):
        watch.fails(token_flaw("aud"), claims={"aud": audience})
    watch.fails(token_flaw("azp"), claims={"aud": ["keywarden", "another"], "azp": "another"})
    watch.fails(token_flaw("azp"), claims={"aud": "keywarden", "azp": "another"})


def two_audiences_and_no_azp(watch):
    watch.fails(token_flaw("azp"), claims={"aud": ["keywarden", "another"]})


def expired(watch):
    watch.fails(token_flaw("exp"), shifts={"exp": -LEEWAY - 1, "iat": -300})
    for value in (None, "tomorrow", -1, 1e300):
        watch.fails(token_flaw("exp"), claims={"exp": value})


def of_the_future(watch):
    # A second more than the leeway, and those that pass meanwhile.
    watch.fails(token_flaw("iat"), shifts={"iat": LEEWAY + 5})
    watch.fails(token_flaw("nbf"), shifts={"nbf": LEEWAY + 5})
    watch.fails(token_flaw("iat"), claims={"iat": None})


def another_nonce(watch):
    one = watch.browser()
    before = one.start(watch.name())["nonce"]
    for nonce in (None, "", "wrong", before, [before]):
        watch.fails(token_flaw("nonce"), claims={"nonce": nonce})


def other_hashes(watch):
    watch.fails(token_flaw("at_hash"), claims={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})
    watch.fails(token_flaw("c_hash"), claims={"c_hash": "AAAAAAAAAAAAAAAAAAAAAA"})


def an_old_sign_in(watch):
    assert watch.browser().start(watch.name())["max_age"] == "300"
    watch.fails(token_flaw("auth_time"), shifts={"auth_time": -300 - LEEWAY - 1})
    watch.fails(token_flaw("auth_time"))


def a_strange_subject(watch):
    for subject in (None, "", "a" * 256, "a\nb", "ä", 7):
        watch.fails(token_flaw("sub"), claims={"sub": subject})
    watch.fails(token_flaw("userinfo_sub"), userinfo={"sub": "somebody else"})
    watch.fails(token_flaw("userinfo_sub"), userinfo={"sub": None})


def an_email_that_nobody_verified(watch):
    for verified in (False, None, "true", 1):
        claims = {"email": "ann@example.com", "email_verified": verified}
        watch.fails("sso_no_account: not_linked", claims=claims)
    watch.fails("sso_no_account: not_linked",
                claims={"email": "ann@example.com", "email_verified": True})


def an_email_that_looks_like_anothers(watch):
    for email in ("ann@example.com", "ANN@EXAMPLE.COM", "Ann@Example.com", "ann+sso@example.com",
                  "аnn@example.com", "ａnn@example.com",
                  unicodedata.normalize("NFD", "ánn@example.com"), "ann@exаmple.com",
                  "ann@example.com\u200b", '"ann"@example.com', "ann@evil.test@example.com"):
        watch.fails("sso_no_account: email", claims={"email": email, "email_verified": True})


def another_state(watch):
    one, other = watch.browser(), watch.browser()
    name = watch.name()
    watch.refused(one.come_back(name, code="x"), "sso_state_invalid: state")
    watch.refused(one.come_back(name, code="x", state=""), "sso_state_invalid: state")
    watch.refused(one.come_back(name, code="x", state="a" * 43), "sso_state_invalid: state")
    asked = other.start(name)
    one.start(name)
    watch.refused(one.finish(name, asked), "sso_state_invalid: browser")
    watch.refused(other.finish(name, asked), "sso_state_invalid: state")  # it works once
    no_cookie = watch.browser()
    asked = no_cookie.start(name)
    no_cookie.http.cookies.clear()
    watch.refused(no_cookie.finish(name, asked), "sso_state_invalid: browser")


def a_state_of_another_provider(watch):
    one = watch.browser()
    asked = one.start(watch.name("a"))
    cookie = one.http.cookies[SSO_COOKIE]
    answer = one.finish(watch.name("b"), asked)
    watch.refused(answer, "sso_state_invalid: provider")
    assert cookie


def another_issuer_in_the_answer(watch):
    named = {"authorization_response_iss_parameter_supported": True}
    watch.fails(token_flaw("iss_parameter"), part="a", discovery=named)
    for issuer in (f"{watch.house.origin}/{watch.name('a')}", "", "https://evil.test"):
        watch.fails(token_flaw("iss_parameter"), part="b", callback={"iss": issuer})


def a_code_twice(watch):
    one = watch.browser()
    asked = one.start(watch.name())
    cookie = one.http.cookies[SSO_COOKIE]
    watch.refused(one.finish(watch.name(), asked), "sso_no_account: not_linked")
    one.http.cookies.set(SSO_COOKIE, cookie)
    watch.refused(one.come_back(watch.name(), code="x", state=asked["state"]),
                  "sso_state_invalid: state")
    other = watch.browser()
    again = other.start(watch.name())
    watch.house.plan(watch.name(), nonce=again["nonce"], used=["code-again"])
    watch.refused(other.come_back(watch.name(), code="code-again", state=again["state"]),
                  "sso_unavailable: token: answered 400")


def a_code_of_another_session(watch):
    one, victim = watch.browser(), watch.browser()
    name = watch.name()
    theirs = victim.start(name)
    mine = one.start(name)
    # The provider bound the code to the challenge of the session that it was made for.
    answer = one.finish(name, mine, challenge=theirs["code_challenge"])
    watch.refused(answer, "sso_unavailable: token: answered 400")


def no_proof_of_the_code(watch):
    one = watch.browser()
    asked = one.start(watch.name())
    assert asked["code_challenge_method"] == "S256"
    watch.refused(one.finish(watch.name(), asked), "sso_no_account: not_linked")
    verifier = watch.house.seen(watch.name())["token"]["code_verifier"]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert len(verifier) == 43
    watch.fails("sso_unavailable: discovery: no S256", part="b",
                discovery={"code_challenge_methods_supported": ["plain"]})


def an_error_with_markup(watch):
    one = watch.browser()
    asked = one.start(watch.name())
    answer = one.come_back(watch.name(), state=asked["state"], error="access_denied",
                           error_description="<script>alert(1)</script>", error_uri="javascript:1")
    watch.refused(answer, "sso_denied")
    assert "script" not in answer.text + str(answer.headers)
    assert "script" not in json.dumps(watch.rows()[0])


def an_answer_in_another_shape(watch):
    one = watch.browser()
    name = watch.name()
    asked = one.start(name)
    posted = one.http.post(f"/auth/oidc/{name}/callback",
                           data={"code": "x", "state": asked["state"]})
    assert posted.status_code == 405
    watch.nobody_is_in(posted)
    for query in (f"code=x&code=y&state={asked['state']}", f"code=x&state={asked['state']}&state=z",
                  "code=%zz&state=x", "code=%00&state=x"):
        watch.refused(one.get(f"/auth/oidc/{name}/callback?{query}"), "sso_state_invalid: query")
    watch.refused(one.get(f"/auth/oidc/{name}/callback#code=x&state={asked['state']}"),
                  "sso_state_invalid: state")  # what stands behind # is never sent


def a_next_page_of_somebody_else(watch):
    for page in ("//evil", "https:evil", "https://evil.test", "/\\evil", "\\\\evil", "/\\/evil",
                 "javascript:alert(1)", "/\r\nSet-Cookie: a=b", "/\tx", "evil", "", "/a/../../b",
                 "/auth/logout", "/x//evil"):
        one = watch.browser()
        answer = one.get(f"/auth/oidc/{watch.name()}/start", params={"next": page})
        watch.refused(answer, "sso_state_invalid: ")
        assert "evil" not in answer.headers["Location"] and "set-cookie" not in {
            name for name, value in answer.headers.items() if SSO_COOKIE in value}


def the_code_of_an_attacker(watch):
    attacker, victim = watch.browser(), watch.browser()
    asked = attacker.start(watch.name())
    watch.house.plan(watch.name(), nonce=asked["nonce"], challenge=asked["code_challenge"])
    watch.refused(victim.come_back(watch.name(), code="attackers", state=asked["state"]),
                  "sso_state_invalid: browser")
    assert victim.get("/auth/session").status_code == 401


def a_session_set_before(watch):
    one = watch.browser()
    one.http.cookies.set(SESSION_COOKIE, "f" * 43)
    watch.refused(one.try_with(watch.name()), "sso_no_account: not_linked")
    assert one.get("/auth/session").status_code == 401
    linked = link_ann(watch, "ann-33")
    try:
        one.http.cookies.set(SESSION_COOKIE, "f" * 43)
        answer = one.try_with(watch.name(), claims={"sub": "ann-33"})
        token = new_session(answer)
        assert token != "f" * 43 and len(token) == 43
        one.http.cookies.clear()
        one.http.cookies.set(SESSION_COOKIE, "f" * 43)
        assert one.get("/auth/session").status_code == 401
    finally:
        linked()


def a_session_that_outlives_its_reason(watch):
    made = watch.browser()
    claims = {"sub": "kim", "email": "kim@example.com", "email_verified": True, "name": "Kim"}
    answer = made.try_with(watch.name(), claims=claims)
    assert new_session(answer)
    kim = made.get("/auth/session").json()["user"]["id"]
    made.csrf = made.get("/auth/session").json()["csrf_token"]
    token = made.http.cookies[SESSION_COOKIE]
    assert made.post("/auth/logout", {}).status_code == 204
    replayed = watch.browser()
    replayed.http.cookies.set(SESSION_COOKIE, token)
    assert replayed.get("/auth/session").status_code == 401
    assert new_session(made.try_with(watch.name(), claims=claims))
    patch = f"/v1/admin/users/{kim}"
    watch.house.operator.patch(patch, json={"is_disabled": True}).raise_for_status()
    assert made.get("/auth/session").status_code == 401
    watch.users = watch.house.users()
    watch.refused(watch.browser().try_with(watch.name(), claims=claims),
                  "sso_no_account: disabled")


def another_issuer_in_discovery(watch):
    for part, issuer in (("a", "https://evil.test"), ("b", f"{watch.house.origin}/{watch.name('b')}/")):
        watch.fails("sso_unavailable: discovery: other issuer", part=part,
                    discovery={"issuer": issuer})


def an_answer_that_never_ends(watch):
    plans = {"a": (".well-known/openid-configuration", "500"),
             "b": (".well-known/openid-configuration", "10MB"),
             "c": (".well-known/openid-configuration", "slowloris"),
             "d": ("jwks", "500"), "e": ("jwks", "10MB"), "f": ("jwks", "slowloris"),
             "g": ("jwks", "silence"), "h": ("token", "silence")}
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        def one(item):
            part, (path, fault) = item
            return watch.browser().try_with(watch.name(part), faults={path: fault})
        for answer in threads.map(one, plans.items()):
            watch.refused(answer, "sso_unavailable: ")


def an_error_with_status_200(watch):
    for body in ({"error": "invalid_grant"}, {}, {"id_token": 7, "access_token": "x"},
                 {"access_token": "x"}, {"id_token": "a.b.c"}):
        watch.fails(token_flaw("token_answer"), token={"status": 200, "body": body})
    for body in ([], "id_token", "<html>"):
        watch.fails("sso_unavailable: token", token={"status": 200, "body": body})


def a_certificate_of_nobody(watch):
    endpoint = f"{watch.house.tls}/{watch.name()}/token"
    watch.fails("sso_unavailable: token", discovery={"token_endpoint": endpoint})
    assert "token" not in watch.house.seen(watch.name())


def userinfo_of_another_token(watch):
    name = watch.name()
    shared = "a" * 200
    one = watch.browser().try_with(name, accessToken=shared + "-one", claims={"sub": "one"})
    watch.refused(one, "sso_no_account: not_linked")
    assert watch.house.seen(name)["authorization"] == f"Bearer {shared}-one"
    two = watch.browser().try_with(name, accessToken=shared + "-two", claims={"sub": "two"})
    watch.refused(two, "sso_no_account: not_linked")
    assert watch.house.seen(name)["authorization"] == f"Bearer {shared}-two"
    watch.fails(token_flaw("userinfo_sub"), accessToken=shared + "-two", claims={"sub": "two"},
                userinfo={"sub": "one"})


def two_tokens_that_begin_alike(watch):
    linked = link_ann(watch, "ann-40")
    try:
        for length in (20, 200):
            shared = "b" * length
            assert new_session(watch.browser().try_with(
                watch.name(), accessToken=shared + "-ann", claims={"sub": "ann-40"}))
            watch.identities = watch.house.ann.get("/auth/identities").json()["data"]
            watch.refused(watch.browser().try_with(
                watch.name(), accessToken=shared + "-other", claims={"sub": "other-40"}),
                "sso_no_account: not_linked")
    finally:
        linked()


def headers_that_are_none(watch):
    one = watch.browser()
    for headers in ({"Authorization": "Basic"}, {"Authorization": "Bearer \xff"},
                    {"Authorization": "a" * 5000}, {"Cookie": "=;;=;a"}, {"Cookie": "\xff=\xff"},
                    {"Cookie": f"{SSO_COOKIE}"}, {"Cookie": f"{SSO_COOKIE}=;{SSO_COOKIE}={'a' * 43}"},
                    {"Cookie": f"{SESSION_COOKIE}={'a' * 4000}"}):
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        for path in ("/auth/session", f"/auth/oidc/{watch.name()}/callback?code=x&state=y"):
            answer = one.get(path, headers=encoded)
            assert answer.status_code < 500, (headers, answer.status_code)
            watch.nobody_is_in(answer)
    watch.refused(one.come_back(watch.name(), code="x", state="y"), "sso_state_invalid: state")


def an_address_of_our_own_network(watch):
    places = ("http://169.254.169.254/latest", "https://10.0.0.1/token", "https://192.168.0.1/x",
              "https://127.0.0.2/x", "http://127.0.0.1.evil.test/x", "https://[::1]/x",
              "https://169.254.169.254/x", "file:///etc/passwd")
    for part, place in zip("abcdefgh", places):
        watch.fails("sso_unavailable: ", part=part, discovery={"token_endpoint": place})
    made = watch.house.ann.post("/v1/admin/identity-providers", {"issuer": "http://10.0.0.1"})
    assert made.status_code == 404  # nobody can register one: they are of the configuration


def groups_of_another_kind(watch):
    verified = {"email": "mia@example.com", "email_verified": True}
    for groups in ("admins", {"admins": True}, 7, ["admins", 7], [["admins"]]):
        watch.fails(token_flaw("groups"), claims=verified | {"groups": groups})
    elsewhere = {"_claim_names": {"groups": "src1"},
                 "_claim_sources": {"src1": {"endpoint": f"{watch.house.origin}/groups"}}}
    watch.fails("sso_no_account: groups", claims=verified | elsewhere)
    watch.fails("sso_no_account: groups", claims=verified | {"roles": ["admins"]})
    watch.fails("sso_no_account: groups", claims=verified, tokenExtra={"groups": ["admins"]})
    # What was signed is what holds: userinfo cannot add to it.
    watch.fails("sso_no_account: groups", claims=verified | {"groups": ["staff"]},
                userinfo={"groups": ["admins"]})


def fifty_at_once(watch):
    """On an instance that nobody has set up yet: neither refused nor let in does anybody own it."""
    fresh = House(watch.folder / "fresh", set_up=False)
    try:
        for name, is_let_in in (("c0a", False), ("c44a", True)):
            browsers = [fresh.browser() for _ in range(50)]
            asked = [one.start(name) for one in browsers]
            fresh.plan(name, nonces={f"code-{n}": what["nonce"] for n, what in enumerate(asked)},
                       people={f"code-{n}": f"p{n}" for n in range(50)})

            def enter(n):
                return browsers[n].come_back(name, code=f"code-{n}", state=asked[n]["state"])

            with concurrent.futures.ThreadPoolExecutor(16) as threads:
                answers = list(threads.map(enter, range(50)))
            for answer in answers:
                assert ("sso=" in answer.headers["Location"]) != is_let_in, answer.headers
            people = fresh.operator.get("/v1/admin/users", params={"limit": 100}).json()["data"]
            told = [row for row in denied(fresh.operator)
                    if row["reason"] == "sso_no_account: not_linked"]
            assert is_let_in or len(told) == 50
            named = [row for row in people if row["email"]]
            assert len(named) == (50 if is_let_in else 0)
            assert not [row for row in named if row["is_operator"]]
            assert browsers[0].get("/auth/state").json()["setup_needed"]
    finally:
        fresh.stop()


def link_ann(watch, subject):
    """The identity is Ann's, until what it returns is called."""
    house, name = watch.house, watch.name()
    asked = house.ann.post(f"/auth/oidc/{name}/link", {"password": PASSWORD})
    house.plan(name)
    answer = house.ann.get("/" + asked.json()["location"])
    there = query_of(answer.headers["Location"])
    answer = house.ann.finish(name, there, claims={"sub": subject})
    assert answer.headers["Location"] == "../../../profile", answer.headers
    watch.identities = house.ann.get("/auth/identities").json()["data"]
    identity = watch.identities[-1]["id"]

    def unlink():
        answer = house.ann.http.request(
            "DELETE", f"/auth/identities/{identity}", json={"password": PASSWORD},
            headers={"Origin": house.url, "X-Keywarden-Csrf": house.ann.csrf})
        assert answer.status_code == 204, answer.text
    return unlink


def new_session(answer):
    assert answer.status_code == 303 and "sso=" not in answer.headers["Location"], answer.headers
    cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    found = [one for one in cookies if one.startswith(SESSION_COOKIE + "=")]
    assert len(found) == 1, cookies
    return found[0].split(";")[0].split("=")[1]


BY_CASE = [
    alg_none, alg_none_in_other_words, hmac_with_the_public_key, hmac_with_the_clients_secret,
    a_key_of_nobody, an_unknown_kid, a_strange_kid, a_key_in_the_header, a_critical_extension,
    two_keys_of_one_name, a_key_for_encryption, short_keys, another_issuer, another_audience,
    two_audiences_and_no_azp, expired, of_the_future, another_nonce, other_hashes, an_old_sign_in,
    a_strange_subject, an_email_that_nobody_verified, an_email_that_looks_like_anothers,
    another_state, a_state_of_another_provider, another_issuer_in_the_answer, a_code_twice,
    a_code_of_another_session, no_proof_of_the_code, an_error_with_markup,
    an_answer_in_another_shape, a_next_page_of_somebody_else, the_code_of_an_attacker,
    a_session_set_before, a_session_that_outlives_its_reason, another_issuer_in_discovery,
    an_answer_that_never_ends, an_error_with_status_200, a_certificate_of_nobody,
    userinfo_of_another_token, two_tokens_that_begin_alike, headers_that_are_none,
    an_address_of_our_own_network, groups_of_another_kind, fifty_at_once,
]


def test_every_case_of_the_list_has_its_proof():
    assert len(BY_CASE) == CASES_MAX
    if not LIST.exists():
        pytest.skip(f"no {LIST}; the cases themselves are run")
    assert len(json.loads(LIST.read_text())["cases"]) == CASES_MAX


@pytest.mark.parametrize("number", range(len(BY_CASE)), ids=lambda number: BY_CASE[number].__name__)
def test_is_refused(watch, number):
    BY_CASE[number](watch)


def test_who_means_it_well_is_let_in(house):
    """Or else all of the above would prove nothing."""
    watch = Watch(house, 44)
    one = watch.browser()
    answer = one.try_with("c44b", claims={"sub": "lea", "email": "lea@example.com",
                                          "email_verified": True})
    assert new_session(answer)
    assert one.get("/auth/session").json()["user"]["email"] == "lea@example.com"
