#!/usr/bin/env python3
"""The gateway beside nginx, in one run, by turns: what a call costs, how long it takes, what it holds.

One worker each, pinned to one processor; the client and the upstream share the other. Each figure is
the median of rounds in which both sides take their turns; a ratio is taken within a round.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from sides import Direct, Gateway, Held, Limited, Mock, Nginx, ROOT, Starting, load

BURST = ""
STEADY = "/n100/us10000"    # 100 events, 10 ms apart: cost of an event
CALM = "/n200/us5000"       # few streams at once: delay of an event
ENDLESS = "/n100000/us1000000"
PACES = [BURST, STEADY, CALM, ENDLESS]
WORKERS = 32
STREAMS = 100
HELD = 1000
MANY_KEYS = 1_000_000
TOOLS_OF_AN_AGENT = 50
AGENT_BYTES = 40_000
CHAT_BYTES = 300
REPORT = ROOT / "build" / "bench" / "relay.json"


def chat_body(model: str, stream: bool, size: int = CHAT_BYTES) -> bytes:
    body = {"model": model, "stream": stream, "temperature": 0.7, "max_tokens": 256,
            "messages": [{"role": "system", "content": "You are terse."},
                         {"role": "user", "content": ""}]}
    body["messages"][1]["content"] = "w" * (size - len(json.dumps(body)))
    return json.dumps(body).encode()


def agent_body(model: str, stream: bool, count: int = TOOLS_OF_AN_AGENT,
               size: int = AGENT_BYTES) -> bytes:
    tools = [{"type": "function", "function": {
        "name": f"tool_{n}", "description": "Does one thing well. " * 24, "parameters": {
            "type": "object", "properties": {
                "path": {"type": "string", "description": "Where"},
                "limit": {"type": "integer", "description": "How many"}}}}}
        for n in range(count)]
    body = {"model": model, "stream": stream, "tools": tools, "max_tokens": 1024,
            "messages": [{"role": "user", "content": ""}]}
    body["messages"][0]["content"] = "w" * (size - len(json.dumps(body)))
    return json.dumps(body).encode()


@dataclasses.dataclass
class Call:
    """A kind of call: where it goes and what is in it."""

    make: object
    pace: str
    folder: pathlib.Path

    @property
    def body_file(self) -> pathlib.Path:
        return self.folder / "body.json"

    def body(self, model: str) -> bytes:
        return self.make(model, stream=self.pace != BURST)


class Bench:
    def __init__(self, quick: bool, folder: pathlib.Path):
        self.rounds = 3 if quick else 9
        self.scale = 1 if quick else 2
        self.folder = folder
        self.mock = Mock()
        self.running = []
        self.figures = {}

    def call(self, make, pace) -> Call:
        return Call(make, pace, self.folder)

    def open(self, *kinds):
        for kind in kinds:
            self.running.append(kind(self.mock, self.folder, PACES))
        return list(self.running)

    def close(self):
        while self.running:
            self.running.pop().stop()

    def say(self, what):
        print(f"… {what}", file=sys.stderr, flush=True)

    def cpu(self, name, call, connections, calls, each="calls", ours=Gateway):
        """Microseconds of processor time for one call, or one event, on each side."""
        self.say(name)
        sides = self.open(Nginx, ours)
        for side in sides:
            load(side, call, connections, max(connections, calls // 4))
        spent = {side.name: [] for side in sides}
        for number in range(self.rounds):
            for side in sides if number % 2 else reversed(sides):
                before = side.cpu_ns()
                seen = load(side, call, connections, calls)
                spent[side.name].append((side.cpu_ns() - before) / seen[each] / 1000)
        self.close()
        ratios = [ours / theirs for ours, theirs in zip(spent["keywarden"], spent["nginx"])]
        self.figures[name] = {
            "unit": "µs of CPU", "keywarden": statistics.median(spent["keywarden"]),
            "nginx": statistics.median(spent["nginx"]), "ratio": statistics.median(ratios),
            "ratio_min": min(ratios), "ratio_max": max(ratios)}

    def delay(self, name, call, connections, calls, keys, unit_ns):
        """What stands between client and upstream adds to a call, or to an event, at p50 and p99."""
        self.say(name)
        sides = self.open(Direct, Nginx, Gateway)
        for side in sides:
            load(side, call, connections, max(connections, calls // 4))
        seen = {side.name: [] for side in sides}
        for _ in range(self.rounds):
            for side in sides:
                seen[side.name].append(load(side, call, connections, calls))
        self.close()
        for key, percent in zip(keys, ("p50", "p99")):
            took = {name: statistics.median(one[key] for one in runs) * unit_ns / 1000
                    for name, runs in seen.items()}
            self.figures[f"{name}, {percent}"] = {
                "unit": "µs added", "keywarden": took["keywarden"] - took["direct"],
                "nginx": took["nginx"] - took["direct"], "direct": took["direct"]}

    def delay_under_load(self, name, call, connections, calls):
        """The same for calls that come by the clock: half as many as the slower of the two takes."""
        self.say(name)
        sides = self.open(Direct, Nginx, Gateway)
        every_ns = 0
        for side in sides:
            seen = load(side, call, WORKERS, calls)
            every_ns = max(every_ns, 2 * seen["nanoseconds"] // seen["calls"])
        seen = {side.name: [] for side in sides}
        for number in range(self.rounds):
            for side in sides[number % 3:] + sides[:number % 3]:
                seen[side.name].append(load(side, call, connections, calls, every_ns))
        self.close()
        for key, percent in (("call_p50_us", "p50"), ("call_p99_us", "p99")):
            added = {side: [one[key] - direct[key] for one, direct in zip(seen[side], seen["direct"])]
                     for side in ("keywarden", "nginx")}
            ratios = [ours / max(theirs, 1) for ours, theirs in zip(*added.values())]
            self.figures[f"{name}, {percent}"] = {
                "unit": f"µs added, {1e9 / every_ns:,.0f} calls a second",
                "keywarden": statistics.median(added["keywarden"]),
                "nginx": statistics.median(added["nginx"]), "ratio": statistics.median(ratios),
                "ratio_min": min(ratios), "ratio_max": max(ratios)}

    def memory(self):
        self.say("memory")
        rows = {"at rest": None,
                "an idle connection": self.call(chat_body, BURST),
                "a stream": self.call(chat_body, ENDLESS),
                "a stream after 40 KB": self.call(agent_body, ENDLESS)}
        for name, call in rows.items():
            held = {}
            for kind in (Nginx, Gateway):
                [side] = self.open(kind)
                if call is None:
                    held[side.name] = side.memory_bytes() / 1024
                else:
                    load(side, self.call(chat_body, BURST), WORKERS, WORKERS)
                    before = side.memory_bytes()
                    with Held(side, call, HELD, WORKERS):
                        time.sleep(3)  # for an event more on every stream
                        held[side.name] = (side.memory_bytes() - before) / HELD / 1024
                self.close()
            self.figures[f"memory, {name}"] = {"unit": "KiB"} | held

    def run(self):
        n = self.scale
        self.cpu("a chat call of 300 B", self.call(chat_body, BURST), WORKERS, 10_000 * n)
        self.cpu("the same with all limits on", self.call(chat_body, BURST), WORKERS, 10_000 * n,
                 ours=Limited)
        self.cpu("an agent call of 40 KB", self.call(agent_body, BURST), WORKERS, 4_000 * n)
        self.cpu("an SSE event", self.call(chat_body, STEADY), STREAMS, STREAMS * n, "events")
        self.delay("a chat call alone", self.call(chat_body, BURST), 1, 1_500 * n,
                   ("call_p50_us", "call_p99_us"), 1000)
        self.delay("an SSE event alone", self.call(chat_body, CALM), 4, 4 * n,
                   ("event_p50_ns", "event_p99_ns"), 1)
        self.delay_under_load("a chat call at half of the most", self.call(chat_body, BURST),
                              2 * WORKERS, 10_000 * n)
        self.memory()


KEYS = {  # what tests/bench/keys measures: its name there, what it is called here, which time
    "check_key/1000": ("a key check with 10^3 keys", "cpu_time"),
    "check_key/1000000": ("a key check with 10^6 keys", "cpu_time"),
    "take_request/1000000": ("the limit of a key among 10^6", "cpu_time"),
}


def keys(figures):
    """A key check with few and with many keys."""
    done = subprocess.run(
        [ROOT / "build" / "bench" / "tests" / "bench" / "keys" / "keys_bench",
         "--benchmark_format=json", "--benchmark_filter=check_key|take_request"],
        stdout=subprocess.PIPE, check=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}))
    for row in json.loads(done.stdout)["benchmarks"]:
        name = "/".join(row["run_name"].split("/")[:2])
        if name in KEYS and row.get("aggregate_name", "median") == "median":
            called, which = KEYS[name]
            figures[called] = {"unit": row["time_unit"], "keywarden": row[which]}


def start(figures, folder):
    """From the start of the process to the first connection it takes, with a million keys."""
    took = Starting(folder).measure(MANY_KEYS, rounds=5)
    figures["a start with 10^6 keys"] = {"unit": "ms", "keywarden": statistics.median(took) * 1000}


def machine() -> dict:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                            text=True, check=False).stdout.strip()
    return {"processor": model, "processors": os.cpu_count(), "kernel": platform.release(),
            "nginx": version.split("/")[-1].strip(), "commit": commit,
            "load_before": os.getloadavg()[0]}


def table(figures: dict) -> str:
    rows = [("", "keywarden", "nginx", "ratio (least to most)", "")]
    for name, figure in figures.items():
        spread = ""
        if "ratio" in figure:
            spread = "{ratio:.2f} ({ratio_min:.2f} to {ratio_max:.2f})".format(**figure)
        numbers = [f"{figure[side]:.1f}" if side in figure else "" for side in ("keywarden", "nginx")]
        rows.append((name, *numbers, spread, figure["unit"]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    aligned = "<>><<"
    return "\n".join("  ".join(f"{cell:{how}{width}}" for cell, how, width in
                               zip(row, aligned, widths)).rstrip() for row in rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a minute instead of five")
    options = arguments.parse_args()
    if os.cpu_count() < 2:
        sys.exit("the benchmark needs two processors: one for what is measured, one for the rest")
    about = machine()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="keywarden-bench-") as folder:
        bench = Bench(options.quick, pathlib.Path(folder))
        try:
            bench.run()
        finally:
            bench.close()
            bench.mock.stop()
    if not options.quick:  # a million keys take a while to be made
        bench.say("keys")
        keys(bench.figures)
        bench.say("a start")
        with tempfile.TemporaryDirectory(prefix="keywarden-bench-") as folder:
            start(bench.figures, pathlib.Path(folder))
    about["seconds"] = round(time.monotonic() - began)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"machine": about, "figures": bench.figures}, indent=2) + "\n")
    print(table(bench.figures))
    print("\n" + ", ".join(f"{name}: {value}" for name, value in about.items()))
    print(f"written to {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
