#!/usr/bin/env python3
"""clang-tidy over every source file that ships, except those that were clean with these very contents.

A file was clean before if nothing it depends on has changed since: its compile command, the rules,
clang-tidy itself, and each header that ninja saw the compiler read. Needs a build that is up to date.

The static analyser follows a function through STATES_MAX states: a fifth of its own bound, which takes
three times as long over all sources and is there with `--deep`.
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLANG_TIDY = "clang-tidy-19"
STATES_MAX = 45_000
PLUGIN_SOURCE = ROOT / "tools" / "clang_tidy_own_code.cc"
PLUGIN_BUILD = ["clang++-19", "-std=c++17", "-O1", "-fno-rtti", "-fPIC", "-shared",
                "-isystem", "/usr/lib/llvm-19/include", "-isystem", "/usr/include/llvm-19"]


def dependencies(build: pathlib.Path) -> dict[str, list[str]]:
    """What each object file was made from, as ninja remembers it."""
    listed = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True,
                            check=True).stdout
    found, target = {}, None
    for line in listed.splitlines():
        if line.startswith("    ") and target:
            found[target].append(line.strip())
        elif ": #deps" in line:
            target = line.split(": #deps")[0]
            found[target] = []
    return found


class Fingerprints:
    """Digests of files, each file read once: ours by content, the system's by size and time."""

    def __init__(self, build: pathlib.Path):
        self.build, self.known = build, {}

    def of(self, name: str) -> str:
        if name not in self.known:
            path = (self.build / name).resolve()
            if path.is_relative_to(ROOT):
                self.known[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                stat = path.stat()
                self.known[name] = f"{name} {stat.st_size} {stat.st_mtime_ns}"
        return self.known[name]


def is_product(source: str) -> bool:
    """Tests answer to the compiler's warnings and to tidy.py; this reads what ships."""
    return source.startswith("src/") and not source.endswith("_test.cc")


def plugin(cache: pathlib.Path) -> pathlib.Path:
    """What keeps the checks to our own code, built if it has changed."""
    stamp = hashlib.sha256(" ".join(PLUGIN_BUILD).encode() + PLUGIN_SOURCE.read_bytes())
    built = cache / f"own_code-{stamp.hexdigest()[:16]}.so"
    if not built.exists():
        unfinished = built.with_suffix(".part")
        subprocess.run([*PLUGIN_BUILD, str(PLUGIN_SOURCE), "-o", unfinished], check=True)
        unfinished.rename(built)
    return built


def check(source: str, build: pathlib.Path, options: list[str]) -> tuple[bool, str]:
    done = subprocess.run([CLANG_TIDY, *options, "-p", build, "--quiet", source],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode == 0, done.stdout


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--deep", action="store_true", help="let the analyser go on to its own bound")
    options = arguments.parse_args()
    build = options.build.resolve()
    cache = ROOT / "build" / "tidy-cache"
    cache.mkdir(parents=True, exist_ok=True)

    own_code = plugin(cache)
    how = [f"--load={own_code}", "--checks=keywarden-own-code"]
    if not options.deep:
        for word in ("-analyzer-config", f"max-nodes={STATES_MAX}"):
            how += ["--extra-arg=-Xclang", f"--extra-arg={word}"]
    rules = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, text=True,
                           check=True).stdout + (ROOT / ".clang-tidy").read_text() + own_code.name + " ".join(how[1:])
    read_by, fingerprints, todo = dependencies(build), Fingerprints(build), {}
    commands = json.loads((build / "compile_commands.json").read_text())
    for command in commands:
        source = pathlib.Path(command["file"]).resolve()
        if not source.is_relative_to(ROOT) or not is_product(str(source.relative_to(ROOT))):
            continue
        target = re.search(r" -o (\S+)", command["command"])[1]
        headers = read_by.get(target)
        if headers is None:
            sys.exit(f"clang_tidy.py: {target} is not built; run ninja first")
        stamp = hashlib.sha256("\n".join(
            [rules, command["command"], *map(fingerprints.of, sorted(headers))]).encode())
        if not (cache / stamp.hexdigest()).exists():
            todo[str(source.relative_to(ROOT))] = cache / stamp.hexdigest()

    print(f"clang-tidy: {len(todo)} of {len(commands)} files have changed", flush=True)
    bad = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(check, source, build, how): source for source in todo}
        for done, task in enumerate(concurrent.futures.as_completed(running), 1):
            source, (clean, said) = running[task], task.result()
            print(f"[{done} of {len(todo)}] {source}{'' if clean else ': NOT CLEAN'}", flush=True)
            if clean:
                todo[source].touch()
            else:
                bad.append(source)
                print(said, flush=True)
    if bad:
        print(f"clang-tidy: {len(bad)} files are not clean: {' '.join(sorted(bad))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
