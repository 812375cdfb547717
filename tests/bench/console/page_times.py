"""How long a person waits for a page of the console: from the click in the menu to what it shows, in Chromium.

    page_times.py DATA [ROUNDS]     DATA: of large_database.py, or of any gateway whose operator has its password

The first visit: nothing of the page has been asked for since the console was loaded. Again: what was shown last is there, and
is asked for anew meanwhile. Each time to the first frame in which nothing is loading; medians and the longest, in ms. The slowest
question of each page is what the browser waited for it.
"""
import pathlib
import statistics
import sys
import urllib.parse

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from browser import CHROMIUM, Person  # noqa: E402
from gateway import Gateway  # noqa: E402
from large_database import CONFIG, EMAIL  # noqa: E402

ROUNDS = 5
PROMISED_MS = 300
IDLE_MS = 2000  # what somebody looks at a page before the next click

# Clicks the link, and waits for the first frame without anything that loads; what was asked for meanwhile.
CLICK = """(path) => new Promise((done) => {
  const nav = document.querySelector('aside nav');
  const link = [...nav.querySelectorAll('a')].find((one) => one.getAttribute('href') === path);
  performance.clearResourceTimings();
  const begun = performance.now();
  const title = link.textContent.trim();
  const look = () => {
    const heading = document.querySelector('main h1');
    const there = heading && heading.textContent.trim() === title;
    if (!there || document.querySelector('main [role=status][aria-label=Loading]')) return requestAnimationFrame(look);
    const took = performance.now() - begun;
    setTimeout(() => done({took, asked: performance.getEntriesByType('resource').map((one) =>
      [one.name, one.startTime - begun, one.duration])}), 400);
  };
  link.click();
  requestAnimationFrame(look);
})"""
LINKS = "[...document.querySelectorAll('aside nav a')].map((one) => [one.getAttribute('href'), one.textContent.trim()])"


def home(person):
    person.open("/profile")
    person.page.mouse.move(300, 300)  # as whoever clicks does before
    person.page.wait_for_timeout(IDLE_MS)


def shown(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def measure(person, rounds: int):
    home(person)
    print(f"{'':14} {'first visit':>16} {'again':>16}   slowest question", flush=True)
    worst = 0
    for path, name in person.page.evaluate(LINKS):
        first, again, questions = [], [], {}
        for _ in range(rounds):
            home(person)
            found = person.page.evaluate(CLICK, path)
            first.append(found["took"])
            for url, _, took in found["asked"]:
                questions.setdefault(shown(url), []).append(took)
            person.page.evaluate(CLICK, "/explain" if path != "/explain" else "/settings")
            again.append(person.page.evaluate(CLICK, path)["took"])
        slowest = max(questions, key=lambda one: statistics.median(questions[one]), default="")
        of = statistics.median(questions[slowest]) if slowest else 0
        pair = [f"{statistics.median(times):5.0f} (to {max(times):4.0f})" for times in (first, again)]
        print(f"{name:14} {pair[0]:>16} {pair[1]:>16}   {of:5.0f}  {slowest[:90]}  [{len(questions)}]", flush=True)
        worst = max(worst, statistics.median(first), statistics.median(again))
    print(f"the longest median: {worst:.0f} ms; promised: {PROMISED_MS}")


def main():
    data = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    gateway = Gateway(data, CONFIG)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        person = Person(chromium, gateway.url)
        person.page.goto(gateway.url)
        person.sign_in(EMAIL)
        person.heading("Overview")
        person.settle()
        measure(person, rounds)
        chromium.close()
    gateway.stop()


if __name__ == "__main__":
    main()
