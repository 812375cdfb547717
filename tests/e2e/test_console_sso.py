"""Signing in with an identity provider (npm oidc-provider) in Debian's Chromium, as a person does it."""
import json
import re

import pytest
from playwright.sync_api import expect

from browser import PASSWORD, Person, shot
from gateway import Gateway, free_port
from sso import CLIENT_SECRET, NodeProcess, sign_in_provider
from test_console import browser  # noqa: F401: a fixture

PEOPLE = {name: {"email": f"{name}@example.com", "email_verified": True, "name": name.title()}
          for name in ("bob", "ann")}


@pytest.fixture
def house(tmp_path):
    """A gateway with two providers, one of which is down."""
    port = free_port()
    console = f"http://127.0.0.1:{port}"
    provider = NodeProcess("oidc_provider.mjs", json.dumps({"people": PEOPLE, "console": console}))
    config = sign_in_provider("corp", provider.said["issuer"], label='"Example Corp"',
                              provision="true", domains='["example.com"]', team='"default"')
    config += sign_in_provider("down", f"http://127.0.0.1:{free_port()}", label='"Nobody"')
    gateway = Gateway(tmp_path / "data", config, listen=f"127.0.0.1:{port}",
                      env={"SSO_TEST_SECRET": CLIENT_SECRET})
    yield gateway
    gateway.stop()
    provider.stop()


@pytest.fixture
def come(browser):  # noqa: F811
    """As test_console's `meet`, for people who go to another host on purpose."""
    people = []

    def one(base_url, **options):
        people.append(Person(browser, base_url, **options))
        return people[-1]

    yield one
    for person in people:
        person.context.close()


def at_provider(person, name):
    """The provider's own two pages: who one is, and what is told of it."""
    page = person.page
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]", has_text=re.compile("Continue")).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_offers_the_providers(house, come, scheme):
    person = come(house.url, scheme=scheme)
    person.open("/keys")
    person.heading("Sign in")
    link = person.page.get_by_role("link", name="Continue with Example Corp")
    expect(link).to_be_visible()
    assert person.violations() == []
    shot(person, f"sign-in-providers-{scheme}")
    person.check()
    # By the keyboard alone.
    person.page.get_by_role("button", name="Sign in", exact=True).focus()
    person.page.keyboard.press("Tab")
    expect(link).to_be_focused()
    person.page.keyboard.press("Enter")
    at_provider(person, "bob")
    person.heading("API keys")  # the page that was asked for


def test_a_provider_that_is_down_is_said_with_the_requests_number(house, come):
    person = come(house.url)
    person.open("/")
    person.page.get_by_role("link", name="Continue with Nobody").click()
    alert = person.page.get_by_role("alert")
    expect(alert).to_contain_text("The identity provider does not answer as it should.")
    expect(alert).to_contain_text(re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"))
    assert person.page.url == f"{house.url}/"  # a reload says it no more
    assert person.violations() == []
    shot(person, "sign-in-failed")
    person.check()


def test_an_identity_is_linked_used_and_unlinked(house, come):
    ada = come(house.url)
    ada.set_up(house)
    ada.open("/profile")
    card = ada.page.locator("section", has=ada.page.get_by_role("heading", name="Linked identities"))
    card.get_by_role("button", name="Link Example Corp").click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_label("Password").first.fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    at_provider(ada, "ann")
    ada.heading("Your account")
    expect(card).to_contain_text("ann@example.com")
    assert ada.violations() == []
    shot(ada, "linked-identities")
    card.get_by_role("button", name="Unlink").click()
    dialog.get_by_label("Password").first.fill(PASSWORD)
    dialog.get_by_role("button", name="Unlink").click()
    expect(card).not_to_contain_text("ann@example.com")


def test_who_comes_by_a_provider_alone_keeps_the_last_way_in(house, come):
    bob = come(house.url)
    bob.open("/profile")
    bob.page.get_by_role("link", name="Continue with Example Corp").click()
    at_provider(bob, "bob")
    bob.heading("Your account")
    expect(bob.page.get_by_text("The only way in")).to_be_visible()
    bob.page.get_by_role("button", name=re.compile("Bob")).click()
    bob.page.get_by_role("menuitem", name="Sign out").click()
    expect(bob.page).to_have_url(re.compile("/session/end"))
    bob.page.locator("button", has_text=re.compile("Yes")).click()
    bob.heading("Sign in")
