"""Policy as a file, with the shipped binary: applied once, agreed to, refused whole, pruned."""
import json
import os
import pty
import re
import select
import stat
import subprocess
import threading
import time

import httpx
import openai
import pytest
import yaml

from gateway import BINARY, KEY, PLAIN_ENVIRONMENT, ROOT
from test_openapi import check

FILE = """
version: 1
settings: {key_defaults: {requests_per_minute: 90}}
models:
  - {id: gpt-4o-mini, limits: {requests_per_minute: 50}}
plans:
  - name: Standard
    active_keys_max: 50
    key_defaults: {requests_per_minute: 80}
    policy: {limits: {requests_per_minute: 600}}
users:
  - {email: ann@example.com, name: "Ann: é"}
teams:
  - name: Search
    plan: Standard
    policy: {models: {deny: ["gpt-4*"]}}
    members:
      - {email: ann@example.com, role: owner}
      - {email: bob@example.com, role: member}
    apps:
      - {name: staging, policy: {limits: {requests_per_day: 5000}}}
    keys:
      - {name: ci, app: staging, kind: inference, rate_limit_rpm: 120}
      - {name: bob's, user: bob@example.com, maker: ci}
      - {name: idle, status: disabled, tags: ["yes", "1"]}
"""


@pytest.fixture
def place(start, tmp_path):
    """A gateway of one's own, and `apply` on it."""
    class Place:
        gateway = start()
        file = tmp_path / "keywarden.yaml"

        def apply(self, text, *more, **options):
            self.file.write_text(text)
            return self.gateway.cli("apply", "-f", self.file, *more, **options)

        def applied(self, text, *more):
            done = self.apply(text, "--yes", "--secrets-out", "-", *more)
            assert done.returncode == 0, done.stderr
            return done.stdout

        def exported(self):
            done = self.gateway.cli("export")
            assert done.returncode == 0, done.stderr
            return done.stdout

        def operator(self):
            transport = httpx.HTTPTransport(uds=str(self.gateway.data_dir / "keywarden.sock"))
            return httpx.Client(base_url="http://gateway", transport=transport, timeout=30)

    return Place()


def chat(gateway, key, model="sandbox"):
    with openai.OpenAI(api_key=key, base_url=gateway.base_url, max_retries=0) as client:
        return client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hello"}])


def test_a_file_is_applied_once_and_its_keys_work(place):
    looked = place.apply(FILE, "--dry-run")
    assert looked.returncode == 0 and "+ key Search/ci" in looked.stdout, looked.stderr
    assert "Search" not in place.exported(), "looking changes nothing"
    refused = place.apply(FILE, "--yes")
    assert refused.returncode == 2 and "--secrets-out" in refused.stderr, "a log is no place"
    shown = place.applied(FILE)
    keys = dict(re.findall(r"^  Search/(.*)  (\S+)$", shown, re.M))
    assert set(keys) == {"ci", "bob's", "idle"} and KEY.fullmatch(keys["ci"])
    assert chat(place.gateway, keys["ci"]).choices
    with pytest.raises(openai.PermissionDeniedError) as denied:
        chat(place.gateway, keys["ci"], "gpt-4o-mini")
    assert denied.value.code == "model_not_allowed"
    with pytest.raises(openai.AuthenticationError) as dead:
        chat(place.gateway, keys["idle"])
    assert dead.value.code == "disabled_api_key"

    again = place.apply(FILE, "--yes")
    assert again.returncode == 0 and "Nothing to change" in again.stdout
    everything = place.gateway.logged() + place.gateway.printed() + again.stdout + place.exported()
    for secret in keys.values():
        assert secret not in everything

    place.applied(FILE.replace("gpt-4*", "sandbox"))
    with pytest.raises(openai.PermissionDeniedError):  # at the next request
        chat(place.gateway, keys["ci"])


def test_an_export_makes_another_gateway_the_same(place, start, tmp_path):
    place.applied(FILE)
    first = place.exported()
    assert yaml.safe_load(first)["teams"][0]["keys"][2]["tags"] == ["yes", "1"], "others read it too"
    assert "Nothing to change" in place.apply(first).stdout
    (tmp_path / "other").mkdir()
    other = start(data_dir=tmp_path / "other" / "data")
    file = tmp_path / "copy.yaml"
    file.write_text(first)
    done = other.cli("apply", "-f", file, "--yes", "--secrets-out", "-")
    assert done.returncode == 0, done.stderr
    assert other.cli("export").stdout == first, "byte for byte"
    assert other.stop() == 0
    reopened = start(data_dir=tmp_path / "other" / "data")
    assert reopened.cli("export").stdout == first, "and after a restart"


def test_secrets_go_into_a_file_that_only_its_owner_reads(place, tmp_path):
    out = tmp_path / "secrets.json"
    done = place.apply(FILE, "--yes", "--secrets-out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    keys = json.loads(out.read_text())["keys"]
    assert {key["name"] for key in keys} == {"ci", "bob's", "idle"}
    assert not KEY.search(done.stdout + done.stderr)
    assert len(json.loads(done.stdout)["created_keys"]) == 3
    assert chat(place.gateway, next(key["key"] for key in keys if key["name"] == "ci")).choices
    more = FILE.replace("name: idle,", "name: another,")
    refused = place.apply(more, "--yes", "--secrets-out", out)
    assert refused.returncode == 2 and "another" not in place.exported(), "not written over"
    assert json.loads(out.read_text())["keys"] == keys


@pytest.mark.parametrize("text, at, says", [
    (FILE.replace("rate_limit_rpm", "rate_limit_rpn"), "rate_limit_rpn", "'rate_limit_rpm'"),
    (FILE.replace("plan: Standard", "plan: Standart"), "Standart", "'Standard'"),
    (FILE.replace("maker: ci", "maker: bob's"), "bob's}", "circle"),
    (FILE.replace("rate_limit_rpm: 120", "rate_limit_rpm: 601"), "601", "600"),
    (FILE.replace("status: disabled", "expires_at: 2020-01-01T00:00:00Z"), "2020", "future"),
    (FILE + "  - name: Search\n", "Search\n", "twice"),
    (FILE.replace("disabled", "no"), "no, tags", "more than one way"),
    (FILE + "---\n", "---", "second document"),
    (FILE.replace("version: 1", "version: 1\nproviders: [opnai]"), "opnai", "opnai"),
    ("a: &a [*a]\n", "*a", "circle"),
])
def test_what_is_wrong_names_its_line_and_changes_nothing(place, text, at, says):
    before = place.exported()
    done = place.apply(text, "--yes", "--secrets-out", "-")
    assert done.returncode == 2
    ahead = text[:text.rindex(at)]
    where = f"{ahead.count(chr(10)) + 1}:{len(ahead) - ahead.rfind(chr(10))}"
    assert f"keywarden.yaml:{where}: " in done.stderr and says in done.stderr, done.stderr
    assert place.exported() == before


def test_what_moved_since_it_was_shown_is_not_applied(place):
    place.applied(FILE)
    place.file.write_text(FILE.replace("120", "60"))
    master, terminal = pty.openpty()  # somebody who takes their time to answer
    process = subprocess.Popen([BINARY, "apply", "-f", place.file, "--data-dir",
                                place.gateway.data_dir], env=PLAIN_ENVIRONMENT, stdin=terminal,
                               stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = read_until(master, b"[y/N]")
    assert b"rate_limit_rpm: 120 -> 60" in shown and b"\033[" in shown, shown
    with place.operator() as operator:
        team = next(each for each in operator.get("/v1/admin/teams").json()["data"]
                    if each["name"] == "Search")
        place_of = {"name": "Search", "id": team["id"], "plan": "Standard",
                    "keys": [{"name": "ci", "rate_limit_rpm": 90}]}
        check(operator.get("/openapi.json").json(),
              operator.post("/v1/admin/apply", json={"document": {"teams": [place_of]}}))
    os.write(master, b"y\n")
    shown = read_until(master, b"VERSION_MISMATCH")
    assert process.wait(20) == 1, shown
    os.close(master)
    assert "rate_limit_rpm: 90" in place.exported()


def read_until(descriptor, text, seconds=20):
    shown, until = b"", time.monotonic() + seconds
    while text not in shown and time.monotonic() < until:
        if select.select([descriptor], [], [], 0.2)[0]:
            try:
                shown += os.read(descriptor, 65536)
            except OSError:
                break
    assert text in shown, shown
    return shown


def test_pruning_ends_what_the_file_does_not_name(place):
    keys = dict(re.findall(r"^  Search/(.*)  (\S+)$", place.applied(FILE), re.M))
    less = "\n".join(FILE.splitlines()[:-2]) + "\n"
    assert "Nothing to change" in place.applied(less)
    shown = place.apply(less, "--prune", "--dry-run").stdout
    assert "will be revoked, for good" in shown and "0 to create, 0 to change, 2 to end." in shown
    asked = place.apply(less, "--prune")
    assert asked.returncode == 2 and "--yes" in asked.stderr, "nobody to ask"
    place.applied(less, "--prune")
    with pytest.raises(openai.AuthenticationError) as dead:
        chat(place.gateway, keys["bob's"])
    assert dead.value.code == "revoked_api_key"
    assert "Nothing to change" in place.applied(less, "--prune")


def test_a_kill_leaves_all_of_it_or_nothing(place, start):
    place.file.write_text(FILE)
    document = yaml.safe_load(FILE)
    document["teams"][0]["keys"] += [{"name": f"k{i}"} for i in range(40)]
    before = place.exported()

    def apply():
        with place.operator() as operator:
            try:
                operator.post("/v1/admin/apply", json={"document": document})
            except httpx.HTTPError:
                pass

    at_work = threading.Thread(target=apply)
    at_work.start()
    time.sleep(0.01)
    place.gateway.kill()
    at_work.join()
    reopened = start(data_dir=place.gateway.data_dir)
    after = reopened.cli("export").stdout
    assert after == before or len(yaml.safe_load(after)["teams"][0]["keys"]) == 43
    assert reopened.cli("audit", "verify").returncode == 0


def test_the_guide_works_from_the_first_line_to_the_last(start, tmp_path):
    gateway = start()
    guide = (ROOT / "docs" / "guide" / "policy-as-a-file.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    lines = "\n".join(block for block in blocks if not block.startswith("export "))
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "keywarden").symlink_to(BINARY)
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + lines], capture_output=True, text=True, timeout=60,
        cwd=work, stdin=subprocess.DEVNULL, check=False,
        env=PLAIN_ENVIRONMENT | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
                                 "KEYWARDEN_DATA_DIR": str(gateway.data_dir)})
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("Nothing to change", "+ app Search/staging", "9 to create",
                 "1 ended", "will be revoked"):
        assert said in done.stdout, done.stdout
    assert len(json.loads((work / "secrets.json").read_text())["keys"]) == 2
