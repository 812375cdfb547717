"""Strings that break pages elsewhere, in every field that takes text: refused, or shown as they are."""
import json
import os
import pathlib

import httpx
import pytest
from playwright.sync_api import expect

from gateway import ROOT
from test_console import browser, meet  # noqa: F401: fixtures
from test_console_people import ada  # noqa: F401: a fixture

VECTORS = pathlib.Path(os.environ.get("KEYWARDEN_VECTORS", ROOT.parent / "shared" / "vectors"))
BLNS = VECTORS / "naughty-strings" / "blns.json"
# In the manner of the list, for where it is not there.
OWN = ["<script>complain('named')</script>", "<img src=x onerror=complain()>", "</td></tr></table><h1>x",
       "javascript:complain()//", "{{constructor.constructor('complain()')()}}", "${7*7}#{7*7}",
       "' OR 1=1 --", "undefined", "NULL", "true", "-1e999", "0x7f", "../../etc/hosts", "%00%0d%0aSet-Cookie: a=1",
       "Ω≈ç√∫˜µ≤≥÷", "👩‍👩‍👧‍👦 🏳️‍🌈", "الكل في المجمو عة", "z̷a̶l̸g̵o̴", "--version", "`complain`", "=1+1", "a\u00a0b"]


@pytest.fixture(scope="module")
def strings():
    listed = json.loads(BLNS.read_text()) if BLNS.exists() else []
    return OWN + [text for text in listed if text not in OWN]


def taken_of(client, path, strings, **more) -> list[str]:
    """Those that the gateway takes; each of the others is refused as what the caller got wrong."""
    taken = []
    for text in strings:
        answer = client.post(path, json={"name": text, **more})
        assert answer.status_code in (201, 400), f"{text!r}: {answer.text}"
        if answer.status_code == 201:
            assert answer.json()["name"] == text
            taken.append(text)
    return taken


def shown_in(person, table) -> list[str]:
    """The first line of each row of a table."""
    body = person.page.get_by_role("table", name=table).locator("tbody td:first-child")
    return body.evaluate_all("""(cells) => cells.map((cell) => {
        const first = cell.querySelector("a, strong, span") ?? cell;
        return [...first.childNodes][0].textContent;
    })""")


def test_names_are_shown_unchanged_on_the_pages_of_them(ada, strings):  # noqa: F811
    socket = httpx.HTTPTransport(uds=str(ada.gateway.data_dir / "keywarden.sock"))
    with httpx.Client(base_url="http://gateway", transport=socket, timeout=30) as operator:
        apps = taken_of(operator, "/v1/account/apps", strings[:60])
        teams = taken_of(operator, "/v1/admin/teams", strings[:90])
        plans = taken_of(operator, "/v1/admin/plans", strings)
    assert len(teams) > 15 and len(plans) > 15
    for path, table, names in (("/teams", "Teams", teams), ("/plans", "Plans", plans), ("/team", "Apps", apps)):
        ada.open(path)
        expect(ada.page.get_by_role("table", name=table)).to_be_visible()
        shown = shown_in(ada, table)
        missing = [name for name in names if name not in shown]
        assert missing == [], f"{table}: {missing[:5]} of {shown[:5]}"
        assert ada.page.locator("td script, td img, td h1, td iframe").count() == 0
    ada.check()


def test_what_is_typed_into_the_form_of_a_key_comes_back_as_it_was(ada):  # noqa: F811
    for text in OWN[:8]:
        ada.open("/keys?create=1")
        ada.field("Name").fill(text)
        ada.button("More options").click()
        ada.field("Description").fill(text)
        ada.button("Create").click()
        expect(ada.page.get_by_label("Secret", exact=True)).to_be_visible()
        ada.button("Done").click()
        ada.page.get_by_role("link", name=text, exact=True).first.click()
        ada.heading(text)
        expect(ada.page.get_by_role("definition").filter(has_text=text).first).to_be_visible()
        ada.button("Edit").click()
        expect(ada.field("Name")).to_have_value(text)
        expect(ada.field("Description")).to_have_value(text)
    ada.check()
