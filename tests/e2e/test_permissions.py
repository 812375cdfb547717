"""Every route with nine kinds of caller: what the tables of permissions do not allow does not happen.

Which permission a route needs is what /openapi.json says (src/app/routes_test.cc holds it to the route
table); who holds a permission is what docs/reference/permissions.md says (made from the role table).
"""
import itertools
import re

import httpx
import pytest

from gateway import ROOT

STRANGERS = ("none", "malformed", "revoked")
ROLES = ("viewer", "member", "admin")
KINDS = ("inference", "management")
METHODS = ("get", "put", "post", "patch", "delete")
OWN = "own"


def held_by_whom() -> dict:
    """{"keys.read": {"owner": "yes", …, "inference": "", …}} as the reference page has it."""
    page = (ROOT / "docs" / "reference" / "permissions.md").read_text()
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")]
            for line in page.splitlines() if line.startswith("|")]
    head = rows[0]
    return {row[0]: dict(zip(head[1:], row[1:])) for row in rows[2:]}


HELD = held_by_whom()
TURN = itertools.count()


def operations(spec):
    for path, item in sorted(spec["paths"].items()):
        if "$ref" in item:
            item = spec["components"]["pathItems"][item["$ref"].rsplit("/", 1)[1]]
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]["x-permission"]


def reach(caller: str, permission: str) -> str:
    """What the tables give a caller: "yes", "own" or nothing."""
    held = HELD[permission]
    if caller in ROLES:  # a key of kind `full` that a person of this role owns
        return held[caller] if held["full"] else ""
    return held[caller if caller in KINDS else "full"]


def code_of(answer) -> str:
    body = answer.json()
    error = body.get("error", body)
    code = error.get("code") or error.get("error_code")  # Bedrock's
    return (code or error["details"]["error_code"]).lower()  # Anthropic's


class Team:
    """The shared gateway's first team, another one, and who calls."""

    def __init__(self, gateway):
        socket = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
        self.url = gateway.url
        self.operator = httpx.Client(base_url="http://gateway", transport=socket, timeout=30)
        self.other = self.made("/v1/admin/teams", name="others")["id"]
        self.plan = self.made("/v1/admin/plans", name="a plan to look at")["id"]
        self.mine = self.operator.get("/v1/account").json()["id"]
        revoked = self.key()
        self.operator.delete(f"/v1/keys/{revoked['id']}").raise_for_status()
        self.callers = {"none": self.client(None), "malformed": self.client("kw_live_short"),
                        "revoked": self.client(revoked["key"])}
        for role in ROLES:
            self.callers[role] = self.client(self.key(user=self.member(role))["key"])
        for kind in KINDS:
            self.callers[kind] = self.client(self.key(kind=kind)["key"])
        foreign = self.made(f"/v1/admin/teams/{self.other}/keys", name="another team's")
        self.callers["another team's"] = self.client(foreign["key"])

    def made(self, path, **body) -> dict:
        answer = self.operator.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def key(self, **body) -> dict:
        return self.made("/v1/keys", name="a key", **body)

    def member(self, role) -> str:
        return self.made("/v1/account/members", role=role,
                         email=f"{role}-{next(TURN)}@example.com")["user"]

    def budget(self, path) -> str:
        of_plan = path.startswith("/v1/admin/")
        target = {"scope": "plan", "target": self.plan} if of_plan else {}
        family = "/v1/admin/budgets" if of_plan else "/v1/account/budgets"
        return self.made(family, name="a budget", amount_usd="1000000", **target)["id"]

    def webhook(self, path) -> str:
        """The only one there is: a team has ten at most."""
        family = f"/v1/{'admin' if path.startswith('/v1/admin/') else 'account'}/webhooks"
        for each in self.operator.get(family).json()["data"]:
            self.operator.delete(f"{family}/{each['id']}")
        return self.made(family, url="http://127.0.0.1:9/")["id"]

    def client(self, secret):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def path_of(self, path) -> str:
        """The path with the ids of something of this team's that nobody has touched yet.

        A key of it is of kind management, or one that only manages could not rotate it: a full secret
        is more than it holds."""
        if path.startswith("/v1/models/"):
            return path.replace("{id}", "sandbox")
        if path.startswith("/v1/authz"):
            return path.format(demands=f"team={self.mine}", path="orders/7")
        made = {"/apps/{id}": lambda: self.made("/v1/account/apps", name=f"app {next(TURN)}")["id"],
                "/keys/{id}": lambda: self.key(kind="management")["id"],
                "/budgets/{id}": lambda: self.budget(path),
                "/webhooks/{id}": lambda: self.webhook(path),
                "/members/{user}": lambda: self.member("viewer"),
                "/users/{id}": lambda: self.member("viewer"),
                "/teams/{id}": lambda: self.other,
                "/plans/{id}": lambda: self.plan}
        for pattern, make in made.items():
            if pattern in path:
                name = pattern.rsplit("/", 1)[1]
                return path.replace(name, make())
        return path

    def send(self, caller, method, path):
        body = None if method in ("GET", "DELETE") else {}
        return self.callers[caller].request(method, self.path_of(path), json=body)

    def close(self):
        # The team is everybody's: what it could spend binds nobody after this.
        for budget in self.operator.get("/v1/account/budgets").json()["data"]:
            self.operator.delete(f"/v1/account/budgets/{budget['id']}")
        for family in ("/v1/account/webhooks", "/v1/admin/webhooks"):
            self.operator.delete(f"{family}/{self.webhook(family)}")
        for client in (self.operator, *self.callers.values()):
            client.close()


@pytest.fixture(scope="module")
def team(gateway):
    team = Team(gateway)
    yield team
    team.close()


@pytest.fixture(scope="module")
def routes(team):
    found = list(operations(team.operator.get("/openapi.json").json()))
    assert len(found) > 60
    return found


def expected(caller, method, path, permission) -> str:
    """What an answer must be, as a pattern of "STATUS code"."""
    if permission == "public":  # a body that says nothing is no sign-in, and a name stands for no file
        return "200 .*" if method == "GET" and "{" not in path else "(400|404) .*"
    if permission in ("session", "playground"):  # which no key is taken for
        return "401 session_required"
    if caller in STRANGERS:
        return "(401|429) .*"  # 429: too many failed attempts of this address
    held = reach(caller, permission)
    if not held:
        role_holds = caller not in ROLES or HELD[permission][caller]
        return "403 (insufficient_scope|endpoint_not_allowed)" if role_holds else \
            "403 (team_access_denied|insufficient_scope|endpoint_not_allowed)"
    if caller == "another team's" and path.startswith("/v1/authz/"):
        return "(400|401 invalid_api_key).*"  # 400: a body
    foreign = caller == "another team's" and "{" in path and permission != "inference"
    if foreign:  # not there; a body that says nothing may be refused before anyone looks
        return "404 not_found" if method in ("GET", "DELETE") else "(404 not_found|400 .*)"
    if held == OWN and "{" in path:  # what is in the path is not the caller's own
        return "(403 team_access_denied|400 .*)"
    return "(2..|400|402|404|409|413|415|422|429|5..) .*"  # not 401, not 403


@pytest.mark.parametrize("caller", [*STRANGERS, *ROLES, *KINDS, "another team's"])
def test_what_the_tables_do_not_allow_does_not_happen(team, routes, caller):
    for method, path, permission in routes:
        answer = team.send(caller, method, path)
        code = code_of(answer) if answer.status_code >= 400 else ""
        got = f"{answer.status_code} {code}"
        assert re.fullmatch(expected(caller, method, path, permission), got), \
            f"{caller}: {method} {path} ({permission}): {got} {answer.text[:300]}"
        assert answer.status_code != 500, answer.text


def test_every_permission_of_a_route_is_in_the_table_and_no_key_runs_the_instance(routes):
    assert {permission for _, _, permission in routes} <= HELD.keys()
    assert not any(held in ("yes", OWN) for held in HELD["operator"].values())
