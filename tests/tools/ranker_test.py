"""The ranker of tools scores as the reference does: ../shared/tools/ranker.py, on requests of its dev.jsonl.

Skipped where there is no such folder ($KEYWARDEN_TOOLS names another)."""
import json
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = pathlib.Path(os.environ.get("KEYWARDEN_TOOLS", ROOT.parent / "shared/tools"))
SKIPPED = 77
ALLOWED = 1e-3
SAMPLES = ((20, 5), (50, 17), (128, 47))  # tools offered, every so many requests


def main() -> int:
    if not (SOURCE / "dev.jsonl").exists():
        print(f"no dev.jsonl in {SOURCE}")
        return SKIPPED
    sys.path.insert(0, str(SOURCE))
    import ranker
    import toollib
    split = toollib.Split(str(SOURCE / "dev.jsonl"))
    index = toollib.Index(split)
    cases = [(request, tools) for tools, every in SAMPLES for request in split.reqs[::every]]
    scores = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask():
        with scores.stdin as to:
            for request, tools in cases:
                to.write(json.dumps(split.request(request, tools), ensure_ascii=False) + "\n")

    asking = threading.Thread(target=ask)
    asking.start()
    wrong = 0
    for request, tools in cases:
        conversation = split.convs[request["conv"]]
        pool = split.pool(conversation, tools)
        expected = ranker.rank(index, pool, conversation["messages"][:request["upto"]])
        got = [float(word) for word in scores.stdout.readline().split()]
        apart = [abs(a - b) for a, b in zip(expected, got)]
        if len(got) != len(expected) or max(apart) > ALLOWED:
            wrong += 1
            print(f"{request['conv']} up to {request['upto']}, {tools} tools: {max(apart, default=0)} apart")
    asking.join()
    print(f"{len(cases)} requests, {wrong} of them scored otherwise")
    return 1 if wrong or scores.wait() else 0


if __name__ == "__main__":
    sys.exit(main())
