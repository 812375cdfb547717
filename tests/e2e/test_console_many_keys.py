"""The console's list of keys where there are more of them than it reads: imported, as many at once are."""
import hashlib

import httpx
from playwright.sync_api import expect

from test_console import browser, meet  # noqa: F401: fixtures
from test_console_people import ada  # noqa: F401: fixtures

KEYS, AT_ONCE, DRAWN = 1100, 100, 50


def fill(gateway):
    with httpx.Client(base_url=gateway.url, timeout=60,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        for start in range(0, KEYS, AT_ONCE):
            made = http.post("/v1/keys/import", json={"keys": [
                {"name": f"Service {i:04}", "hash": hashlib.sha256(f"sk-fake-{i}".encode()).hexdigest()}
                for i in range(start, start + AT_ONCE)]})
            assert made.status_code == 200 and made.json()["imported"] == AT_ONCE, made.text


def test_the_first_are_drawn_and_all_are_found(ada):  # noqa: F811
    fill(ada.gateway)
    ada.open("/keys")
    rows = ada.page.get_by_role("table", name="API keys").locator("tbody tr")
    expect(rows).to_have_count(DRAWN)
    expect(rows.first).to_contain_text("Service 1099")
    ada.button("Show more").click()
    expect(rows).to_have_count(2 * DRAWN)
    expect(rows.last).to_contain_text("Service 1000")
    ada.page.get_by_role("textbox", name="Search by name").fill("Service 0007")
    expect(rows).to_have_count(1)  # older than the newest thousand
    expect(rows.first).to_contain_text("Service 0007")
    assert ada.violations() == []
