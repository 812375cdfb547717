"""The commands in the documents work as they stand there, but for addresses, keys, and ids."""
import os
import re
import subprocess
import sys

import pytest

from conftest import NODE
from gateway import BINARY, PLAIN_ENVIRONMENT, ROOT

GUIDES = ROOT / "docs" / "guide"


def blocks(path, language) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.M | re.S)
    assert found, f"no {language} in {path.name}"
    return found


@pytest.fixture
def shell(gateway, new_key):
    """Runs blocks of a document, one after the other in one shell, at its first failure ends."""
    def run(*scripts, cwd=gateway.data_dir.parent):
        script = "set -eo pipefail\n" + "\n".join(scripts)
        script = (script.replace("http://127.0.0.1:8080", gateway.url)
                  .replace("https://gateway.example.com", gateway.url)
                  .replace("kw_live_...", gateway.key).replace("API_KEY=...", f"API_KEY={gateway.key}")
                  .replace("key_...", new_key(kind="full")["id"])
                  .replace("--emergency", "--emergency --yes"))  # nobody is there to be asked
        done = subprocess.run(["bash", "-c", script], cwd=cwd, capture_output=True, text=True,
                              timeout=60, check=False, stdin=subprocess.DEVNULL,
                              env=PLAIN_ENVIRONMENT | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{script}"
        return done.stdout
    return run


@pytest.fixture
def sdk(gateway):
    return PLAIN_ENVIRONMENT | {"OPENAI_BASE_URL": gateway.base_url, "OPENAI_API_KEY": gateway.key}


def test_the_readmes_python_talks_to_the_sandbox(sdk):
    [script] = blocks(ROOT / "README.md", "python")
    done = subprocess.run([sys.executable, "-c", script], env=sdk, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_the_readmes_node_talks_to_the_sandbox(sdk):
    [script] = blocks(ROOT / "README.md", "js")
    (NODE / "readme.mjs").write_text(script)
    done = subprocess.run(["node", NODE / "readme.mjs"], env=sdk, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_the_readmes_curl_talks_to_the_sandbox(shell):
    scripts = [one for one in blocks(ROOT / "README.md", "sh") if "OPENAI" in one]
    assert '"content"' in shell(*scripts)


def test_the_first_steps_can_be_taken(shell):
    shell(*blocks(GUIDES / "first-steps.md", "sh"))


def test_a_rotation_goes_as_its_page_says(shell):
    shown = shell(*blocks(GUIDES / "rotate-without-downtime.md", "sh"))
    assert re.search(r"^deprecation: @\d+", shown, re.M | re.I), shown
    assert re.search(r"^sunset: .* GMT", shown, re.M | re.I), shown


def test_keys_of_litellm_and_one_api_come_in_as_their_page_says(shell):
    shown = shell(*blocks(GUIDES / "move-from-litellm.md", "sh"))
    assert "2 would be imported, 0 here already, 0 not taken, 1 left out as switched off." in shown
    assert "2 imported, 0 here already" in shown and "0 imported, 2 here already" in shown
    assert "billing" in shown and "sk-...9aGw" in shown and "retired" not in shown


def test_ci_needs_no_more_than_its_page_says(shell):
    shell(*blocks(GUIDES / "ci.md", "sh"), cwd=ROOT)


def test_anthropics_clients_talk_to_the_sandbox_as_their_page_says(shell, gateway):
    page = GUIDES / "claude-code.md"
    assert '"type":"message"' in shell(*blocks(page, "sh"))
    environment = PLAIN_ENVIRONMENT | {"KEYWARDEN_API_KEY": gateway.key}
    (NODE / "claude.mjs").write_text(blocks(page, "js")[0].replace("http://127.0.0.1:8080",
                                                                   gateway.url))
    script = blocks(page, "python")[0].replace("http://127.0.0.1:8080", gateway.url)
    for command in ([sys.executable, "-c", script], ["node", NODE / "claude.mjs"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_the_configuration_of_anthropics_page_is_right(shell, tmp_path):
    [config] = blocks(ROOT / "docs" / "providers" / "anthropic.md", "toml")
    (tmp_path / "keywarden.toml").write_text(config)
    shell("export ANTHROPIC_API_KEY=sk-ant-...",
          "keywarden config show --config keywarden.toml", cwd=tmp_path)


def test_boto3_talks_to_the_sandbox_as_its_page_says(gateway):
    environment = PLAIN_ENVIRONMENT | {"KEYWARDEN_API_KEY": gateway.key}
    script = blocks(GUIDES / "aws-credentials.md", "python")[0].replace("http://127.0.0.1:8080",
                                                                        gateway.url)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_the_configuration_of_bedrocks_page_is_right(shell, tmp_path):
    [config] = blocks(ROOT / "docs" / "providers" / "bedrock.md", "toml")
    (tmp_path / "keywarden.toml").write_text(config)
    shell("keywarden config show --config keywarden.toml", cwd=tmp_path)


def test_the_configuration_of_the_providers_page_is_right(shell, tmp_path):
    (tmp_path / "keywarden.toml").write_text("".join(blocks(GUIDES / "providers.md", "toml")))
    [script] = blocks(GUIDES / "providers.md", "sh")
    shell(script.replace("keywarden serve", "keywarden config show"), cwd=tmp_path)
