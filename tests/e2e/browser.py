"""The console in Debian's Chromium, as a person uses it; what the page must never do is looked at all the while."""
import pathlib
import re
import urllib.parse

from playwright.sync_api import BrowserContext, Page, expect

import pictures
from gateway import ROOT

CHROMIUM = "/usr/bin/chromium"
AXE = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js")
PASSWORD = "correct horse battery"
SETUP_LINK = re.compile(r"\S+/setup#token=\S+")
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)

# Everything that WCAG 2.2 asks of a page, as far as a program can tell.
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Person:
    """Somebody with a browser of their own. `complaints`: what the browser said was wrong."""

    def __init__(self, browser, base_url: str, scheme="light", size=(1280, 800)):
        self.base_url = base_url.rstrip("/")
        self.context: BrowserContext = browser.new_context(
            color_scheme=scheme, locale="en-US", timezone_id="UTC",
            viewport={"width": size[0], "height": size[1]})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.complaints: list[str] = []
        self.asked_hosts: set[str] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda request: self.asked_hosts.add(
            urllib.parse.urlsplit(request.url).netloc))

    def _hear(self, message):
        # An answer that is an error is shown by the page; Chromium says it here once more.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _refuse(self, dialog):
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str):
        self.page.goto(self.base_url + path)
        self.settle()

    def settle(self):
        """Until there is a page, and nothing of it is loading."""
        expect(self.page.locator("h1").first).to_be_visible()
        expect(self.page.get_by_role("status", name="Loading")).to_have_count(0)

    def heading(self, text: str):
        expect(self.page.get_by_role("heading", level=1, name=text, exact=True)).to_be_visible()

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, name: str):
        return self.page.get_by_role("textbox", name=name, exact=True)

    def set_up(self, gateway, email="ada@example.com", name="Ada Byron"):
        """By the link that a first start prints."""
        path = "/setup#" + SETUP_LINK.search(gateway.printed())[0].split("#")[1]
        self.page.goto(self.base_url + path)
        self.field("Your name").fill(name)
        self.field("E-mail").fill(email)
        self.page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        self.button("Create the operator").click()
        self.heading("Overview")
        self.settle()

    def sign_in(self, email, password=PASSWORD):
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").first.fill(password)
        self.button("Sign in").click()

    def violations(self) -> list[str]:
        """What axe finds, through the debugger's door: the page's own policy lets no script in."""
        session = self.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        found = session.send("Runtime.evaluate", {
            "expression": f"axe.run({{runOnly: {AXE_RULES}}}).then((found) => found.violations.map("
                          "(one) => `${one.id}: ${one.nodes.map((node) => node.html)}`))",
            "awaitPromise": True, "returnByValue": True})
        session.detach()
        return found["result"]["value"]

    def check(self):
        """Nothing that the policy refused, no script that failed, no other host."""
        assert self.complaints == []
        assert self.asked_hosts <= {urllib.parse.urlsplit(self.base_url).netloc}


def shot(person: Person, name: str):
    """A picture for the documents, where somebody asked for them."""
    if pictures.FOLDER:
        person.page.screenshot(path=str(pathlib.Path(pictures.FOLDER) / f"{name}.png"))
