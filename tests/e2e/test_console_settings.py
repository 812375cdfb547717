"""The console's pages of rules: webhooks, what teams, plans and keys may, prices, and how the gateway does."""
import http.server
import json
import threading

import httpx
import pytest
from playwright.sync_api import expect

from conftest import ROOMY
from test_console import browser, make_key, meet  # noqa: F401: fixtures
from test_console_people import ada, invite, join  # noqa: F401: fixtures

HI = {"model": "sandbox", "messages": [{"role": "user", "content": "Hi"}]}


class Receiver(http.server.ThreadingHTTPServer):
    """Takes whatever is sent to it, and keeps it."""

    def __init__(self):
        self.taken = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.taken.append((dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.shutdown()
    one.server_close()


def act(person, of, what):
    person.page.get_by_role("button", name=f"Actions: {of}").click()
    person.page.get_by_role("menuitem", name=what, exact=True).click()


def row(person, text):
    return person.page.get_by_role("row").filter(has_text=text)


def test_a_webhook_from_its_address_to_its_end(ada, receiver):  # noqa: F811
    url = f"http://127.0.0.1:{receiver.server_port}/keywarden"
    ada.open("/settings")
    ada.button("Add a webhook: Webhooks").click()
    ada.field("Address").fill(url)
    ada.page.get_by_label("A key does far more than ever").check()
    ada.page.get_by_role("dialog").get_by_role("button", name="Add a webhook").click()
    secret = ada.page.get_by_label("Secret", exact=True)
    expect(secret).to_contain_text("whsec_")
    first = secret.inner_text()
    ada.button("Done").click()
    expect(row(ada, url)).to_contain_text("A key does far more than ever")

    act(ada, url, "Send a test")
    expect(ada.page.get_by_text("The test was taken.")).to_be_visible()
    assert receiver.taken[0][1]["type"] == "webhook.test"
    act(ada, url, "Pause")
    expect(row(ada, url)).to_contain_text("Paused")
    act(ada, url, "Go on")
    expect(row(ada, url)).not_to_contain_text("Paused")
    act(ada, url, "Edit")
    ada.page.get_by_label("A budget has come to a threshold").check()
    ada.button("Save").click()
    expect(row(ada, url)).to_contain_text("A budget has come to a threshold")

    act(ada, url, "New secret")
    ada.button("Make a new secret").click()
    expect(secret).to_contain_text("whsec_")
    assert secret.inner_text() != first
    ada.button("Done").click()
    act(ada, url, "Delete")
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(ada, url)).to_have_count(0)


def test_the_operators_webhooks_are_apart(ada, meet):  # noqa: F811
    ada.open("/settings")
    ada.button("Add a webhook: Webhooks of the operators").click()
    ada.field("Address").fill("http://127.0.0.1:9/all")
    ada.page.get_by_role("dialog").get_by_role("button", name="Add a webhook").click()
    ada.button("Done").click()
    of_all = ada.page.get_by_role("table", name="Webhooks of the operators")
    expect(of_all).to_contain_text("http://127.0.0.1:9/all")
    grace = meet(ada.base_url)
    join(grace, invite(ada, "grace@example.com", "Viewer"), "Grace")
    grace.open("/settings")
    expect(grace.page.get_by_text("Webhooks of the operators")).to_have_count(0)
    expect(grace.page.get_by_role("button", name="Add a webhook: Webhooks")).to_have_count(0)
    expect(grace.button("Edit the team's rules")).to_have_count(0)


def test_rules_of_a_key_hold_from_the_next_call_on(ada):  # noqa: F811
    ada.open("/keys")
    secret = make_key(ada, "Ruled")
    ada.button("Done").click()
    ada.page.get_by_role("link", name="Ruled").click()

    def chat():
        return httpx.post(f"{ada.base_url}/v1/chat/completions", json=HI,
                          headers={"Authorization": f"Bearer {secret}"}).status_code

    assert chat() == 200
    ada.button("More").click()
    ada.page.get_by_role("menuitem", name="Rules and limits").click()
    assert ada.violations() == []
    ada.page.get_by_role("group", name="Models").get_by_label("Never these").fill("sandbox")
    ada.page.keyboard.press("Enter")
    ada.page.get_by_label("Requests a day").fill("50")
    ada.button("Save").click()
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    assert chat() == 403
    limits = ada.page.get_by_role("table", name="Limits")
    expect(limits).to_contain_text("Requests a day")


def test_rules_of_a_team_and_who_saves_second(ada):  # noqa: F811
    ada.open("/settings")
    ada.button("Edit the team's rules").click()
    ada.page.get_by_label("Requests at once").fill("7")
    httpx.patch(f"{ada.base_url}/v1/account/policy", json={"limits": {"requests_per_day": 3}},
                headers={"Authorization": f"Bearer {ada.gateway.key}"}).raise_for_status()
    ada.button("Save").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Nothing was saved")
    ada.button("Cancel").click()
    ada.open("/settings")
    ada.button("Edit the team's rules").click()
    expect(ada.page.get_by_label("Requests a day")).to_have_value("3")
    ada.page.get_by_label("Requests at once").fill("7")
    ada.button("Save").click()
    expect(ada.page.get_by_role("definition").filter(has_text="7")).to_be_visible()


def test_a_plan_is_made_and_changed(ada):  # noqa: F811
    ada.open("/plans")
    ada.button("Create a plan").click()
    ada.field("Name").fill("Start")
    ada.page.get_by_label("Active keys at most").fill("25")
    defaults = ada.page.get_by_role("group", name="Limits of a key that names none")
    defaults.get_by_label("Requests a minute", exact=True).fill("30")
    assert ada.violations() == []
    ada.button("Save").click()
    expect(row(ada, "Start")).to_contain_text("25")
    expect(row(ada, "Start")).to_contain_text("30")
    ada.button("Edit the plan “Start”").click()
    ada.page.get_by_label("Active keys at most").fill("")
    ada.page.get_by_role("group", name="Models").get_by_label("Only these").fill("sandbox")
    ada.page.keyboard.press("Enter")
    ada.button("Save").click()
    expect(row(ada, "Start")).to_contain_text("Only sandbox")
    expect(row(ada, "Start")).not_to_contain_text("25")


def test_a_price_is_set_and_taken_back(ada):  # noqa: F811
    ada.open("/prices?q=gpt-4o-mini")
    ada.page.get_by_role("button", name="Edit the price of gpt-4o-mini").first.click()
    ada.page.get_by_label("Input", exact=False).first.fill("9.75")
    ada.button("Save").click()
    ada.open("/prices?origin=operator")
    expect(row(ada, "gpt-4o-mini")).to_contain_text("$9.75")
    assert ada.violations() == []
    ada.button("Back to the book: gpt-4o-mini").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Back to the book").click()
    expect(ada.page.get_by_text("Nothing fits these filters.")).to_be_visible()

    ada.button("Set a price").click()
    ada.page.get_by_label("Model", exact=False).first.fill("imposter/*")
    ada.page.get_by_label("Input", exact=False).first.fill("x")
    expect(ada.button("Save")).to_be_disabled()


def test_health_says_what_the_gateway_counts(ada):  # noqa: F811
    answer = httpx.post(f"{ada.base_url}/v1/chat/completions", json=HI,
                        headers={"Authorization": f"Bearer {ada.gateway.key}"})
    assert answer.status_code == 200
    httpx.post(f"{ada.base_url}/v1/chat/completions", json=HI | {"model": "none"},
               headers={"Authorization": f"Bearer {ada.gateway.key}"})
    ada.open("/operations")
    expect(ada.page.get_by_text("Ready: new requests are welcome.")).to_be_visible()
    expect(ada.page.get_by_role("table", name="Parts")).to_contain_text("Store")
    expect(ada.page.get_by_role("table", name="What was refused, and what failed")).to_contain_text(
        "model_not_found")


def test_a_team_is_put_on_a_plan_and_held_back(ada):  # noqa: F811
    ada.open("/plans")
    ada.button("Create a plan").click()
    ada.field("Name").fill("Start")
    ada.button("Save").click()
    expect(row(ada, "Start")).to_be_visible()
    ada.open("/teams")
    ada.button("Create a team").click()
    ada.field("Name").fill("Research")
    ada.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    act(ada, "Research", "Edit")
    ada.page.get_by_role("combobox", name="Plan").click()
    ada.page.get_by_role("option", name="Start").click()
    ada.page.get_by_role("combobox", name="State").click()
    ada.page.get_by_role("option", name="Suspended").click()
    assert ada.violations() == []
    ada.button("Save").click()
    expect(row(ada, "Research")).to_contain_text("Start")
    expect(row(ada, "Research")).to_contain_text("Suspended")
