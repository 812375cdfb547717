"""Credentials of providers: from the API to the relay, at rest, and while their keys are changed."""
import base64
import json
import random
import sqlite3
from contextlib import closing

import httpx
import pytest
from cryptography.fernet import Fernet, MultiFernet

from gateway import run
from imposter import PROVIDER_KEY, Imposter

KEY = "sk-canary-vault-5d41402abc4b2a76-wxyz"
CHAT = {"model": "imposter-1", "messages": [{"role": "user", "content": "Hi"}]}


async def accept(call, link):
    await link.answer(200, {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})


@pytest.fixture(autouse=True)
def accepting(imposter):
    """An upstream that takes whatever key comes."""
    imposter.behave = accept


@pytest.fixture
def gateway_of_one(start):
    return start()


def api(gateway) -> httpx.Client:
    return httpx.Client(base_url=gateway.url, timeout=20,
                        headers={"Authorization": f"Bearer {gateway.key}"})


def put(http, **fields):
    answer = http.put("/v1/account/providers", json={"provider": "imposter"} | fields)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def used(gateway, imposter) -> str:
    """With which key a call reaches the provider."""
    with api(gateway) as http:
        answer = http.post("/v1/chat/completions", json=CHAT)
    assert answer.status_code == 200, answer.text
    return imposter.last().header("authorization").removeprefix("Bearer ")


def rows(gateway) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{gateway.data_dir}/keywarden.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT id, sealed, data_key FROM provider_credentials").fetchall()


def test_a_teams_own_is_used_and_the_configurations_again_once_it_is_gone(gateway_of_one, imposter):
    gateway = gateway_of_one
    assert used(gateway, imposter) == PROVIDER_KEY
    added = gateway.cli("providers", "add", "imposter", stdin=KEY + "\n")
    assert added.returncode == 0, added.stderr
    assert "sk-…wxyz" in added.stdout
    assert used(gateway, imposter) == KEY
    tested = gateway.cli("providers", "test", "imposter")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert imposter.last().path == "/v1/models"
    assert imposter.last().header("authorization") == f"Bearer {KEY}"
    listed = gateway.cli("providers", "list")
    assert "sk-…wxyz" in listed.stdout and "active" in listed.stdout
    assert gateway.cli("providers", "remove", "imposter", "--yes").returncode == 0
    assert used(gateway, imposter) == PROVIDER_KEY


def test_the_operators_is_for_those_who_have_none(gateway_of_one, imposter):
    gateway = gateway_of_one
    gateway.cli("providers", "add", "imposter", "--shared", stdin="sk-shared-0123456789-abcd")
    assert used(gateway, imposter) == "sk-shared-0123456789-abcd"
    with api(gateway) as http:
        put(http, api_key=KEY)
        assert used(gateway, imposter) == KEY
        shown = http.get("/v1/account/providers").json()["data"]
    assert [(each["shared"], each["preview"]) for each in shown] == [(False, "sk-…wxyz"),
                                                                     (True, None)]


def test_a_credential_is_in_no_sink(start, imposter):
    gateway = start(extra=["--set", "log.level=debug"])
    seen = []
    with api(gateway) as http:
        seen.append(json.dumps(put(http, api_key=KEY)))
        for body in ({"provider": "imposter", "api_key": KEY + " x"},
                     {"provider": "nobody", "api_key": KEY},
                     {"provider": "imposter", "api_key": KEY, "base_url": "http://evil.example"},
                     {"provider": "imposter", "api_key": KEY, "reference": "env:HOME"}):
            refused = http.put("/v1/account/providers", json=body)
            assert refused.status_code == 400, refused.text
            seen.append(refused.text)
        own = http.post("/v1/chat/completions", json=CHAT | {"api_key": KEY + "-own"})
        assert own.status_code == 200
        assert imposter.last().header("authorization") == f"Bearer {KEY}-own"
        assert KEY.encode() not in imposter.last().body
        assert used(gateway, imposter) == KEY

        async def refuse(call, link):
            await link.answer(401, {"error": {"message": "no"}})
        imposter.behave = refuse
        seen.append(http.post("/v1/chat/completions", json=CHAT).text)
        imposter.behave = accept
        for path in ("/v1/account/providers", "/v1/account/audit", "/v1/account/requests",
                     "/v1/account/events", "/health", "/ready"):
            seen.append(http.get(path).text)
    for words in (["providers", "list", "--json"], ["vault", "status", "--json"], ["doctor"]):
        ran = gateway.cli(*words)
        seen += [ran.stdout, ran.stderr]
    assert gateway.cli("vault", "rotate").returncode == 0
    gateway.stop()
    seen += [gateway.printed(), gateway.logged()]
    for text in seen:
        assert KEY not in text
    canaries = [KEY.encode(), KEY.encode()[3:-4], base64.b64encode(KEY.encode())[:-3]]
    for file in gateway.data_dir.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(canary in data for canary in canaries), file


def test_tokens_are_those_of_python_both_ways(start, imposter, tmp_path):
    first, second = Fernet.generate_key(), Fernet.generate_key()
    keys = tmp_path / "fernet.keys"
    keys.write_bytes(first + b"\n" + second + b"\n")
    gateway = start(extra=["--set", "vault.form=fernet", "--set", f"vault.fernet_keys_file={keys}"])
    with api(gateway) as http:
        put(http, api_key=KEY)
        [(_, sealed, data_key)] = rows(gateway)
        assert data_key == 0
        assert Fernet(first).decrypt(sealed[33:]) == KEY.encode()
        assert MultiFernet([Fernet(second), Fernet(first)]).decrypt(sealed[33:]) == KEY.encode()
        token = Fernet(second).encrypt(b"sk-from-python-0123456789-abcd").decode()
        put(http, fernet_token=token)
        assert used(gateway, imposter) == "sk-from-python-0123456789-abcd"
        foreign = http.put("/v1/account/providers", json={
            "provider": "imposter", "fernet_token": Fernet(Fernet.generate_key()).encrypt(b"x").decode()})
        assert foreign.status_code == 400
    assert gateway.cli("vault", "status").returncode == 0


def test_a_rotation_survives_a_kill_between_any_two_rows(start, imposter):
    gateway = start()
    values = {f"sk-value-{i}-0123456789-abcd" for i in range(5)}
    with api(gateway) as http:
        for i, value in enumerate(sorted(values)):
            put(http, name=f"c{i}", api_key=value)
    key = gateway.key
    old_master = (gateway.data_dir / "master.key").read_text()
    before = {row[0]: row[1] for row in rows(gateway)}
    operator = httpx.HTTPTransport
    for done in range(1, 5):
        with httpx.Client(transport=operator(uds=str(gateway.data_dir / "keywarden.sock")),
                          base_url="http://operator") as http:
            step = http.post("/v1/admin/vault/rotate", json={"rows": 1}).json()
        assert (step["current"], step["rotating"], step["unreadable"]) == (done, True, 0)
        assert {used(gateway, imposter) for _ in range(5)} == values
        gateway.kill()
        gateway = start(data_dir=gateway.data_dir)
        gateway.key = key
        assert {used(gateway, imposter) for _ in range(5)} == values
    ended = gateway.cli("vault", "rotate")
    assert ended.returncode == 0, ended.stderr
    assert "5 of 5" in ended.stdout
    after = {row[0]: row[1] for row in rows(gateway)}
    assert before.keys() == after.keys() and all(before[row] != after[row] for row in before)
    assert (gateway.data_dir / "master.key").read_text() != old_master
    assert not (gateway.data_dir / "master.key.next").exists()
    gateway.kill()
    gateway = start(data_dir=gateway.data_dir)
    gateway.key = key
    assert {used(gateway, imposter) for _ in range(5)} == values
    gateway.stop()
    # With the key from before, nothing opens: the start says so.
    (gateway.data_dir / "master.key").write_text(old_master)
    refused = run("serve", "--data-dir", gateway.data_dir, "--listen", "127.0.0.1:0")
    assert refused.returncode != 0 and "master.key" in refused.stderr


def test_what_cannot_be_decrypted_is_an_alarm_and_no_401(start, imposter):
    gateway = start()
    with api(gateway) as http:
        put(http, api_key=KEY)
    key = gateway.key
    gateway.stop()
    with closing(sqlite3.connect(f"{gateway.data_dir}/keywarden.db")) as database, database:
        database.execute("UPDATE provider_credentials SET secret_version = 7")
    gateway = start(data_dir=gateway.data_dir)
    gateway.key = key
    imposter.reset()
    with api(gateway) as http:
        answer = http.post("/v1/chat/completions", json=CHAT)
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "provider_credential_unreadable"
        assert not imposter.calls
        gateway.wait_for_event("provider_credential.unusable")
        until = 50
        while until and not http.get("/v1/account/events").json()["data"]:
            until -= 1
        [event] = http.get("/v1/account/events").json()["data"]
        assert event["kind"] == "provider_credential.unusable"
        [shown] = http.get("/v1/account/providers").json()["data"]
        assert shown["state"] == "unusable"
    looked = gateway.cli("doctor")
    assert "1 of the credentials of providers cannot be used" in looked.stdout
    assert gateway.cli("vault", "status").returncode == 1


def test_references_are_read_where_they_point(start, imposter, tmp_path):
    file = tmp_path / "provider.key"
    file.write_text("sk-in-a-file-0123456789-abcd\n")
    kept = Imposter()

    async def vault(call, link):
        known = call.path == "/v1/secret/data/team/openai"
        assert call.header("x-vault-token") == "token-of-the-gateway"
        await link.answer(200 if known else 404, {"data": {"data": {"api_key": "sk-in-a-vault-0123456789-abcd"},
                                                           "metadata": {"version": 3}}})
    kept.behave = vault
    try:
        gateway = start(env={"MINE": "sk-in-a-variable-0123456789-abcd", "VAULT_TOKEN": "token-of-the-gateway",
                             "VAULT_ADDR": kept.base_url.removesuffix("/v1")})
        for reference, value in (("env:MINE", "sk-in-a-variable-0123456789-abcd"),
                                 (f"file:{file}", "sk-in-a-file-0123456789-abcd"),
                                 ("vault:secret/team/openai#api_key", "sk-in-a-vault-0123456789-abcd")):
            added = gateway.cli("providers", "add", "imposter", "--reference", reference)
            assert added.returncode == 0, added.stderr
            assert used(gateway, imposter) == value
            assert all(sealed == b"" for _, sealed, _ in rows(gateway))
        for reference in ("cmd:cat", "env:NOT_THERE", "vault:secret/team/none#api_key",
                          "vault:secret/team/openai#none", "file:/not/there"):
            assert gateway.cli("providers", "add", "imposter", "--reference", reference).returncode != 0
        with api(gateway) as http:  # a key is no operator
            assert http.put("/v1/account/providers",
                            json={"provider": "imposter", "reference": "env:MINE"}).status_code == 400
    finally:
        kept.stop()


def test_of_five_providers_each_hears_its_own_credential_alone(start):
    imposters = [Imposter() for _ in range(5)]
    for each in imposters:
        each.behave = accept
    try:
        config = "".join(f'\n[[provider]]\nname = "p{i}"\nbase_url = "{each.base_url}"\n'
                         for i, each in enumerate(imposters))
        gateway = start(config="[keys]\nrate_limit_rpm = 100000\n" + config)
        keys = {}
        with api(gateway) as http:
            for i in range(5):
                for name in "ab":
                    keys[f"sk-p{i}-{name}-0123456789-abcd"] = i
                    put(http, provider=f"p{i}", name=name, api_key=f"sk-p{i}-{name}-0123456789-abcd")
            chance = random.Random(5)
            for _ in range(300):
                i = chance.randrange(5)
                answer = http.post("/v1/chat/completions", json=CHAT | {"model": f"p{i}/m"})
                assert answer.status_code == 200, answer.text
        for i, each in enumerate(imposters):
            heard = {call.header("authorization").removeprefix("Bearer ") for call in each.calls}
            assert heard == {key for key, owner in keys.items() if owner == i}
    finally:
        for each in imposters:
            each.stop()


def test_one_that_is_used_up_rests(gateway_of_one, imposter):
    gateway = gateway_of_one

    async def answer(call, link):
        if call.header("authorization").endswith("-aaaa"):
            await link.answer(429, {"error": {"message": "slow down"}}, headers=[("Retry-After", "60")])
        else:
            await link.answer(200, {"choices": []})
    with api(gateway) as http:
        put(http, name="a", api_key="sk-used-up-0123456789-aaaa")
        put(http, name="b", api_key="sk-still-good-0123456789-bbbb")
        imposter.behave = answer
        statuses = [http.post("/v1/chat/completions", json=CHAT).status_code for _ in range(10)]
        assert statuses == [200] * 10  # the call that met the 429 went on with the other
        states = {each["name"]: each["state"]
                  for each in http.get("/v1/account/providers").json()["data"]}
        assert states == {"a": "cooling_down", "b": "active"}
