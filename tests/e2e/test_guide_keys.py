"""The lines of docs/guide/keys.md work as they are, from the first to the last."""
import re
import subprocess

from gateway import PLAIN_ENVIRONMENT, ROOT

# A refusal ends the script: the guide shows only what works.
STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 "$@"; echo; }\n'


def test_every_line_of_the_guide_works(start):
    gateway = start()
    guide = (ROOT / "docs" / "guide" / "keys.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    lines = "\n".join(block for block in blocks if not block.startswith("export "))
    assert lines.count("curl") > 12
    done = subprocess.run(["bash", "-c", STRICT + lines], capture_output=True, text=True, timeout=60,
                          env=PLAIN_ENVIRONMENT | {"KEYWARDEN_BASE_URL": gateway.url,
                                                   "KEYWARDEN_API_KEY": gateway.key}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"revoked_at":"2' in done.stdout
