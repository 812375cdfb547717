"""Usage and money over HTTP and on the command line, of the shipped binary: each answer as the contract says."""
import json
import subprocess
import uuid

import httpx
import pytest

from gateway import BINARY, PLAIN_ENVIRONMENT
from test_openapi import check

BY = ("key", "app", "model", "provider")
BUDGETS = "/v1/account/budgets"
CREDITS = "/v1/admin/credits"


class Api:
    """A gateway of one's own, as its owner's key sees it, and as its operator does."""

    def __init__(self, gateway, key=None):
        self.gateway = gateway
        self.key = key or gateway.key
        self.client = httpx.Client(base_url=gateway.url, timeout=30,
                                   headers={"Authorization": f"Bearer {self.key}"})
        socket = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
        self.operator = httpx.Client(base_url="http://gateway", transport=socket, timeout=30)
        self.spec = self.client.get("/openapi.json").json()
        self.team = self.client.get("/v1/account").json()["id"]

    def ask(self, method, path, by=None, status=200, **options):
        answer = (by or self.client).request(method, path, **options)
        assert answer.status_code == status, answer.text
        check(self.spec, answer)
        return answer

    def get(self, path, **options):
        return self.ask("GET", path, **options).json()

    def post(self, path, body, status=201, **options):
        return self.ask("POST", path, status=status, json=body, **options).json()

    def credit(self, amount, **fields):
        body = {"team": self.team, "kind": "topup", "amount_usd": amount} | fields
        return self.post(CREDITS, body, by=self.operator)

    def run(self, *words, key=None, code=0):
        """The command line, with a key or over the socket; returns what it prints."""
        environment = {"KEYWARDEN_API_KEY": key, "KEYWARDEN_BASE_URL": self.gateway.url} if key \
            else {"KEYWARDEN_DATA_DIR": str(self.gateway.data_dir)}
        done = subprocess.run([BINARY, *words], env=PLAIN_ENVIRONMENT | environment, check=False,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def api(start):
    api = Api(start("[keys]\nactive_max = 1000\ncreations_per_hour = 1000\n"))
    yield api
    api.client.close()
    api.operator.close()


def test_reports_of_nothing_are_reports(api):
    for family in ("/v1/account", "/v1"):
        assert api.get(f"{family}/usage/summary")["calls"] == 0
        assert api.get(f"{family}/usage/daily")["data"][-1]["calls"] == 0
        assert len(api.get(f"{family}/usage/hourly?from=2026-01-01&until=2026-01-02")["data"]) == 48
        for what in BY:
            assert api.get(f"{family}/usage/by-{what}")["data"] == []
        assert api.get(f"{family}/requests")["data"] == []
        api.ask("GET", f"{family}/requests/{uuid.uuid4()}", status=404)
        for what in ("summary", "daily", "hourly", *(f"by-{each}" for each in BY)):
            file = api.ask("GET", f"{family}/usage/{what}?format=csv")
            assert file.text.startswith(("start,", "from,", *BY)) and file.text.endswith("\r\n")
        assert api.ask("GET", f"{family}/requests", headers={"Accept": "text/csv"}
                       ).text.startswith("id,created_at,")
    for path in ("/v1/account/ledger", "/v1/account/events", BUDGETS):
        assert api.get(path)["data"] == []


@pytest.mark.parametrize("query, param", [
    ("from=tomorrow", "from"), ("from=2199-01-01", "from"), ("until=1999-01-01", "until"),
    ("colour=red", "colour"), ("format=xml", "format"), ("key=", "key"), ("from=1&from=2", "from")])
def test_a_wrong_query_names_its_parameter(api, query, param):
    refused = api.ask("GET", f"/v1/account/usage/summary?{query}", status=400).json()
    assert refused["param"] == param


def test_what_is_paid_in_is_there_and_survives_a_restart(api, start):
    billing = f"/v1/admin/teams/{api.team}/billing"
    terms = {"mode": "postpaid", "credit_limit_usd": "10", "time_zone": "Europe/Berlin",
             "markup_basis_points": 1500, "unpriced": "estimate", "clamps_output": True}
    api.ask("PATCH", billing, by=api.operator, json=terms)
    api.credit("25.50", reason="invoice 7")
    api.credit("-0.500000001", kind="correction", reason="a slip")
    api.ask("GET", CREDITS, by=api.operator)

    def holds(api):
        balance = api.get("/v1/account/balance")
        assert balance["balance_usd"] == "24.999999999"
        assert balance["spendable_usd"] == "34.999999999"
        rows = api.get("/v1/account/ledger")["data"]
        assert [row["kind"] for row in rows] == ["correction", "topup"]
        assert api.get(billing, by=api.operator)["time_zone"] == "Europe/Berlin"
        assert api.get("/v1/account/usage/summary")["time_zone"] == "Europe/Berlin"
        checked = api.post("/v1/admin/ledger/verify", {}, by=api.operator, status=200)
        assert checked["agrees"] and checked["differences"] == []

    holds(api)
    assert api.gateway.stop() == 0
    holds(Api(start(data_dir=api.gateway.data_dir), api.key))


def test_a_credit_is_paid_once_for_an_idempotency_key(api):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"team": api.team, "kind": "topup", "amount_usd": "5"}
    first = api.post(CREDITS, body, by=api.operator, headers=headers)
    again = api.post(CREDITS, body, by=api.operator, headers=headers)
    assert again == first
    assert api.get("/v1/account/balance")["balance_usd"] == "5.00"
    api.ask("POST", CREDITS, by=api.operator, json=body | {"amount_usd": "6"}, headers=headers,
            status=422)


@pytest.mark.parametrize("change, param", [
    ({"amount_usd": "0"}, "amount_usd"), ({"amount_usd": "-1"}, "amount_usd"),
    ({"amount_usd": 1.5}, "amount_usd"), ({"amount_usd": "1e9"}, "amount_usd"),
    ({"kind": "gift"}, "kind"), ({"kind": "refund"}, "reason"), ({"team": "team_none"}, "team"),
    ({"currency": "EUR"}, "currency")])
def test_a_wrong_credit_is_refused_and_changes_nothing(api, change, param):
    body = {"team": api.team, "kind": "topup", "amount_usd": "5"} | change
    refused = api.ask("POST", CREDITS, by=api.operator, json=body, status=400).json()
    assert refused["param"] == param
    assert api.get("/v1/account/ledger")["data"] == []


def test_the_life_of_a_budget(api, start):
    key = api.client.post("/v1/keys", json={"name": "ci", "tags": ["blue"]}).json()
    for fields in ({"scope": "key", "target": key["id"], "period": "day"}, {"period": "total"},
                   {"scope": "model", "target": "imposter-1"}, {"scope": "tag", "target": "blue"}):
        made = api.post(BUDGETS, {"name": "b", "amount_usd": "5"} | fields)
        assert made["state"]["remaining_usd"] == "5.00"
    one = f"{BUDGETS}/{made['id']}"
    assert api.ask("PATCH", one, json={"amount_usd": "7.5"}).json()["amount_usd"] == "7.50"
    assert api.post(f"{one}/raise", {"amount_usd": "2", "until": "2198-12-31"},
                    status=200)["state"]["limit_usd"] == "9.50"
    api.ask("PATCH", one, json={"name": "c"}, headers={"If-Match": '"1"'}, status=412)
    before = api.get(BUDGETS)["data"]
    api.gateway.stop()
    api = Api(start(data_dir=api.gateway.data_dir), api.key)
    assert api.get(BUDGETS)["data"] == before, "budgets survive a restart"
    assert api.ask("DELETE", f"{one}/raise").json()["raise"] is None
    api.ask("DELETE", one)
    api.ask("GET", one, status=404)


def test_a_key_does_not_loosen_what_binds_it(api):
    key = api.client.post("/v1/keys", json={"name": "bound"}).json()
    made = api.post(BUDGETS, {"name": "b", "amount_usd": "1", "scope": "key", "target": key["id"]})
    one = f"{BUDGETS}/{made['id']}"
    with httpx.Client(base_url=api.gateway.url, timeout=30,
                      headers={"Authorization": f"Bearer {key['key']}"}) as bound:
        for method, path, body in (("PATCH", one, {"amount_usd": "9"}), ("DELETE", one, None),
                                   ("POST", f"{one}/raise", {"amount_usd": "9", "until": "2198-01-01"}),
                                   ("DELETE", f"{one}/raise", None)):
            refused = api.ask(method, path, by=bound, json=body, status=403).json()
            assert refused["code"] == "insufficient_scope"
    assert api.get(one) == made


def test_a_plans_budget_is_each_teams(api):
    plan = api.get("/v1/account")["plan"]["id"]
    made = api.post("/v1/admin/budgets", {"name": "free", "scope": "plan", "target": plan,
                                          "amount_usd": "2"}, by=api.operator)
    assert made["state"] is None
    seen = api.get(BUDGETS)["data"]
    assert [each["id"] for each in seen] == [made["id"]] and seen[0]["state"]["limit_usd"] == "2.00"
    api.ask("DELETE", f"{BUDGETS}/{made['id']}", status=404)
    one = f"/v1/admin/budgets/{made['id']}"
    api.ask("GET", one, by=api.operator)
    api.ask("PATCH", one, by=api.operator, json={"amount_usd": "3"})
    api.ask("GET", "/v1/admin/budgets", by=api.operator)
    api.ask("DELETE", one, by=api.operator)
    assert api.get(BUDGETS)["data"] == []


def test_the_command_line_does_it_too(api):
    key = api.key
    assert "total" in api.run("usage", key=key)
    assert api.run("usage", "--by", "model", "--csv", key=key).startswith("model,calls,")
    assert "No requests there." in api.run("requests", "list", key=key)
    assert "topup of $25.00" in api.run("topup", api.team, "25", "--reason", "invoice 7")
    assert "$25.00" in api.run("balance", key=key)
    assert "invoice 7" in api.run("ledger", "list", key=key)
    assert "every balance and every sum" in api.run("ledger", "verify")
    made = json.loads(api.run("budgets", "create", "All", "50", "--period", "week", "--json", key=key))
    assert "$50.00" in api.run("budgets", "list", key=key)
    assert "$8.00" in api.run("budgets", "raise", made["id"], "8", "--until", "2198-01-01", key=key)
    assert "$60.00 a week" in api.run("budgets", "update", made["id"], "--amount", "60", key=key)
    api.run("budgets", "delete", made["id"], "--yes", key=key)
    api.run("topup", api.team, "25", key=key, code=1)
