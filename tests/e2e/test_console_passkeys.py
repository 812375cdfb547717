"""Passkeys in Debian's Chromium, with an authenticator of its own making: added, used, removed."""
import pytest
from playwright.sync_api import expect

from browser import PASSWORD, shot
from raw import until
from test_console import LOOKS, browser, meet  # noqa: F401: fixtures
from test_console_people import invite, join


# A browser that does not offer passkeys by itself: an authenticator that is simulated would answer at once.
OFFERS_NONE = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
TELLS_OF_QUESTIONS = """const get = CredentialsContainer.prototype.get; window.asked = [];
CredentialsContainer.prototype.get = function (wish) { window.asked.push(wish.mediation); return get.call(this, wish) }"""


class Device:
    """Where somebody keeps passkeys: a virtual authenticator of their browser."""

    def __init__(self, person, offers=False, **options):
        person.page.add_init_script(TELLS_OF_QUESTIONS if offers else OFFERS_NONE)
        self.session = person.context.new_cdp_session(person.page)
        self.session.send("WebAuthn.enable")
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True} | options})["authenticatorId"]

    def send(self, command, **more):
        return self.session.send(f"WebAuthn.{command}", {"authenticatorId": self.id} | more)

    def credentials(self):
        return self.send("getCredentials")["credentials"]

    def give_to(self, other):
        """The same passkeys on another device, as one that is synchronised has them."""
        for credential in self.credentials():
            other.send("addCredential", credential=credential)


@pytest.fixture
def place(start):
    """The gateway, and its address by name: passkeys are for names."""
    gateway = start("")
    return gateway, f"http://localhost:{gateway.port}"


def in_dialog(person):
    return person.page.get_by_role("dialog")


def begin_to_add(person, name="Laptop", code=None):
    person.open("/profile")
    person.button("Add a passkey").click()
    dialog = in_dialog(person)
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Current password").fill(PASSWORD)
    if code:
        dialog.get_by_label("Code").fill(code)
    dialog.get_by_role("button", name="Go on").click()


def add(person, name="Laptop") -> list[str]:
    """The first one: with recovery codes."""
    begin_to_add(person, name)
    codes = in_dialog(person).locator("pre").inner_text().split()
    person.button("Done").click()
    expect(person.page.get_by_role("cell", name=name, exact=True)).to_be_visible()
    return codes


def sign_out(person, name="Ada Byron"):
    person.page.get_by_role("button", name=name).click()
    person.page.get_by_role("menuitem", name="Sign out").click()
    person.heading("Sign in")


def test_a_passkey_signs_in_alone_and_after_the_password(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    device = Device(ada)
    codes = add(ada)
    assert len(codes) == 10
    sign_out(ada)
    ada.button("Sign in with a passkey").focus()
    ada.page.keyboard.press("Enter")
    ada.heading("Your account")
    here = ada.page.get_by_role("row").filter(has_text="Here")
    expect(here.get_by_role("cell", name="Passkey", exact=True)).to_be_visible()

    sign_out(ada)
    ada.sign_in("ada@example.com")
    ada.heading("One more step")
    ada.button("Use a passkey").click()
    ada.heading("Your account")

    sign_out(ada)
    ada.sign_in("ada@example.com")
    ada.page.get_by_label("Code").fill(codes[0])
    ada.button("Sign in").click()
    ada.heading("Your account")
    assert len(device.credentials()) == 1


def test_a_passkey_is_offered_where_the_name_is_filled_in(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    device = Device(ada, offers=True)
    add(ada)
    with ada.page.expect_response("**/auth/passkeys/login") as answer:
        ada.page.get_by_role("button", name="Ada Byron").click()
        ada.page.get_by_role("menuitem", name="Sign out").click()
    assert answer.value.status == 200  # nothing was pressed
    ada.heading("Your account")

    device.send("setAutomaticPresenceSimulation", enabled=False)
    sign_out(ada)
    expect(ada.field("E-mail")).to_have_attribute("autocomplete", "username webauthn")
    until(lambda: ada.page.evaluate("window.asked").count("conditional") == 2, what="no second offer")
    device.send("setAutomaticPresenceSimulation", enabled=True)
    ada.button("Sign in with a passkey").click()  # which ends the offer
    ada.heading("Your account")


def test_a_passkey_that_was_offered_and_is_unknown_is_refused_in_words(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    Device(ada, offers=True)
    add(ada)
    ada.page.get_by_role("button", name="Remove Laptop").click()
    in_dialog(ada).get_by_label("Current password").fill(PASSWORD)
    in_dialog(ada).get_by_role("button", name="Remove").click()
    expect(ada.page.get_by_role("cell", name="Laptop", exact=True)).to_have_count(0)
    sign_out(ada)
    expect(ada.page.get_by_role("alert")).to_contain_text("The passkey was not accepted")
    ada.sign_in("ada@example.com")
    ada.heading("Your account")


def test_a_passkey_is_removed_with_the_password_and_a_factor(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    Device(ada)
    add(ada)
    ada.page.get_by_role("button", name="Remove Laptop").click()
    in_dialog(ada).get_by_label("Current password").fill(PASSWORD)
    in_dialog(ada).get_by_role("button", name="Remove").click()  # no code: the passkey itself
    expect(ada.page.get_by_text("The passkey is removed.")).to_be_visible()
    expect(ada.page.get_by_role("cell", name="Laptop", exact=True)).to_have_count(0)

    sign_out(ada)
    ada.button("Sign in with a passkey").click()  # the device still has it
    expect(ada.page.get_by_role("alert")).to_contain_text("The passkey was not accepted")
    ada.sign_in("ada@example.com")
    ada.heading("Your account")


def test_what_a_browser_refuses_is_said_in_words(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    device = Device(ada)
    codes = add(ada)
    begin_to_add(ada, "Again", codes[0])
    expect(in_dialog(ada).get_by_role("alert")).to_contain_text("has a passkey for you already")
    in_dialog(ada).get_by_role("button", name="Cancel").click()

    sign_out(ada)
    device.send("setUserVerified", isUserVerified=False)
    ada.button("Sign in with a passkey").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("cancelled, or took too long")
    device.send("setUserVerified", isUserVerified=True)
    ada.button("Sign in with a passkey").click()
    ada.heading("Your account")


def test_anothers_passkey_lets_nobody_in(place, meet):  # noqa: F811
    gateway, url = place
    ada = meet(url)
    ada.set_up(gateway)
    adas = Device(ada)
    add(ada)
    bob = meet(url)
    join(bob, invite(ada, "bob@example.com", "Member"), "Bob")
    bobs = Device(bob)
    add(bob, "Phone")
    sign_out(bob, "Bob")
    bobs.send("clearCredentials")
    adas.give_to(bobs)
    bob.sign_in("bob@example.com")
    bob.heading("One more step")
    bob.button("Use a passkey").click()
    expect(bob.page.get_by_role("alert")).to_contain_text("The passkey was not accepted")


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_owe_what_every_page_owes(place, meet, look):  # noqa: F811
    gateway, url = place
    ada = meet(url, **LOOKS[look])
    ada.set_up(gateway)
    Device(ada)
    add(ada)
    # From here on there is no device: axe's session ends what Chromium simulates.
    assert ada.violations() == []
    ada.page.get_by_role("heading", name="Passkeys").scroll_into_view_if_needed()
    shot(ada, f"passkeys-{look}")
    ada.page.get_by_role("button", name="Remove Laptop").click()
    expect(in_dialog(ada)).to_be_visible()
    assert ada.violations() == []
    in_dialog(ada).get_by_role("button", name="Cancel").click()
    if "phone" in look:
        ada.button("Open the menu").click()
    sign_out(ada)
    expect(ada.button("Sign in with a passkey")).to_be_visible()
    assert ada.violations() == []
    shot(ada, f"sign-in-{look}")
    ada.sign_in("ada@example.com")
    ada.heading("One more step")
    assert ada.violations() == []


def test_by_an_address_of_digits_there_are_none_and_the_page_says_why(place, meet):  # noqa: F811
    gateway, _ = place
    ada = meet(gateway.url)
    ada.set_up(gateway)
    ada.open("/profile")
    expect(ada.page.get_by_text("opened by its name")).to_be_visible()
    expect(ada.button("Add a passkey")).to_have_count(0)
    refused = ada.page.evaluate(
        "fetch('/auth/passkeys/challenge', {method: 'POST'}).then((answer) => answer.status)")
    assert refused == 400
    sign_out(ada)
    expect(ada.button("Sign in with a passkey")).to_have_count(0)
