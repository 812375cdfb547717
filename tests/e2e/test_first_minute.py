"""The first minute with Keywarden: what a first start prints works as it is; a second start changes nothing."""
import json
import re
import stat
import subprocess

import pytest

from gateway import KEY, PLAIN_ENVIRONMENT, Gateway, run


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def printed_curl(gateway) -> str:
    """The curl command of the welcome, its continued lines joined."""
    text = gateway.printed().replace("\\\n", " ")
    found = re.search(r"^\s*(curl .*)$", text, re.M)
    assert found, gateway.printed()
    return found[1]


def test_the_curl_line_that_is_printed_works_as_it_is(tmp_path):
    gateway = Gateway(tmp_path / "data")
    try:
        done = subprocess.run(["bash", "-c", printed_curl(gateway)], capture_output=True, text=True,
                              timeout=30, env=PLAIN_ENVIRONMENT, check=False)
        assert done.returncode == 0, done.stderr
        assert '"content"' in done.stdout, done.stdout
    finally:
        assert gateway.stop() == 0


def test_a_first_start_makes_everything_for_its_owner_alone_and_a_second_changes_nothing(tmp_path):
    data = tmp_path / "data"
    first = Gateway(data)
    assert len(KEY.findall(first.printed())) >= 1 and len(set(KEY.findall(first.printed()))) == 1
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert all(mode & 0o077 == 0 for mode in modes(data).values()), modes(data)
    assert first.key not in first.logged()
    secrets = {name: (data / name).read_bytes() for name in ("master.key", "pepper")}
    assert first.stop() == 0

    second = Gateway(data)
    try:
        assert second.key is None and not KEY.search(second.logged())
        assert {name: (data / name).read_bytes() for name in secrets} == secrets
        answer = second.cli("keys", "list", "--json")
        assert answer.returncode == 0 and len(json.loads(answer.stdout)["data"]) == 1
        whoami = run("whoami", env={"KEYWARDEN_API_KEY": first.key,
                                    "KEYWARDEN_BASE_URL": second.url})
        assert whoami.returncode == 0, whoami.stderr
    finally:
        assert second.stop() == 0


def test_init_prepares_what_serve_then_uses(tmp_path):
    data = tmp_path / "data"
    made = run("init", "--data-dir", data)
    assert made.returncode == 0, made.stderr
    key = KEY.search(made.stdout)[0]
    gateway = Gateway(data)
    try:
        assert gateway.key is None
        assert run("whoami", env={"KEYWARDEN_API_KEY": key, "KEYWARDEN_BASE_URL": gateway.url}
                   ).returncode == 0
    finally:
        gateway.stop()


def test_a_new_gateway_answers_curl_in_every_way_the_readme_shows(gateway, curl):
    auth = f"Authorization: Bearer {gateway.key}"
    chat = '{"model":"sandbox","messages":[{"role":"user","content":"Say hello"}]}'
    done = curl(f"{gateway.base_url}/chat/completions", "-H", auth, "-H",
                "Content-Type: application/json", "-d", chat)
    whole = json.loads(done.stdout)["choices"][0]["message"]["content"]
    assert whole

    done = curl("-N", f"{gateway.base_url}/chat/completions", "-H", auth, "-H",
                "Content-Type: application/json", "-d", chat.replace("{", '{"stream":true,', 1))
    events = [line[6:] for line in done.stdout.decode().split("\n") if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    text = "".join(json.loads(event)["choices"][0]["delta"].get("content") or ""
                   for event in events[:-1])
    assert text == whole

    assert b'"sandbox"' in curl(f"{gateway.base_url}/models", "-H", auth).stdout
    assert curl("-f", f"{gateway.url}/health").returncode == 0
    assert curl("-f", f"{gateway.url}/ready").returncode == 0
    assert curl("-f", "-I", f"{gateway.url}/health").returncode == 0
    assert curl("-f", f"{gateway.base_url}/models").returncode == 22  # no key


def test_curl_uploads_a_file_of_40_megabytes(gateway, curl, imposter, tmp_path):
    recording = tmp_path / "speech.wav"
    recording.write_bytes(b"\x52" * 40_000_000)
    done = curl(f"{gateway.base_url}/audio/transcriptions", "-H",
                f"Authorization: Bearer {gateway.key}", "-F", "model=imposter-1", "-F",
                f"file=@{recording}")
    assert json.loads(done.stdout)["text"].startswith("heard 400003"), done


@pytest.mark.parametrize("address", ["/openapi.json", "/docs"])
def test_the_contract_is_served_without_a_key(gateway, curl, address):
    assert curl("-f", gateway.url + address).returncode == 0
