"""The console's team page: its name, leaving it, closing it, and what its keys start with."""
import httpx
import pytest
from playwright.sync_api import expect

from test_console import browser, chat, make_key, meet  # noqa: F401: fixtures
from test_console_people import ada, invite, join  # noqa: F401: fixtures
from test_console_settings import act, row


def side(person):
    return person.page.get_by_role("navigation", name="Pages").locator("xpath=..")


@pytest.fixture
def grace(ada, meet):  # noqa: F811
    """The owner of a second team, Research, whom an operator invited."""
    ada.open("/teams")
    ada.button("Create a team").click()
    ada.field("Name").fill("Research")
    ada.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    ada.button("Open Research").click()
    ada.heading("Overview")
    owner = meet(ada.base_url)
    join(owner, invite(ada, "grace@example.com", "Owner"), "Grace")
    return owner


def test_a_team_gets_another_name(ada, grace):  # noqa: F811
    grace.open("/team")
    grace.button("Rename the team").click()
    expect(grace.button("Save")).to_be_disabled()
    grace.field("Name").fill("Research and rest")
    grace.button("Save").click()
    expect(grace.page.get_by_role("dialog")).to_have_count(0)
    expect(side(grace)).to_contain_text("Research and rest")
    ada.open("/teams")
    expect(row(ada, "Research and rest")).to_be_visible()


def test_who_leaves_finds_nothing_of_the_team(ada, grace, meet):  # noqa: F811
    link = invite(grace, "eve@example.com", "Member")
    eve = meet(ada.base_url)
    join(eve, link, "Eve")
    eve.open("/keys")
    secret = make_key(eve, "Of Eve")
    eve.button("Done").click()
    eve.open("/team")
    eve.button("Leave the team").click()
    expect(eve.page.get_by_role("dialog")).to_contain_text("One active key acts for you")
    assert eve.violations() == []
    eve.page.get_by_role("dialog").get_by_role("button", name="Leave the team").click()
    expect(eve.page.get_by_text("You are not in a team yet.")).to_be_visible()
    assert chat(ada.base_url, secret).status_code == 403
    grace.open("/team")
    expect(row(grace, "grace@example.com")).to_be_visible()
    expect(row(grace, "eve@example.com")).to_have_count(0)


def test_the_last_owner_stays(grace):
    grace.open("/team")
    grace.button("Leave the team").click()
    grace.page.get_by_role("dialog").get_by_role("button", name="Leave the team").click()
    expect(grace.page.get_by_role("alert")).to_contain_text("last owner")


def test_a_team_is_closed_by_its_name_and_opened_again(ada, grace):  # noqa: F811
    grace.open("/keys")
    secret = make_key(grace, "Of the team")
    grace.button("Done").click()
    assert chat(ada.base_url, secret).status_code == 200
    grace.open("/team")
    grace.button("Close the team").click()
    dialog = grace.page.get_by_role("dialog")
    expect(dialog).to_contain_text("One active key is refused from its next call on.")
    expect(dialog).to_contain_text("are kept")
    assert grace.violations() == []
    close = dialog.get_by_role("button", name="Close the team")
    expect(close).to_be_disabled()
    dialog.get_by_role("textbox").fill("research")
    expect(close).to_be_disabled()
    dialog.get_by_role("textbox").fill("Research")
    close.click()
    expect(grace.page.get_by_text("You are not in a team yet.")).to_be_visible()
    refused = chat(ada.base_url, secret)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "account_inactive")

    ada.open("/teams")
    expect(row(ada, "Research")).to_contain_text("Closed")
    act(ada, "Research", "Edit")
    ada.page.get_by_role("combobox", name="State").click()
    ada.page.get_by_role("option", name="Active").click()
    ada.button("Save").click()
    expect(row(ada, "Research")).to_contain_text("Active")
    assert chat(ada.base_url, secret).status_code == 200


def test_an_operator_closes_any_team_but_the_gateways_own(ada, grace):  # noqa: F811
    ada.open("/teams")
    act(ada, "Research", "Close…")
    ada.page.get_by_role("dialog").get_by_role("textbox").fill("Research")
    ada.page.get_by_role("dialog").get_by_role("button", name="Close the team").click()
    expect(row(ada, "Research")).to_contain_text("Closed")
    home = httpx.get(f"{ada.base_url}/v1/account",
                     headers={"Authorization": f"Bearer {ada.gateway.key}"}).json()["name"]
    act(ada, home, "Close…")
    expect(ada.page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(ada.page.get_by_role("dialog").get_by_role("textbox")).to_have_count(0)


def test_a_role_that_may_not_finds_no_button(ada, grace, meet):  # noqa: F811
    for role in ("Admin", "Member", "Viewer"):
        person = meet(ada.base_url)
        join(person, invite(grace, f"{role.lower()}@example.com", role), role)
        person.open("/team")
        expect(person.button("Leave the team")).to_be_visible()
        expect(person.button("Close the team")).to_have_count(0)
        expect(person.button("Rename the team")).to_have_count(0)
        person.open("/settings")
        expect(person.button("Edit what keys start with")).to_have_count(1 if role == "Admin" else 0)


def test_what_keys_start_with(grace):
    grace.open("/keys")
    make_key(grace, "Unruled")
    grace.button("Done").click()
    grace.open("/settings")
    grace.button("Edit what keys start with").click()
    assert grace.violations() == []
    grace.page.get_by_role("dialog").get_by_label("Requests a minute", exact=True).fill("12")
    grace.button("Save").click()
    expect(grace.page.get_by_role("dialog")).to_have_count(0)
    expect(grace.page.get_by_role("definition").filter(has_text="12")).to_be_visible()
    grace.open("/keys")
    grace.page.get_by_role("link", name="Unruled").click()
    limits = grace.page.get_by_role("table", name="Limits")
    expect(limits.get_by_role("row").filter(has_text="Requests a minute").first).to_contain_text(
        "Team (default)")
