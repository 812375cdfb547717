"""What a call costs in system calls: counts do not depend on the machine, so they are promises."""
import json
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from gateway import BINARY, ROOT

CALLS = 10_000
CHAT = ('{"model":"bench-1","messages":[{"role":"user","content":"' + "x" * 230 + '"}]}').encode()
TOOLS = ROOT / "build" / "dev" / "tests" / "bench" / "relay"

pytestmark = [
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
    pytest.mark.skipif("release" not in BINARY.parts, reason="counts are of the release binary"),
]


@pytest.fixture
def mock():
    """The benchmark's upstream: quick, so that calls queue up at the gateway and not before it."""
    process = subprocess.Popen([TOOLS / "relay_mock"], stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline())
    process.kill()
    process.wait()


def load(gateway, body, connections, calls):
    done = subprocess.run(
        [TOOLS / "relay_load", "--port", str(gateway.port), "--key", gateway.key, "--body", body,
         "--connections", str(connections), "--calls", str(calls)],
        stdout=subprocess.PIPE, check=True, timeout=60)
    assert json.loads(done.stdout)["calls"] == calls


def busy_ns(gateway) -> dict[str, int]:
    """What each thread of the gateway has worked."""
    tasks = pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks}


@pytest.mark.parametrize("connections, each_max", [(1, 6.0), (32, 4.5)])
def test_a_small_call_costs_few_system_calls(start, mock, tmp_path, connections, each_max):
    one = start(f"""
[keys]
rate_limit_rpm = 1000000
[[provider]]
name = "bench"
base_url = "http://127.0.0.1:{mock}/v1"
models = ["bench-1"]
""", threads=1)
    body = tmp_path / "body.json"
    body.write_bytes(CHAT)
    before = busy_ns(one)
    load(one, body, connections, 2_000)
    after = busy_ns(one)
    # The thread that serves; others write the log and keep the store, whatever the calls.
    worker = max(after, key=lambda thread: after[thread] - before[thread])

    counts = tmp_path / "counts"
    tracer = subprocess.Popen(["strace", "-c", "-o", counts, "-p", worker],
                              stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    load(one, body, connections, CALLS)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(20)
    text = pathlib.Path(counts).read_text()
    spent = int(re.search(r"^100\.00\s+\S+\s+\S+\s+(\d+)", text, re.M)[1])
    # Opening and closing the connections is in there too.
    assert spent / CALLS <= each_max + 0.05 * connections / 32 + 0.02, text
