"""The console's page of tools: where lists stand, who may change them, and that they hold."""
import httpx
import pytest
from playwright.sync_api import expect

from conftest import ROOMY
from test_console import browser, make_key, meet  # noqa: F401: fixtures
from test_console_people import ada, invite, join  # noqa: F401: fixtures
from test_console_settings import row

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("get_weather", "Shell")]


def offer(base_url, secret):
    """A call that offers both tools."""
    return httpx.post(f"{base_url}/v1/chat/completions", headers={"Authorization": f"Bearer {secret}"},
                      json={"model": "sandbox", "messages": [{"role": "user", "content": "Hi"}],
                            "tools": TOOLS})


def type_tools(person, side, *names):
    box = person.page.get_by_role("group", name="Tools").get_by_label(side)
    for name in names:
        box.fill(name)
        person.page.keyboard.press("Enter")


def edit(person, whose):
    person.button(f"Edit the tools: {whose}").click()
    expect(person.page.get_by_role("dialog")).to_be_visible()


def save(person):
    person.button("Save").click()
    expect(person.page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
def weather(ada):  # noqa: F811
    """The secret of a key called Weather, whose list is looked at."""
    ada.open("/keys")
    secret = make_key(ada, "Weather")
    ada.button("Done").click()
    ada.open("/tools")
    expect(ada.page.get_by_text("2 keys without a list of their own")).to_be_visible()
    ada.page.get_by_role("textbox", name="Search for a key").fill("weather")
    return secret


def test_a_list_of_a_key_holds_from_the_next_call_on(ada, weather):  # noqa: F811
    edit(ada, "Key Weather")
    assert ada.violations() == []
    type_tools(ada, "Only these", "get_weather", "shell")
    save(ada)
    expect(row(ada, "Weather")).to_contain_text("get_weather, shell")
    answer = offer(ada.base_url, weather)
    assert answer.headers["x-keywarden-prune-ratio"] == "1/2"  # "Shell" is not "shell"

    edit(ada, "Key Weather")
    type_tools(ada, "Only these", "Shell")
    save(ada)
    assert offer(ada.base_url, weather).headers["x-keywarden-prune-ratio"] == "2/2"

    edit(ada, "Key Weather")
    ada.page.get_by_label("No tool at all").check()
    save(ada)
    expect(row(ada, "Weather")).to_contain_text("Nothing")
    assert offer(ada.base_url, weather).headers["x-keywarden-prune-ratio"] == "0/2"

    edit(ada, "Key Weather")
    expect(ada.page.get_by_label("No tool at all")).to_be_checked()
    type_tools(ada, "Never these", "get_weather")
    save(ada)
    assert offer(ada.base_url, weather).headers["x-keywarden-prune-ratio"] == "0/2"


@pytest.mark.parametrize("whose", ["The whole instance", "Default", "Home"])
def test_wider_lists_narrow_every_key(ada, weather, whose):  # noqa: F811
    ada.open("/tools")
    rows = ada.page.get_by_role("table", name="Lists of tools").get_by_role("row")
    at = {"The whole instance": 1, "Default": 2, "Home": 3}[whose]
    rows.nth(at).get_by_role("button").click()
    type_tools(ada, "Never these", "Sh*")
    save(ada)
    expect(rows.nth(at)).to_contain_text("Sh*")
    assert offer(ada.base_url, weather).headers["x-keywarden-prune-ratio"] == "1/2"


def test_an_app_has_rules_and_its_list_of_tools(ada):  # noqa: F811
    ada.open("/team")
    ada.button("Create an app").click()
    ada.field("Name").fill("Search")
    save(ada)
    ada.button("Rules of Search").click()
    assert ada.violations() == []
    type_tools(ada, "Only these", "find*")
    ada.page.get_by_label("Requests a day").fill("50")
    save(ada)
    ada.open("/tools")
    expect(row(ada, "Search")).to_contain_text("find*")
    edit(ada, "App Search")
    expect(ada.page.get_by_label("Requests a day")).to_have_count(0)
    type_tools(ada, "Never these", "find_people")
    save(ada)
    expect(row(ada, "Search")).to_contain_text("find_people")


def test_who_saves_a_list_second_is_told(ada, weather):  # noqa: F811
    edit(ada, "Key Weather")
    type_tools(ada, "Never these", "get_weather")
    listed = httpx.get(f"{ada.base_url}/v1/keys", headers={"Authorization": f"Bearer {ada.gateway.key}"})
    key = next(one["id"] for one in listed.json()["data"] if one["name"] == "Weather")
    httpx.put(f"{ada.base_url}/v1/keys/{key}/toollist", json={"allowed": ["Shell"]},
              headers={"Authorization": f"Bearer {ada.gateway.key}"}).raise_for_status()
    ada.button("Save").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(ada.button("Save")).to_be_disabled()
    ada.button("Cancel").click()
    ada.page.reload()
    expect(row(ada, "Weather")).to_contain_text("Shell")


def test_a_role_edits_what_is_theirs(ada, weather, meet):  # noqa: F811
    member = meet(ada.base_url)
    join(member, invite(ada, "grace@example.com", "Member"), "Grace")
    member.open("/keys")
    make_key(member, "Of Grace")
    member.button("Done").click()
    member.open("/tools?q=e")
    expect(row(member, "Weather")).to_be_visible()
    assert member.page.get_by_role("button", name="Edit the tools: ").count() == 1
    expect(member.button("Edit the tools: Key Of Grace")).to_be_visible()
    expect(member.page.get_by_text("The whole instance")).to_have_count(0)
    viewer = meet(ada.base_url)
    join(viewer, invite(ada, "eve@example.com", "Viewer"), "Eve")
    viewer.open("/tools?q=e")
    expect(row(viewer, "Weather")).to_be_visible()
    expect(viewer.page.get_by_role("button", name="Edit the tools: ")).to_have_count(0)
