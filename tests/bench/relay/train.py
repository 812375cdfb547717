#!/usr/bin/env python3
"""Calls for a gateway that counts what runs: train.py BUILD_FOLDER leaves its counters there.

Calls of the kinds that people make, plain and streamed, of sizes other than those that the benchmark
measures: the profile is for the gateway's work, not for its benchmark.
"""
import functools
import os
import pathlib
import sys
import tempfile

import run
import sides

CALLS = 4_000
STREAMS = 20
CHAT_BYTES = (200, 700, 2_000, 8_000)
AGENT_TOOLS = (5, 20, 70)
BYTES_A_TOOL = 900


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    sides.GATEWAY = build / "keywarden"
    os.chdir(build)  # where an instrumented program leaves its counters when it ends
    bodies = [functools.partial(run.chat_body, size=size) for size in CHAT_BYTES]
    bodies += [functools.partial(run.agent_body, count=count, size=count * BYTES_A_TOOL)
               for count in AGENT_TOOLS]
    with tempfile.TemporaryDirectory() as folder:
        bench = run.Bench(True, pathlib.Path(folder))
        [gateway] = bench.open(sides.Gateway)
        for body in bodies:
            sides.load(gateway, bench.call(body, run.BURST), 1, CALLS // 4)
            sides.load(gateway, bench.call(body, run.BURST), run.WORKERS, CALLS)
            sides.load(gateway, bench.call(body, run.STEADY), STREAMS, STREAMS)
        bench.close()
        [gateway] = bench.open(sides.Limited)
        sides.load(gateway, bench.call(bodies[0], run.BURST), run.WORKERS, CALLS)
        bench.close()
        bench.mock.stop()
    if not list(build.glob("*.profraw")):
        sys.exit("train.py: the gateway left no counters: was it built with ./dev build profile?")


if __name__ == "__main__":
    main()
