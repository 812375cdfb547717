"""docs/guide/protect-your-own-api.md: its very nginx configuration in front of a small service."""
import http.client
import http.server
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import httpx
import pytest

from gateway import ROOT, free_port
from test_guide_keys import run_guide

GUIDE = (ROOT / "docs" / "guide" / "protect-your-own-api.md").read_text()
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
TRUSTING = """
[server]
trusted_proxies = "127.0.0.1"
"""
SOME_WAIT = 10
MINE = ("x-keywarden-key-id", "x-keywarden-team", "x-keywarden-app", "x-keywarden-user")


class Service:
    """A small service that says what it was sent, and keeps all of it."""

    def __init__(self):
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                heard.append((self.command, self.path, self.headers, self.rfile.read(length)))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def wait_for_port(port):
    until = time.monotonic() + SOME_WAIT
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")


def guide_config(team, gateway_port, service_port, listen_port):
    """The guide's own lines; only addresses and the team's id are this test's."""
    config = re.search(r"^```nginx\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)[1]
    for old, new in (("127.0.0.1:8080", f"127.0.0.1:{gateway_port}"),
                     ("127.0.0.1:9000", f"127.0.0.1:{service_port}"),
                     ("127.0.0.1:8081", f"127.0.0.1:{listen_port}"), ("team_YOURS", team)):
        assert config.count(old) == 1, old
        config = config.replace(old, new)
    return config


class Protected:
    """The gateway, the service, and nginx between them and the client."""

    def __init__(self, gateway, folder):
        self.gateway = gateway
        self.api = httpx.Client(base_url=gateway.url, timeout=20,
                                headers={"Authorization": f"Bearer {gateway.key}"})
        self.team = self.api.get("/v1/key").json()["team"]["id"]
        self.service = Service()
        self.port = free_port()
        temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {temporary}\n"
            + guide_config(self.team, gateway.port, self.service.port, self.port) + "}\n")
        self.errors = folder / "error.log"
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", config, "-e", self.errors],
                                        stdin=subprocess.DEVNULL)
        wait_for_port(self.port)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)

    def new_key(self, **fields):
        answer = self.api.post("/v1/keys", json={"name": "client"} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ask(self, path="/orders/7", key=None, method="GET", headers=None, **options):
        sent = dict(headers or {})
        if key:
            sent["Authorization"] = f"Bearer {key}"
        return self.client.request(method, path, headers=sent, **options)

    def ask_as_written(self, path, key):
        """The status of a path that other clients would tidy up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        status = connection.getresponse().status
        connection.close()
        return status

    def stop(self):
        self.client.close()
        self.api.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(SOME_WAIT)
        self.service.stop()


@pytest.fixture
def protected(start, tmp_path):
    assert NGINX, "Debian's nginx is missing: ./dev installs it"
    folder = tmp_path / "nginx"
    folder.mkdir()
    one = Protected(start(TRUSTING), folder)
    yield one
    one.stop()


def test_a_right_key_comes_in_and_the_service_is_told_whose_it_is(protected):
    key = protected.new_key()
    answer = protected.ask("/orders/7?x=1", key["key"], "POST", content=b"body")
    assert (answer.status_code, answer.text) == (200, "ok")
    [(method, path, headers, body)] = protected.service.heard
    assert (method, path, body) == ("POST", "/orders/7?x=1", b"body")
    assert headers["X-Keywarden-Key-Id"] == key["id"]
    assert headers["X-Keywarden-Team"] == protected.team
    assert "X-Keywarden-App" not in headers and "X-Keywarden-User" not in headers
    assert key["key"] not in str(headers), "the secret stays outside"


def test_each_header_that_takes_a_key_works(protected):
    key = protected.new_key()["key"]
    for headers in ({"x-api-key": key}, {"api-key": key}):
        assert protected.ask(headers=headers).status_code == 200
        assert key not in str(protected.service.heard[-1][2])


def test_the_app_of_a_key_is_told(protected):
    app = protected.api.post("/v1/account/apps", json={"name": "shop"}).json()["id"]
    assert protected.ask(key=protected.new_key(app=app)["key"]).status_code == 200
    assert protected.service.heard[-1][2]["X-Keywarden-App"] == app


def test_without_a_key_nothing_comes_in(protected):
    answer = protected.ask()
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="keywarden"'
    wrong = protected.ask(key="kw_live_nothing")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert protected.service.heard == []


def test_a_revoked_key_is_refused_at_the_next_request(protected):
    key = protected.new_key()
    assert protected.ask(key=key["key"]).status_code == 200
    assert protected.api.delete(f"/v1/keys/{key['id']}").status_code == 200
    assert protected.ask(key=key["key"]).status_code == 401
    assert len(protected.service.heard) == 1


def test_a_limit_that_is_used_up_says_when_to_come_back(protected):
    key = protected.new_key(rate_limit_rpm=2)["key"]
    assert [protected.ask(key=key).status_code for _ in range(3)] == [200, 200, 429]
    assert int(protected.ask(key=key).headers["Retry-After"]) > 0
    assert len(protected.service.heard) == 2


def test_a_client_cannot_say_who_it_is(protected):
    key = protected.new_key()
    forged = dict.fromkeys(MINE, "forged")
    assert protected.ask(key=key["key"], headers=forged).status_code == 200
    headers = protected.service.heard[-1][2]
    assert "forged" not in str(headers)
    assert headers.get_all("X-Keywarden-Key-Id") == [key["id"]]
    assert protected.ask(headers=forged).status_code == 401


def test_a_client_cannot_say_what_is_demanded_or_where_it_is(protected):
    policy = {"endpoints": {"allow": ["/orders/*"]}, "ip_ranges": {"allow": ["127.0.0.0/8"]}}
    answer = protected.api.patch("/v1/account/policy", json=policy)
    # The team's own key may then do nothing but this, so it cannot undo it either.
    assert answer.status_code == 200, answer.text
    key = protected.gateway.key
    assert protected.ask("/orders/7", key).status_code == 200
    assert protected.ask("/orders/7?team=team_other&cost=0", key).status_code == 200
    for headers in ({"X-Original-URI": "/orders/7"}, {"X-Forwarded-Uri": "/orders/7"}, {}):
        assert protected.ask("/admin", key, headers=headers).status_code == 403
    for path in ("/orders/%2e%2e/admin", "/orders//../admin", "/orders/..%2fadmin", "/orders/../admin"):
        assert protected.ask_as_written(path, key) == 403, path
    assert protected.ask("/orders/7", key,
                         headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200
    assert all(path.startswith("/orders/7") for _, path, *_ in protected.service.heard)


def test_many_wrong_keys_lock_out_nobody(protected):
    right = protected.new_key()["key"]
    statuses = {protected.ask(key=f"wrong-{i}").status_code for i in range(30)}
    assert statuses == {401, 429}
    assert protected.ask(key=right).status_code == 200


def test_a_gateway_that_is_gone_lets_nobody_in(protected):
    key = protected.new_key()["key"]
    assert protected.ask(key=key).status_code == 200
    protected.gateway.stop()
    assert protected.ask(key=key).status_code == 500
    assert len(protected.service.heard) == 1


def test_a_suspended_team_and_an_open_invoice(protected):
    for state, status in (("suspended", 403), ("overdue", 402), ("active", 200)):
        transport = httpx.HTTPTransport(uds=str(protected.gateway.data_dir / "keywarden.sock"))
        with httpx.Client(transport=transport, base_url="http://gateway", timeout=20) as operator:
            changed = operator.patch(f"/v1/admin/teams/{protected.team}", json={"state": state})
            assert changed.status_code == 200, changed.text
        assert protected.ask(key=protected.gateway.key).status_code == status


def test_every_line_of_the_guide_works(start):
    shown = run_guide(start(), "protect-your-own-api.md")
    for said in ('"valid":true,"code":"VALID"', '"active":true', '"object":"explanation","allowed":true'):
        assert said in shown, shown
