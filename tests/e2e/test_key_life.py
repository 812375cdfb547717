"""What becomes of keys over time: imported, reminded of, and seen from where they are used."""
import csv
import datetime
import hashlib
import json
import secrets

import httpx
import openai
import pytest

from conftest import ROOMY
from raw import until
from test_keys import chat
from test_openapi import check


def litellm_secret() -> str:
    """As LiteLLM makes them."""
    return "sk-" + secrets.token_urlsafe(16)


def hash_of(secret) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@pytest.fixture(scope="module")
def spec(gateway):
    return httpx.get(f"{gateway.url}/openapi.json").json()


@pytest.mark.parametrize("path", ["/v1/account/keys/import", "/v1/keys/import"])
def test_a_secret_of_litellms_goes_on_working_in_the_official_client(gateway, http, spec, path):
    secret = litellm_secret()
    assert chat(http, secret).status_code == 401
    answer = check(spec, http.post(path, json={"keys": [
        {"hash": hash_of(secret), "name": "from litellm", "display": "sk-..." + secret[-4:]},
        {"hash": hash_of(secret), "name": "twice"},
        {"hash": hashlib.md5(secret.encode()).hexdigest(), "name": "weak"}]}))
    assert [row["status"] for row in answer.json()["data"]] == ["imported", "duplicate", "weak_hash"]
    assert secret not in answer.text and hash_of(secret) not in answer.text
    with openai.OpenAI(api_key=secret, base_url=gateway.base_url, max_retries=0) as client:
        client.chat.completions.create(model="sandbox", messages=[{"role": "user", "content": "hi"}])


def test_an_imported_secret_outlives_a_restart_and_is_rotated(start):
    secret = litellm_secret()
    one = start(ROOMY)
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        made = http.post("/v1/keys/import", json={
            "keys": [{"hash": hash_of(secret), "name": "k"}]}).json()["data"][0]
        assert chat(http, secret).status_code == 200
    assert one.stop() == 0
    again = start(ROOMY)
    with httpx.Client(base_url=again.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        assert chat(http, secret).status_code == 200
        new = http.post(f"/v1/keys/{made['id']}/rotate").json()["key"]
        assert chat(http, new).status_code == 200
        assert "sunset" in chat(http, secret).headers


def test_without_the_opaque_format_an_import_says_what_to_set(start):
    one = start('[keys]\nformats = ["keywarden"]\n')
    refused = httpx.post(f"{one.url}/v1/keys/import",
                         json={"keys": [{"hash": hash_of("x" * 20), "name": "k"}]},
                         headers={"Authorization": f"Bearer {one.key}"})
    assert refused.status_code == 400 and "keys.formats" in refused.text


def test_the_command_reads_litellms_table_and_sends_no_secret(gateway, tmp_path):
    plain, hashed = litellm_secret(), litellm_secret()
    table = tmp_path / "keys.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["token", "key_name", "key_alias", "expires", "rpm_limit", "models", "spend"])
        rows.writerow([hash_of(hashed), "sk-..." + hashed[-4:], "a, \"b\"", "", "7", "{sandbox}", "1"])
    done = gateway.cli("keys", "import", table, "--from", "litellm", "--json")
    assert done.returncode == 0, done.stderr
    key_id = json.loads(done.stdout)["data"][0]["id"]
    shown = json.loads(gateway.cli("keys", "show", key_id, "--json").stdout)
    assert shown["name"] == 'a, "b"' and shown["rate_limit_rpm"] == 7
    assert shown["policy"]["models"]["allow"] == ["sandbox"]

    (tmp_path / "own.csv").write_text(f"key,name\n{plain},c\n")
    done = gateway.cli("keys", "import", tmp_path / "own.csv")
    assert done.returncode == 0 and plain not in done.stdout + done.stderr
    for secret in (plain, hashed):
        answer = httpx.get(f"{gateway.url}/v1/key", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
    assert plain not in "".join(gateway.log)


def test_a_record_says_from_where_each_secret_is_used_also_after_a_restart(start):
    one = start(ROOMY)
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        made = http.post("/v1/keys", json={"name": "k"}).json()
        new = http.post(f"/v1/keys/{made['id']}/rotate").json()["key"]
        assert chat(http, made["key"]).status_code == 200

        def networks():
            return [[row["network"] for row in secret["networks"]]
                    for secret in http.get(f"/v1/keys/{made['id']}").json()["secrets"]]

        until(lambda: networks() == [[], ["127.0.0.0/24"]], 15)
        assert chat(http, new).status_code == 200
        shown = until(lambda: networks() == [["127.0.0.0/24"]] * 2, 15)
    assert "from 127.0.0.0/24" in one.cli("keys", "show", made["id"]).stdout, shown
    assert one.stop() == 0
    again = start(ROOMY)
    secrets_now = httpx.get(f"{again.url}/v1/keys/{made['id']}",
                            headers={"Authorization": f"Bearer {one.key}"}).json()["secrets"]
    assert [len(secret["networks"]) for secret in secrets_now] == [1, 1]


def test_reminders_stand_in_records_lists_and_the_table(gateway, http, spec, new_key):
    made = new_key(name="reminded", rotate_every="90d")
    assert made["rotate_every"] == "90d" and made["rotation"] == "ok" and made["unused"] is False
    check(spec, http.get(f"/v1/keys/{made['id']}"))
    listed = check(spec, http.get("/v1/keys", params={"rotation": "ok", "limit": 100}))
    assert made["id"] in {row["id"] for row in listed.json()["data"]}
    for wanted in ({"rotation": "overdue"}, {"unused": "true"}):
        rows = http.get("/v1/keys", params=wanted).json()["data"]
        assert made["id"] not in {row["id"] for row in rows}
    for wrong in ({"rotation": "late"}, {"unused": "yes"}):
        assert http.get("/v1/keys", params=wrong).status_code == 400
    refused = http.patch(f"/v1/keys/{made['id']}", json={"rotate_every": "1h"})
    assert refused.status_code == 400 and refused.json()["param"] == "rotate_every"
    assert http.patch(f"/v1/keys/{made['id']}", json={"rotate_every": None}
                      ).json()["rotation"] is None


def test_a_key_that_expires_soon_is_told_by_its_answers_lists_and_doctor(start):
    one = start('[keys]\nnotice_ahead = "30d"\n')
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=20)
        made = http.post("/v1/keys", json={"name": "k", "expires_at": soon.isoformat()}).json()
        assert made["expires_soon"] is True
        answer = chat(http, made["key"])
        assert "sunset" in answer.headers and "deprecation" not in answer.headers
        assert "sunset" not in chat(http, one.key).headers
        rows = http.get("/v1/keys", params={"expires_soon": "true"}).json()["data"]
        assert [row["id"] for row in rows] == [made["id"]]
    assert "expires soon" in one.cli("keys", "list", "--expires-soon").stdout
    done = one.cli("doctor", "--config", one.config, env={"IMPOSTER_API_KEY": "x"})
    assert "1 expire within 30 days" in done.stdout, done.stdout
