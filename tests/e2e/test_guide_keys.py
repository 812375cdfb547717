"""The lines of docs/guide/keys.md and teams.md work as they are, from the first to the last."""
import re
import subprocess

from gateway import PLAIN_ENVIRONMENT, ROOT

# A refusal ends the script: the guide shows only what works.
STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 "$@"; echo; }\n'


def run_guide(gateway, name):
    guide = (ROOT / "docs" / "guide" / name).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    lines = "\n".join(block for block in blocks if not block.startswith("export "))
    done = subprocess.run(["bash", "-c", STRICT + lines], capture_output=True, text=True, timeout=60,
                          env=PLAIN_ENVIRONMENT | {"KEYWARDEN_BASE_URL": gateway.url,
                                                   "KEYWARDEN_API_KEY": gateway.key,
                                                   "KEYWARDEN_SOCKET": gateway.data_dir /
                                                   "keywarden.sock"}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_line_of_the_guide_works(start):
    assert '"revoked_at":"2' in run_guide(start(), "keys.md")


def test_every_line_about_teams_works(start):
    shown = run_guide(start(), "teams.md")
    for said in ('"removed":true', '"state":"suspended"', '"action":"team.update"',
                 '"deny":["gpt-4*"]',
                 '"key_defaults":{"requests_per_minute":30}', '"obstacles":[]', '"state":"closed"'):
        assert said in shown, shown
