"""What a call costs in system calls: counts do not depend on the machine, so they are promises."""
import pathlib
import re
import selectors
import shutil
import signal
import subprocess

import pytest

from gateway import BINARY
from raw import Wire, post

CALLS = 2_000
WARM_UP = 200
BODY = b'{"model":"imposter-1","messages":[{"role":"user","content":"' + b"x" * 230 + b'"}]}'


def trace(gateway, folder):
    """strace on every thread of the gateway, counting."""
    counts = folder / "counts"
    tracer = subprocess.Popen(["strace", "-c", "-f", "-o", counts, "-p", str(gateway.process.pid)],
                              stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    return tracer, counts


def total(tracer, counts) -> tuple[int, str]:
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    text = pathlib.Path(counts).read_text()
    return int(re.search(r"^100\.00\s+\S+\s+\S+\s+(\d+)", text, re.M)[1]), text


def call_all(wires, request, count):
    """`count` calls, each connection sending its next as soon as it has its answer."""
    ready = selectors.DefaultSelector()
    left = count
    for wire in wires:
        ready.register(wire.socket, selectors.EVENT_READ, wire)
        wire.send(request)
        left -= 1
    done = 0
    while done < count:
        for event, _ in ready.select(10):
            wire = event.data
            assert wire.answer().status == 200
            done += 1
            if left:
                wire.send(request)
                left -= 1


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.skipif("release" not in BINARY.parts, reason="counts are those of the release binary")
@pytest.mark.parametrize("connections, calls_max", [(1, 6.0), (32, 4.5)])
def test_a_small_call_costs_few_system_calls(start, tmp_path, connections, calls_max):
    one = start("[keys]\nrate_limit_rpm = 1000000\n", threads=1)
    request = post(one.key, BODY)
    wires = [Wire(one) for _ in range(connections)]
    call_all(wires, request, max(WARM_UP, connections))
    tracer, counts = trace(one, tmp_path)
    call_all(wires, request, CALLS)
    spent, text = total(tracer, counts)
    for wire in wires:
        wire.socket.close()
    # What the gateway does once a second, whether called or not, is not a call's cost.
    assert spent / CALLS <= calls_max * 1.02, text
