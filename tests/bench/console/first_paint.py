"""Lighthouse on the first pages of the console, over loopback: a table of medians.

    LIGHTHOUSE=…/node_modules/lighthouse/cli/index.js first_paint.py [RUNS]
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import httpx
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from browser import CHROMIUM, Person  # noqa: E402
from conftest import ROOMY  # noqa: E402
from gateway import Gateway  # noqa: E402

RUNS, CALLS = 3, 20
PAGES = (("sign-in", "phone"), ("sign-in", "desktop"), ("overview", "phone"), ("overview", "desktop"))
FIGURES = {"first paint, s": ("first-contentful-paint", 1000), "largest, s": ("largest-contentful-paint", 1000),
           "blocked, ms": ("total-blocking-time", 1), "shift": ("cumulative-layout-shift", 1),
           "KiB": ("total-byte-weight", 1024)}


def run_once(url, form, cookie) -> dict:
    out = pathlib.Path(tempfile.mkdtemp()) / "report.json"
    command = ["node", os.environ["LIGHTHOUSE"], url, "--quiet", "--output=json", f"--output-path={out}",
               "--chrome-flags=--headless=new --no-sandbox", "--only-categories=performance,accessibility",
               "--max-wait-for-load=60000"]
    command += ["--preset=desktop"] if form == "desktop" else []
    command += ["--extra-headers=" + json.dumps({"Cookie": cookie})] if cookie else []
    subprocess.run(command, env=os.environ | {"CHROME_PATH": CHROMIUM}, capture_output=True, check=True)
    report = json.loads(out.read_text())
    found = {name: report["audits"][audit]["numericValue"] / unit for name, (audit, unit) in FIGURES.items()}
    return found | {kind: 100 * report["categories"][kind]["score"] for kind in ("performance", "accessibility")}


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    gateway = Gateway(pathlib.Path(tempfile.mkdtemp()) / "data", ROOMY)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        ada = Person(chromium, gateway.url)
        ada.set_up(gateway)
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in ada.context.cookies())
        chromium.close()
    for _ in range(CALLS):
        httpx.post(f"{gateway.url}/v1/chat/completions", headers={"Authorization": f"Bearer {gateway.key}"},
                   json={"model": "sandbox", "messages": [{"role": "user", "content": "Hi"}]}).raise_for_status()
    print(f"{'':18}" + "".join(f"{name:>16}" for name in (*FIGURES, "performance", "accessibility")), flush=True)
    for page, form in PAGES:
        found = [run_once(gateway.url + "/", form, cookies if page == "overview" else None) for _ in range(runs)]
        middle = {name: statistics.median(one[name] for one in found) for name in found[0]}
        print(f"{page + ', ' + form:18}" + "".join(f"{value:16.3f}" for value in middle.values()), flush=True)
    gateway.stop()


if __name__ == "__main__":
    main()
