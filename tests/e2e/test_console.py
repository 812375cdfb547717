"""The console, by its pages: sign-in, keys, and what every page owes everybody."""
import json
import os
import pathlib
import re
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

import pictures
from browser import CHROMIUM, PASSWORD, Person, shot
from conftest import ENVIRONMENT, ROOMY, provider
from gateway import ROOT, Gateway
from imposter import PROVIDER_KEY
from sdks import gpt_of
from test_tool_selection import STEPS, chat_model, make_key as make_selecting, run_chat

VECTORS = pathlib.Path(os.environ.get("KEYWARDEN_VECTORS", ROOT.parent / "shared" / "vectors"))
NAUGHTY = VECTORS / "naughty-strings" / "blns.json"
SECRET = re.compile(r"kw_live_\w{62}")

PAGES = {
    "/": "Overview",
    "/keys": "API keys",
    "/playground": "Playground",
    "/usage": "Usage",
    "/requests": "Requests",
    "/budgets": "Budgets and credits",
    "/providers": "Providers",
    "/models": "Models",
    "/tools": "Tools",
    "/explain": "Explain",
    "/team": "Team",
    "/audit": "Audit",
    "/settings": "Settings",
    "/teams": "Teams",
    "/users": "Users",
    "/plans": "Plans",
    "/prices": "Prices",
    "/operations": "Health",
    "/profile": "Your account",
}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root; what it opens here is ours.
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def meet(browser):
    """meet(base_url, …): a person with a browser of their own, held to Person.check() at the end."""
    people = []

    def come(base_url, **options):
        people.append(Person(browser, base_url, **options))
        return people[-1]

    yield come
    for person in people:
        person.check()
        person.context.close()


def chat(base_url, key, text="Hi", model="sandbox"):
    return httpx.post(f"{base_url}/v1/chat/completions", headers={"Authorization": f"Bearer {key}"},
                      json={"model": model, "messages": [{"role": "user", "content": text}]})


def make_key(person: Person, name: str) -> str:
    """In one dialog, with a name alone. Returns the secret."""
    person.page.get_by_role("button", name="Create a key").first.click()
    person.field("Name").fill(name)
    person.button("Create").click()
    secret = person.page.get_by_label("Secret", exact=True)
    expect(secret).to_be_visible()
    return secret.inner_text().strip()


def test_the_first_operator_comes_by_the_link_and_signs_in_afterwards(start, meet):
    gateway = start(ROOMY)
    ada = meet(gateway.url)
    ada.open("/")
    expect(ada.page.get_by_text("no operator yet")).to_be_visible()
    ada.set_up(gateway)
    expect(ada.page.get_by_text("From nothing to a first answer")).to_be_visible()

    ada.page.get_by_role("button", name="Ada Byron").click()
    ada.page.get_by_role("menuitem", name="Sign out").click()
    ada.heading("Sign in")
    ada.sign_in("ada@example.com", "wrong " + PASSWORD)
    expect(ada.page.get_by_role("alert")).to_contain_text("Request ")
    ada.sign_in("ada@example.com")
    ada.heading("Overview")


def test_who_is_not_signed_in_finds_the_page_they_asked_for_afterwards(start, meet):
    gateway = start(ROOMY)
    meet(gateway.url).set_up(gateway)
    later = meet(gateway.url)
    later.open("/usage?metric=calls")
    later.sign_in("ada@example.com")
    later.heading("Usage")
    expect(later.page.get_by_role("button", name="Calls")).to_have_attribute("aria-pressed", "true")


def test_a_used_set_up_link_says_so(start, meet):
    gateway = start(ROOMY)
    meet(gateway.url).set_up(gateway)
    late = meet(gateway.url)
    late.open("/setup#token=" + "A" * 43)
    late.field("Your name").fill("Eve")
    late.field("E-mail").fill("eve@example.com")
    late.page.get_by_label("Password").first.fill(PASSWORD)
    late.button("Create the operator").click()
    expect(late.page.get_by_role("alert")).to_be_visible()
    late.open("/setup")
    expect(late.page.get_by_text("a part of it is missing here")).to_be_visible()


def test_a_key_from_its_name_to_its_end(start, meet):
    gateway = start(ROOMY)
    ada = meet(gateway.url)
    ada.set_up(gateway)
    ada.open("/keys")
    secret = make_key(ada, "Billing service")
    assert SECRET.fullmatch(secret)
    assert secret in ada.page.get_by_label("A first call with curl", exact=True).inner_text()
    expect(ada.page.get_by_text("Waiting for the first call")).to_be_visible()

    assert chat(gateway.url, secret).status_code == 200
    expect(ada.page.get_by_text("The first call has come in.")).to_be_visible()
    ada.button("Done").click()
    ada.open("/keys?q=billing")
    assert secret not in ada.page.content()

    ada.page.get_by_role("link", name="Billing service").click()
    ada.heading("Billing service")
    ada.button("Edit").click()
    ada.field("Name").fill("Billing service, production")
    ada.button("Save").click()
    ada.heading("Billing service, production")

    ada.button("More").click()
    ada.page.get_by_role("menuitem", name="Disable").click()
    expect(ada.page.get_by_text("Disabled", exact=True)).to_be_visible()
    assert chat(gateway.url, secret).status_code == 401
    ada.button("More").click()
    ada.page.get_by_role("menuitem", name="Enable").click()
    expect(ada.page.get_by_text("Active", exact=True)).to_be_visible()

    ada.button("Rotate").click()
    ada.page.get_by_label("It ends at once").check()
    ada.page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    fresh = ada.page.get_by_label("Secret", exact=True).inner_text().strip()
    assert (chat(gateway.url, secret).status_code, chat(gateway.url, fresh).status_code) == (401, 200)
    ada.button("Done").click()

    ada.button("More").click()
    ada.page.get_by_role("menuitem", name="Revoke").click()
    revoke = ada.button("Revoke the key")
    expect(revoke).to_be_disabled()
    ada.page.get_by_role("dialog").get_by_role("textbox").fill("Billing service, production")
    revoke.click()
    expect(ada.page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert chat(gateway.url, fresh).status_code == 401


def test_who_saves_second_is_told_and_loses_nothing(start, meet):
    gateway = start(ROOMY)
    ada = meet(gateway.url)
    ada.set_up(gateway)
    ada.open("/keys")
    make_key(ada, "Shared")
    ada.button("Done").click()
    ada.page.get_by_role("link", name="Shared").click()
    ada.button("Edit").click()
    key_id = ada.page.url.rsplit("/", 1)[1]
    changed = httpx.patch(f"{gateway.url}/v1/keys/{key_id}", json={"description": "by Grace"},
                          headers={"Authorization": f"Bearer {gateway.key}"})
    assert changed.status_code == 200
    ada.field("Name").fill("Shared by two")
    ada.button("Save").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Nothing was saved")
    ada.button("Take over the newest version").click()
    expect(ada.field("Description")).to_have_value("by Grace")
    expect(ada.field("Name")).to_have_value("Shared by two")
    ada.button("Save").click()
    ada.heading("Shared by two")
    expect(ada.page.get_by_text("by Grace")).to_be_visible()


def lay_out(gateway):
    """A plan, and a second team with credit."""
    socket = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
    with httpx.Client(base_url="http://gateway", transport=socket) as operator:
        def ask(method, path, **fields):
            answer = operator.request(method, f"/v1/admin/{path}", json=fields)
            assert answer.is_success, answer.text
            return answer.json()

        plan = ask("POST", "plans", name="Standard", active_keys_max=50,
                   policy={"limits": {"requests_per_minute": 600, "concurrent_requests": 50}},
                   key_defaults={"requests_per_minute": 120})
        team = ask("POST", "teams", name="Research", plan=plan["id"])["id"]
        home = next(one["id"] for one in operator.get("/v1/admin/teams").json()["data"] if one["id"] != team)
        for whose, amount, invoice in ((team, "250", "2026-014"), (home, "100", "2026-015")):
            ask("POST", "credits", team=whose, kind="topup", amount_usd=amount, reason=f"Invoice {invoice}")
        ask("POST", "incidents", name="Slow answers of one provider", impact="degraded",
            message="First words take up to ten seconds. Calls go to the other provider meanwhile.")


def work(gateway, imposter, agent, key):
    """Calls of an agent whose tools are selected, and of a chat, by a provider that counts as one would."""
    async def long_answer(call, link):
        await link.answer(200, {"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
                                "choices": [{"index": 0, "finish_reason": "stop", "message": {
                                    "role": "assistant", "content": "Done"}}],
                                "usage": {"prompt_tokens": 21_000, "completion_tokens": 1_900, "total_tokens": 22_900}})

    imposter.behave = chat_model
    for _ in range(2):
        assert run_chat(gpt_of(gateway, agent), model="gpt-4o-mini") == STEPS
    imposter.behave = long_answer
    for _ in range(4):
        assert chat(gateway.url, key, model="gpt-4o-mini").status_code == 200
    imposter.reset()


@pytest.fixture(scope="module")
def lived_in(browser, tmp_path_factory, the_imposter):
    """A gateway with an operator, a key and calls; its pages have something to show."""
    the_imposter.reset()
    gateway = Gateway(tmp_path_factory.mktemp("console") / "data",
                      ROOMY.replace("1000000", "600", 1) + provider(the_imposter, "openai"), env=ENVIRONMENT)
    ada = Person(browser, gateway.url)
    ada.set_up(gateway)
    ada.open("/keys")
    secret = make_key(ada, "Assistant, production")
    with httpx.Client(base_url=gateway.url,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        def make(path, **fields):
            made = http.post(f"/v1/account/{path}", json=fields)
            assert made.status_code == 201, made.text
            return made.json()

        app = make("apps", name="Search")["id"]
        soon = datetime.now(timezone.utc) + timedelta(days=5)
        make("keys", name="Nightly evaluation", expires_at=soon.strftime("%Y-%m-%dT%H:%M:%SZ"),
             toollist={"allowed": ["get_weather", "get_time"]})
        indexer = make("keys", name="Search indexer", app=app, tags=["production"])["key"]
        for key, calls in ((secret, 9), (indexer, 5)):
            for words in range(1, calls + 1):
                assert chat(gateway.url, key, "word " * words * 400).status_code == 200
        agent = make_selecting(http, "on", name="Support agent")
        work(gateway, the_imposter, agent, secret)
        make("budgets", name="The whole team", amount_usd="60" if pictures.FOLDER else "0.04")
        http.put("/v1/account/providers", json={
            "provider": "openai", "api_key": PROVIDER_KEY}).raise_for_status()
        make("webhooks", url="http://127.0.0.1:9/keywarden", events=["key.spike"])
        change = http.patch("/v1/account/policy", json={
            "tools": {"deny": ["shell", "computer*"]}, "limits": {"requests_per_day": 200_000}})
        assert change.status_code == 200, change.text
        http.patch(f"/v1/account/apps/{app}", json={
            "policy": {"tools": {"allow": ["search_*", "open_page"]}}}).raise_for_status()
    lay_out(gateway)
    ada.open("/team")
    ada.button("Invite somebody").click()
    ada.page.get_by_role("dialog").get_by_label("E-mail").fill("grace@example.com")
    ada.button("Make the link").click()
    ada.button("Done").click()
    ada.check()
    if pictures.FOLDER:
        gateway = weeks_later(gateway)
        work(gateway, the_imposter, agent, secret)
    yield gateway, ada.context.storage_state()
    gateway.stop()


def weeks_later(gateway):
    """The same gateway at the same address."""
    assert gateway.stop() == 0
    pictures.age(gateway.data_dir, datetime.now(timezone.utc).day)
    later = Gateway(gateway.data_dir, gateway.config.read_text(), listen=gateway.address, env=ENVIRONMENT)
    later.key = gateway.key
    return later


def as_ada(meet, lived_in, **options):
    gateway, state = lived_in
    ada = meet(gateway.url, **options)
    ada.context.add_cookies(state["cookies"])
    return ada


PHONE = (390, 844)
LOOKS = {"light": {}, "dark": {"scheme": "dark"}, "phone": {"size": PHONE},
         "phone-dark": {"size": PHONE, "scheme": "dark"}}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_for_everybody(lived_in, meet, look):
    ada = as_ada(meet, lived_in, **LOOKS[look])
    for path, title in PAGES.items():
        ada.open(path)
        ada.heading(title)
        assert ada.violations() == [], path
        width = ada.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{path} is wider than the window"
        if path != "/playground":  # which is shown in use by its own test
            shot(ada, f"{title.lower().replace(' ', '-')}-{look}")
    ada.open("/status")
    ada.heading("Not everything works")
    assert ada.violations() == []
    shot(ada, f"status-{look}")


def test_one_call_and_one_key_have_pages_of_their_own(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/requests")
    of_it = ada.page.get_by_role("row").filter(has_text="Assistant, production")
    of_it.first.get_by_role("link").click()
    ada.heading("Call of gpt-4o-mini")
    expect(ada.page.get_by_text("Answered")).to_be_visible()
    assert ada.violations() == []
    shot(ada, "request-light")
    ada.page.get_by_role("link", name="Assistant, production").click()
    ada.heading("Assistant, production")
    ada.settle()
    assert ada.violations() == []
    shot(ada, "key-light")
    ada.button("More").click()
    ada.page.get_by_role("menuitem", name="Rules and limits").click()
    ada.page.get_by_role("combobox", name="Selection of tools").scroll_into_view_if_needed()
    assert ada.violations() == []
    shot(ada, "key-rules-light")
    ada.open("/tools")
    health = ada.page.get_by_role("table", name="What became of each tool")
    expect(health.get_by_role("row").filter(has_text="create_invoice")).to_contain_text("Says enough")
    health.scroll_into_view_if_needed()
    shot(ada, "tool-health-light")


def test_a_link_keeps_the_view(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/usage")
    ada.page.get_by_role("button", name="Tokens").click()
    ada.page.get_by_text("Model", exact=True).first.click()
    expect(ada.page).to_have_url(re.compile(r"metric=tokens"))
    again = as_ada(meet, lived_in)
    again.page.goto(ada.page.url)
    expect(again.page.get_by_role("button", name="Tokens")).to_have_attribute("aria-pressed", "true")
    expect(again.page.get_by_role("heading", name="Tokens by day")).to_be_visible()


def test_usage_is_exported_as_it_is_shown(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/usage")
    with ada.page.expect_download() as waiting:
        ada.button("Export CSV").click()
    text = pathlib.Path(waiting.value.path()).read_text()
    assert "Assistant, production" in text


def test_the_keyboard_reaches_every_page(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/keys")
    for typed, found in (("aud", "Audit"), ("assistant prod", "Assistant, production")):
        ada.page.keyboard.press("Control+k")
        expect(ada.page.get_by_role("combobox", name="Page, key, team")).to_be_focused()
        ada.page.keyboard.type(typed)
        expect(ada.page.get_by_role("option", name=found, selected=True)).to_be_visible()
        ada.page.keyboard.press("Enter")
        ada.heading(found)


def test_the_audit_chain_is_worked_out_in_the_browser(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/audit")
    ada.button("Verify").click()
    expect(ada.page.get_by_text("is whole, worked out in this browser")).to_be_visible()


def test_a_call_is_explained_as_a_path(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/explain")
    ada.page.get_by_role("combobox", name="Key").click()
    ada.page.get_by_role("option", name="Assistant, production").click()
    ada.page.get_by_label("Model").first.fill("no-such-model")
    ada.page.keyboard.press("Escape")
    ada.button("Explain").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("model_not_found")
    assert ada.violations() == []


def test_an_address_that_is_no_page_says_so(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/no/such/page")
    expect(ada.page.get_by_text("There is no page at this address.")).to_be_visible()


def test_an_unreachable_gateway_is_said_and_nothing_is_lost(lived_in, meet):
    ada = as_ada(meet, lived_in)
    ada.open("/keys?create=1")
    ada.field("Name").fill("Kept")
    ada.context.set_offline(True)
    ada.button("Create").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("could not be reached")
    expect(ada.field("Name")).to_have_value("Kept")
    ada.context.set_offline(False)


def test_without_javascript_the_page_says_so(lived_in, browser):
    gateway, _ = lived_in
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(gateway.url)
    expect(page.locator("noscript p").first).to_be_visible()
    assert "needs JavaScript" in page.locator("noscript p").first.inner_text()
    context.close()


def test_naughty_names_are_shown_unchanged_and_run_nothing(start, meet):
    if not NAUGHTY.exists():
        pytest.skip(f"no vectors at {NAUGHTY}")
    gateway = start(ROOMY)
    ada = meet(gateway.url)
    ada.set_up(gateway)
    taken = []
    with httpx.Client(base_url=gateway.url,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        for text in json.loads(NAUGHTY.read_text()):
            made = http.post("/v1/keys", json={"name": text})
            if made.status_code == 201:
                taken.append(made.json()["name"])
            else:
                assert made.status_code == 400, made.text
    assert len(taken) > 300, len(taken)
    ada.open("/keys")
    for drawn in range(50, len(taken) + 1, 50):
        expect(ada.page.locator("tbody tr")).to_have_count(drawn)
        ada.button("Show more").click()
    expect(ada.page.locator("tbody tr")).to_have_count(len(taken) + 1)
    shown = ada.page.locator("tbody td:first-child a").evaluate_all(
        "(all) => all.map((one) => one.textContent)")
    assert sorted(shown) == sorted(taken + ["first key"])
    for text in ("<script>alert(123)</script>", "<img src=x onerror=alert(123) />"):
        if text in taken:
            ada.page.get_by_role("link", name=text, exact=True).first.click()
            ada.heading(text)
            ada.page.go_back()
            ada.heading("API keys")
