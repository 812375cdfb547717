"""The command line: for people, for scripts, and for CI with nothing but the environment."""
import json
import re

import pytest

from gateway import KEY, free_port, run
from imposter import PROVIDER_KEY


@pytest.fixture
def ci(gateway):
    """Runs a command as CI does: the environment is all it has."""
    def run_in_ci(*arguments, key=None, **options):
        return run(*arguments, env={"KEYWARDEN_API_KEY": key or gateway.key,
                                    "KEYWARDEN_BASE_URL": gateway.url}, **options)
    return run_in_ci


def test_whoami_needs_only_the_environment(ci, gateway):
    done = ci("whoami")
    assert done.returncode == 0, done.stderr
    assert gateway.key not in done.stdout + done.stderr
    assert json.loads(ci("whoami", "--json").stdout)["id"].startswith("key_")


def test_whoami_tells_a_wrong_key_from_a_gateway_that_is_not_there(ci):
    refused = ci("whoami", key="kw_live_wrong")
    assert refused.returncode == 3
    assert re.search(r"^\w+: .* \(request: [0-9a-f-]{36}\)$", refused.stderr, re.M), refused.stderr
    gone = run("whoami", env={"KEYWARDEN_API_KEY": "x",
                              "KEYWARDEN_BASE_URL": f"http://127.0.0.1:{free_port()}"})
    assert gone.returncode == 1 and "gateway_unreachable" in gone.stderr.lower()


def test_without_a_key_the_command_says_what_to_set(tmp_path):
    done = run("whoami", "--data-dir", tmp_path)
    assert done.returncode in (1, 3) and done.stderr
    done = run("whoami", env={"HOME": str(tmp_path)})
    assert done.returncode != 0 and "KEYWARDEN_API_KEY" in done.stderr


def test_chat_streams_an_answer_and_models_lists_what_there_is(ci):
    done = ci("chat", "Say hello", "--model", "imposter-1")
    assert done.returncode == 0 and done.stdout.strip() == "Hello, world", done.stderr
    piped = ci("chat", "--model", "imposter-1", "-", stdin="Say hello")
    assert piped.stdout.strip() == "Hello, world", piped.stderr
    listed = ci("models")
    assert listed.returncode == 0 and "imposter-1" in listed.stdout and "sandbox" in listed.stdout
    assert "imposter-1" in {row["id"] for row in json.loads(ci("models", "--json").stdout)["data"]}


def test_the_operator_on_the_gateways_own_host_needs_no_key(gateway, http):
    made = gateway.cli("keys", "create", "from the host", "--rate-limit-rpm", "7")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert KEY.fullmatch(key), "the secret alone goes to standard output"
    mine = http.get("/v1/key", headers={"Authorization": f"Bearer {key}"}).json()

    listed = gateway.cli("keys", "list")
    assert listed.returncode == 0 and key not in listed.stdout and "\033" not in listed.stdout
    shown = json.loads(gateway.cli("keys", "show", mine["id"], "--json").stdout)
    assert shown["name"] == "from the host" and shown["rate_limit_rpm"] == 7

    def status():
        return http.get("/v1/key", headers={"Authorization": f"Bearer {key}"}).status_code

    assert gateway.cli("keys", "disable", mine["id"]).returncode == 0 and status() == 401
    assert gateway.cli("keys", "enable", mine["id"]).returncode == 0 and status() == 200
    rotated = gateway.cli("keys", "rotate", mine["id"], "--grace", "1h", "--yes")
    assert rotated.returncode == 0 and KEY.search(rotated.stdout), rotated.stderr
    asked = gateway.cli("keys", "revoke", mine["id"])
    assert asked.returncode != 0 and status() == 200, "nobody was there to confirm"
    assert gateway.cli("keys", "revoke", mine["id"], "--yes").returncode == 0 and status() == 401


@pytest.mark.parametrize("arguments", [
    ["keys", "create"], ["keys", "creat", "x"], ["whoami", "--jsn"], ["nonsense"],
    ["keys", "create", "x", "--rate-limit-rpm", "many"], ["serve", "--listen", "nowhere"],
    ["serve", "--threads", "-1"], ["config", "check", "--config", "/no/such/file.toml"],
])
def test_bad_input_ends_with_2_and_says_what_was_meant(gateway, arguments, tmp_path):
    done = run(*arguments, env={"KEYWARDEN_API_KEY": gateway.key,
                                "KEYWARDEN_BASE_URL": gateway.url,
                                "KEYWARDEN_DATA_DIR": str(tmp_path)})
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stderr and not done.stdout


def test_a_wrong_setting_is_placed_and_the_nearest_name_offered(tmp_path):
    config = tmp_path / "keywarden.toml"
    config.write_text("[server]\nlisten = '127.0.0.1:0'\nthread = 4\n")
    done = run("config", "check", "--config", config)
    assert done.returncode == 2
    assert "keywarden.toml:3" in done.stderr and "server.threads" in done.stderr
    config.write_text("[server]\nthreads = 'many'\n")
    done = run("config", "check", "--config", config)
    assert done.returncode == 2 and "keywarden.toml:2" in done.stderr


def test_config_show_says_where_each_value_comes_from(tmp_path):
    config = tmp_path / "keywarden.toml"
    config.write_text("[server]\nthreads = 3\n")
    done = run("config", "show", "--config", config, "--listen", "127.0.0.1:1234",
               env={"KEYWARDEN_LOG_LEVEL": "debug"})
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "keywarden.toml:2" in lines["server.threads"]
    assert "KEYWARDEN_LOG_LEVEL" in lines["log.level"]
    assert "--listen" in lines["server.listen"]
    assert "default" in lines["keys.rate_limit_rpm"]


def test_doctor_finds_nothing_wrong_with_a_healthy_set_up_and_says_what_is(gateway, tmp_path):
    right, wrong = {"IMPOSTER_API_KEY": PROVIDER_KEY}, {"IMPOSTER_API_KEY": "x"}
    dead = tmp_path / "dead.toml"
    done = gateway.cli("doctor", "--config", gateway.config, env=right)
    assert done.returncode == 0, done.stdout + done.stderr
    done = gateway.cli("doctor", "--config", gateway.config, env=wrong)
    assert done.returncode == 1 and "imposter: answers 401 to its key" in done.stdout
    assert PROVIDER_KEY not in done.stdout + done.stderr
    dead.write_text('[[provider]]\nname = "gone"\nbase_url = "http://127.0.0.1:9/v1"\n')
    done = gateway.cli("doctor", "--config", dead)
    assert done.returncode == 1 and "gone: cannot be reached" in done.stdout
    broken = tmp_path / "broken"
    broken.mkdir(mode=0o700)
    (broken / "keywarden.db").write_bytes(b"this is no database" * 100)
    done = run("doctor", "--data-dir", broken)
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell):
    done = run("completion", shell)
    assert done.returncode == 0 and "keywarden" in done.stdout


def test_version_and_help_are_for_people_and_machines():
    assert re.search(r"\d+\.\d+\.\d+", run("version").stdout)
    assert json.loads(run("version", "--json").stdout)["version"]
    for arguments in (["--help"], ["keys", "create", "--help"]):
        done = run(*arguments)
        assert done.returncode == 0 and "usage" in done.stdout.lower()
