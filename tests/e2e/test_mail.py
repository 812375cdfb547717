"""Invitations by mail: through a real mail server (aiosmtpd) that speaks TLS and wants a password."""
import asyncio
import email
import email.policy
import ssl
import threading

import httpx
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from gateway import Gateway, run
from test_tls import certificate

PASSWORD = "a password of the mail server's"
CONSOLE = "https://keys.example.test"


class Server:
    """A mail server on loopback: what it took over, and who signed in."""

    def __init__(self, tls, at_once):
        self.mails, self.users = [], []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server = self.wait(self.loop.create_server(
            lambda: SMTP(self, hostname="mail.test", tls_context=None if at_once else tls,
                         require_starttls=not at_once, authenticator=self.check, auth_required=not at_once,
                         auth_require_tls=not at_once, loop=self.loop),
            "127.0.0.1", 0, ssl=tls if at_once else None))
        self.port = self.server.sockets[0].getsockname()[1]

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def check(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword) and mechanism == "PLAIN"
        self.users.append(data.login.decode())
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 taken"

    def stop(self):
        if not self.thread.is_alive():
            return
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def house(tmp_path):
    """Makes a mail server, and a gateway that knows it."""
    made = []

    def make(scheme="smtp", trusted=True, password=PASSWORD):
        files = certificate(tmp_path, 1)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*files)
        mail = Server(tls, at_once=scheme == "smtps")
        made.append(mail)
        (tmp_path / "password").write_text(password + "\n")
        config = (f'[sign_in]\npublic_url = "{CONSOLE}"\n[mail]\nusername = "keys"\n'
                  f'server = "{scheme}://127.0.0.1:{mail.port}"\n'
                  f'from = "The Keys <keys@example.test>"\n'
                  f'password_file = "{tmp_path / "password"}"\n')
        if trusted:
            config += f'ca_file = "{files[0]}"\n'
        gateway = Gateway(tmp_path / "data", config)
        made.append(gateway)
        return gateway, mail

    yield make
    for one in reversed(made):
        one.stop()


def invite(gateway, address="bob@example.test"):
    answer = httpx.post(f"{gateway.url}/v1/account/invitations", timeout=40,
                        headers={"Authorization": f"Bearer {gateway.key}"},
                        json={"email": address, "role": "viewer"})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_who_is_invited_gets_the_link(house, scheme):
    gateway, server = house(scheme)
    made = invite(gateway)
    assert made["mailed"] is True and "mail_error" not in made
    [taken] = server.mails
    assert taken.mail_from == "keys@example.test" and taken.rcpt_tos == ["bob@example.test"]
    mail = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert mail["to"] == "<bob@example.test>" or mail["to"] == "bob@example.test"
    assert mail["from"].addresses[0].display_name == "The Keys"
    assert mail["subject"].startswith("Invitation to the team ")
    assert made["link"].startswith(CONSOLE + "/invitation#token=")
    assert made["link"] in mail.get_content()
    assert not mail.defects
    assert server.users == ["keys"]
    assert made["link"].rsplit("=", 1)[1] not in "".join(gateway.log) and PASSWORD not in "".join(gateway.log)


def test_a_wrong_password_is_told_of_and_the_link_is_there_still(house):
    gateway, server = house(password="another")
    made = invite(gateway)
    assert made["mailed"] is False and "refused the password" in made["mail_error"]
    assert made["link"].startswith(CONSOLE) and server.mails == []
    assert "another" not in "".join(gateway.log)


def test_a_server_that_nobody_vouches_for_gets_no_password(house):
    gateway, server = house(trusted=False)
    made = invite(gateway)
    assert made["mailed"] is False and "TLS" in made["mail_error"], made
    assert server.users == [] and server.mails == []


def test_a_server_that_is_down_holds_nobody_up(house):
    gateway, server = house()
    server.stop()
    made = invite(gateway)
    assert made["mailed"] is False and "connecting" in made["mail_error"], made
    assert httpx.get(f"{gateway.url}/health").status_code == 200


def test_settings_that_do_not_fit_are_refused_before_a_start(tmp_path):
    config = tmp_path / "keywarden.toml"
    config.write_text('[mail]\nserver = "smtp://mail.example.test"\nfrom = "keys@example.test"\n')
    refused = run("config", "check", "--config", config)
    assert refused.returncode == 2
    assert "mail.server" in refused.stderr and "sign_in.public_url" in refused.stderr, refused.stderr
