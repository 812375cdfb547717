#!/usr/bin/env python3
"""House rules a compiler does not check. Prints one line per breach; exits 1 if there is any."""
import pathlib
import re
import statistics
import subprocess
import sys

from includes import Includes

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A folder may include itself and any layer strictly below. Same layer: never each other.
LAYERS = [
    ["base"],
    ["domain"],
    ["net", "providers", "store"],
    ["proxy", "admin", "cli", "console"],
    ["app"],
]
RANK = {folder: rank for rank, folders in enumerate(LAYERS) for folder in folders}

HOMES = {  # a third-party header has one home; everyone else uses our wrapper
    "openssl/": {"base", "net"},
    "simdjson": {"base"},
    "spdlog/": {"base"},
    "ares.h": {"net"},
    "cctz/": {"base"},
    "sodium": {"base"},
    "sqlite3.h": {"store"},
    "nlohmann/": {"admin", "base", "cli", "providers", "store"},
    "toml++/": {"app"},
    "CLI/": {"app", "cli"},
    "yaml.h": {"cli"},
}

PUBLIC_SUBFOLDERS = {"base/json"}  # all others are private to their folder

LINES_MAX = {".cc": 600, ".h": 300}
MEDIAN_LINES_MAX = 120
README_LINES_MAX = 40
BANNED = {  # pattern: (what to use, folders and beginnings of paths where it is fine)
    r"\bsystem_clock::now\b": ("base/clock.h", {"base"}),
    r"\bgetenv\b": ("a config struct, filled in by app/", {"app"}),
    r"\bsleep_(for|until)\b": ("a deadline", set()),
    r"\b(double|float)\b": (
        "NanoUsd, Nanos or int64_t",
        {"net", "providers", "console", "cli", "app", "src/domain/tool_"}),
    r"\b(FIXME|XXX)\b": ("finish it, or TODO(#issue)", set()),
    r"\bTODO(?!\(#\d+\))": ("TODO(#issue)", set()),
    # What is the compiler's and the library's to name, but for what we use of it.
    r"\b(?!__(builtin|has|attribute|int128|crc32c|fish|VA|ARM|LINE|FILE|x86_64|aarch64)_?|_Exit\b)"
    r"(_[A-Z]|\w*__)\w*": ("a name that is not reserved", set()),
}


def breaches(path: pathlib.Path, text: str):
    parts = path.parts
    in_src = parts[0] == "src"
    folder = parts[1]
    lines = text.splitlines()
    if len(lines) > LINES_MAX[path.suffix]:
        yield 1, f"{len(lines)} lines; split it (at most {LINES_MAX[path.suffix]})"
    if in_src and folder not in RANK:
        yield 1, f"unknown folder '{folder}': give it a layer in tools/tidy.py"
        return
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]
        if len(line) > 100 and "http" not in line:
            yield number, "over 100 columns"
        found = re.match(r'\s*#include "([^"]+)"', line)
        if found and in_src:
            target = found[1].split("/")
            if target[0] != folder and RANK.get(target[0], 99) >= RANK[folder]:
                yield number, f"{folder}/ may not include {target[0]}/"
            private = "/".join(target[:2]) not in PUBLIC_SUBFOLDERS
            if len(target) > 2 and target[0] != folder and private:
                yield number, f"{found[1]} is private to {target[0]}/"
        system = re.match(r"\s*#include <([^>]+)>", line)
        for prefix, homes in HOMES.items():
            if in_src and system and system[1].startswith(prefix) and folder not in homes:
                yield number, f"<{system[1]}> belongs in {' or '.join(sorted(homes))}/"
        for pattern, (instead, allowed) in BANNED.items():
            where = line if "TODO" in pattern or "FIXME" in pattern else code
            is_fine = folder in allowed or str(path).startswith(tuple(a for a in allowed if "/" in a))
            if in_src and not is_fine and re.search(pattern, where):
                yield number, f"'{pattern}' is banned here: use {instead}"


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "src", "tests"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = [pathlib.Path(f) for f in listed if f.endswith((".h", ".cc"))]
    texts = {path: (ROOT / path).read_text() for path in files}
    includes = Includes(texts)
    count = 0
    for path, text in texts.items():
        for number, what in [*breaches(path, text), *includes.missing(path)]:
            print(f"{path}:{number}: {what}")
            count += 1
    for folder in sorted({p.parts[1] for p in files if p.parts[0] == "src"}):
        readme = ROOT / "src" / folder / "README.md"
        if not readme.exists():
            print(f"src/{folder}: no README.md")
            count += 1
        elif len(readme.read_text().splitlines()) > README_LINES_MAX:
            print(f"src/{folder}/README.md: over {README_LINES_MAX} lines")
            count += 1
    median = statistics.median(len(text.splitlines()) for text in texts.values())
    if median > MEDIAN_LINES_MAX:
        print(f"the median file has {median:.0f} lines (at most {MEDIAN_LINES_MAX})")
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
