"""The console with several people: who sees what, and what is refused when it is asked for all the same."""
import base64
import hashlib
import hmac
import shutil
import signal
import struct
import subprocess
import time

import httpx
import pytest
from playwright.sync_api import expect

from browser import PASSWORD
from conftest import ROOMY
from gateway import free_port
from money_database import MoneyDatabase
from test_console import browser, make_key, meet  # noqa: F401: fixtures
from test_nginx import wait_for_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
EVERYBODY = ["Overview", "API keys", "Usage", "Requests", "Budgets and credits", "Providers", "Models"]
CREATE = """async (headers) => (await fetch("v1/account/keys", {method: "POST",
    headers: {"Content-Type": "application/json", ...headers}, body: '{"name": "x"}'})).status"""


def invite(ada, email, role) -> str:
    """The link that Ada would hand over."""
    ada.open("/team")
    ada.button("Invite somebody").click()
    ada.page.get_by_role("dialog").get_by_label("E-mail").fill(email)
    ada.page.get_by_role("dialog").get_by_role("combobox", name="Role").click()
    ada.page.get_by_role("option", name=role).click()
    ada.button("Make the link").click()
    return ada.page.get_by_label("Invitation link", exact=True).inner_text().strip()


def join(person, link, name):
    person.page.goto(person.base_url + link[link.index("/invitation"):])
    person.field("Your name").fill(name)
    person.page.get_by_label("Password").first.fill(PASSWORD)
    person.button("Join").click()
    person.heading("Overview")
    person.settle()


def menu_of(person) -> list[str]:
    return person.page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()


@pytest.fixture
def ada(start, meet):  # noqa: F811
    gateway = start(ROOMY)
    operator = meet(gateway.url)
    operator.set_up(gateway)
    operator.gateway = gateway
    return operator


def test_each_role_finds_what_is_theirs_and_no_more(ada, meet):  # noqa: F811
    ada.open("/keys")
    make_key(ada, "Of the team")
    ada.button("Done").click()
    assert "Teams" in menu_of(ada)

    menus = {}
    for role in ("Admin", "Member", "Viewer"):
        person = meet(ada.base_url)
        join(person, invite(ada, f"{role.lower()}@example.com", role), role)
        menus[role] = menu_of(person)
        person.open("/keys")
        create = person.page.get_by_role("button", name="Create a key")
        expect(create).to_have_count(0 if role == "Viewer" else 1)
        person.page.get_by_role("link", name="Of the team").click()
        person.heading("Of the team")
        person.settle()
        expect(person.button("Edit")).to_have_count(1 if role == "Admin" else 0)
        if role == "Member":
            person.open("/keys")
            make_key(person, "My own")
            person.button("Done").click()
            person.page.get_by_role("link", name="My own").click()
            expect(person.button("Edit")).to_be_visible()
        if role == "Viewer":
            person.open("/audit")
            expect(person.page.get_by_text("do not see this page")).to_be_visible()
            assert person.page.evaluate(CREATE.replace("v1/", "/v1/"), {}) == 403
    plays = EVERYBODY[:2] + ["Playground"] + EVERYBODY[2:]
    assert menus["Admin"] == plays + ["Tools", "Explain", "Team", "Audit", "Settings"]
    assert menus["Member"] == plays + ["Tools", "Explain", "Team", "Settings"]
    assert menus["Viewer"] == EVERYBODY + ["Tools", "Explain", "Team", "Settings"]


def test_a_link_invites_once(ada, meet):  # noqa: F811
    link = invite(ada, "grace@example.com", "Member")
    join(meet(ada.base_url), link, "Grace")
    late = meet(ada.base_url)
    late.page.goto(ada.base_url + link[link.index("/invitation"):])
    late.field("Your name").fill("Eve")
    late.page.get_by_label("Password").first.fill(PASSWORD)
    late.button("Join").click()
    expect(late.page.get_by_role("alert")).to_be_visible()


def test_an_invitation_that_has_expired_says_so_and_makes_nobody(ada, meet, start):  # noqa: F811
    link = invite(ada, "grace@example.com", "Member")
    ada.gateway.stop()
    MoneyDatabase(ada.gateway).change(
        "UPDATE sign_in_links SET ends_at = created_at + 1 WHERE email = 'grace@example.com'")
    again = start(ROOMY)
    late = meet(again.url)
    late.page.goto(again.url + link[link.index("/invitation"):])
    late.field("Your name").fill("Grace")
    late.page.get_by_label("Password").first.fill(PASSWORD)
    late.button("Join").click()
    expect(late.page.get_by_role("alert")).to_contain_text("expired")
    expect(late.field("Your name")).to_have_value("Grace")
    members = httpx.get(f"{again.url}/v1/account/members",
                        headers={"Authorization": f"Bearer {ada.gateway.key}"})
    assert "grace@example.com" not in [one["email"] for one in members.json()["data"]]


def test_who_is_disabled_is_out_on_their_next_step(ada, meet):  # noqa: F811
    grace = meet(ada.base_url)
    join(grace, invite(ada, "grace@example.com", "Member"), "Grace")
    ada.open("/users")
    ada.page.get_by_role("button", name="Actions: Grace").click()
    ada.page.get_by_role("menuitem", name="Disable").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(ada.page.get_by_text("Disabled", exact=True)).to_be_visible()
    grace.page.get_by_role("link", name="API keys").click()
    grace.heading("Sign in")
    grace.sign_in("grace@example.com")
    expect(grace.page.get_by_role("alert")).to_be_visible()


def test_a_change_needs_the_token_of_the_session(ada):
    assert ada.page.evaluate(CREATE.replace("v1/", "/v1/"), {}) == 403
    assert ada.page.evaluate(CREATE.replace("v1/", "/v1/"), {"X-Keywarden-Csrf": "x" * 43}) == 403


def test_a_new_password_ends_what_is_open_elsewhere(ada, meet):  # noqa: F811
    elsewhere = meet(ada.base_url)
    elsewhere.open("/")
    elsewhere.sign_in("ada@example.com")
    elsewhere.heading("Overview")
    ada.open("/profile")
    expect(ada.page.get_by_role("table", name="Where you are signed in").locator("tbody tr")).to_have_count(2)
    ada.page.get_by_label("Current password").fill(PASSWORD)
    ada.page.get_by_label("New password").fill(PASSWORD + "!")
    ada.button("Change the password").click()
    expect(ada.page.get_by_text("The password is changed.")).to_be_visible()
    elsewhere.page.get_by_role("link", name="Usage").click()
    elsewhere.heading("Sign in")


def test_an_operator_opens_any_team(ada):
    ada.open("/teams")
    ada.button("Create a team").click()
    ada.page.get_by_role("dialog").get_by_role("textbox", name="Name", exact=True).fill("Research")
    ada.button("Save").click()
    ada.button("Actions: Research").click()
    ada.page.get_by_role("menuitem", name="Add credit").click()
    ada.page.get_by_role("dialog").get_by_label("Amount").fill("25")
    ada.page.get_by_role("dialog").get_by_role("button", name="Add credit").click()
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    ada.page.get_by_role("button", name="Open Research").click()
    ada.heading("Overview")
    expect(ada.page.get_by_text("Research, the last 30 days")).to_be_visible()
    ada.open("/budgets")
    expect(ada.page.get_by_text("$25.00").first).to_be_visible()


def test_it_works_under_a_path(ada, meet, tmp_path):  # noqa: F811
    if NGINX is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    (tmp_path / "nginx.conf").write_text(f"""
pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; daemon off; master_process off;
events {{}}
http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
  fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
  server {{ listen 127.0.0.1:{port};
    location /kw/ {{ proxy_pass {ada.base_url}/; proxy_set_header Host $http_host; }} }} }}
""")
    nginx = subprocess.Popen([NGINX, "-c", tmp_path / "nginx.conf", "-p", tmp_path])
    try:
        wait_for_port(port)
        below = meet(f"http://127.0.0.1:{port}/kw")
        below.open("/keys")
        below.sign_in("ada@example.com")
        below.heading("API keys")
        make_key(below, "Below")
        below.button("Done").click()
        below.page.get_by_role("link", name="Below").click()
        below.heading("Below")
        below.page.reload()
        below.heading("Below")
        assert below.page.url.startswith(f"http://127.0.0.1:{port}/kw/keys/key_")
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(10)


def totp(secret: str) -> str:
    """RFC 6238, as every authenticator app has it."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 10**6:06}"


def test_a_second_factor_is_turned_on_asked_for_and_turned_off(ada, meet):  # noqa: F811
    ada.open("/profile")
    ada.button("Turn it on").click()
    ada.page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    ada.page.get_by_role("dialog").get_by_role("button", name="Turn it on").click()
    secret = ada.page.get_by_label("Secret", exact=True).inner_text().strip()
    ada.page.get_by_label("Then type the six digits").fill(totp(secret))
    ada.button("Confirm").click()
    expect(ada.page.get_by_text("The second factor is on.")).to_be_visible()
    codes = ada.page.get_by_role("dialog").locator("pre").inner_text().split()
    assert len(codes) == 10
    ada.button("Done").click()
    expect(ada.page.get_by_text("On", exact=True)).to_be_visible()

    later = meet(ada.base_url)
    later.open("/")
    later.sign_in("ada@example.com")
    later.heading("One more step")
    later.page.get_by_label("Code").fill(codes[0])
    later.button("Sign in").click()
    later.heading("Overview")

    ada.button("Turn it off").click()
    ada.page.get_by_role("dialog").get_by_label("Current password").fill(PASSWORD)
    ada.page.get_by_role("dialog").get_by_label("Code").fill(codes[1])
    ada.page.get_by_role("dialog").get_by_role("button", name="Turn it off").click()
    expect(ada.page.get_by_text("The second factor is off.")).to_be_visible()
