"""Identity providers of the tests: a real one, one that lies, and a browser's way through them."""
import html.parser
import json
import subprocess
import threading
import urllib.parse

import httpx

from conftest import HERE, NODE
from gateway import PLAIN_ENVIRONMENT, Gateway, free_port

CLIENT_SECRET = "a-test-secret-of-nobody"


def sign_in_provider(name, issuer, **fields) -> str:
    """A [[sign_in.provider]] of the configuration."""
    lines = ["[[sign_in.provider]]", f'name = "{name}"', f'issuer = "{issuer}"',
             'client_id = "keywarden"', 'client_secret_env = "SSO_TEST_SECRET"']
    lines += [f"{field} = {value}" for field, value in fields.items()]
    return "\n".join(lines) + "\n"


class NodeProcess:
    """A script of node/ that serves until its input ends. `said` is its first line."""

    def __init__(self, script, *arguments):
        (NODE / script).write_text((HERE / "node" / script).read_text())
        self.process = subprocess.Popen(["node", NODE / script, *arguments], env=PLAIN_ENVIRONMENT,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.errors = []
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.said = self.hear()

    def hear(self) -> dict:
        """Its next line for us; notices of a library stand between them."""
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise AssertionError("".join(self.errors))

    def tell(self, line) -> dict:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def at_known_address(data_dir, config_of, env=None, **options):
    """A gateway whose address its configuration may name."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    return Gateway(data_dir, config_of(url), listen=f"127.0.0.1:{port}",
                   env={"SSO_TEST_SECRET": CLIENT_SECRET} | (env or {}), **options)


def operator_of(gateway) -> httpx.Client:
    socket = httpx.HTTPTransport(uds=str(gateway.data_dir / "keywarden.sock"))
    return httpx.Client(base_url="http://gateway", transport=socket, timeout=30)


def denied(operator) -> list[dict]:
    """Who was not let in, the newest first."""
    rows = operator.get("/v1/admin/audit", params={"limit": 100}).json()["data"]
    return [row for row in rows if row.get("outcome") == "denied"]


def query_of(address) -> dict:
    parsed = urllib.parse.urlsplit(address)
    return dict(urllib.parse.parse_qsl(parsed.query, keep_blank_values=True))


class Forms(html.parser.HTMLParser):
    """The forms of a page: (action, fields)."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append((attributes.get("action"), {}))
        if tag == "input" and self.forms and "name" in attributes:
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")


class SsoBrowser:
    """A browser with the cookies of both sides, which goes wherever it is sent."""

    def __init__(self, url):
        self.url = url
        self.http = httpx.Client(timeout=30, headers={"User-Agent": "a test"})
        self.session = None

    def close(self):
        self.http.close()

    def get(self, path, **options):
        return self.http.get(self.url + path, **options)

    def change(self, method, path, body=None):
        headers = {"Origin": self.url}
        if self.session:
            headers["X-Keywarden-Csrf"] = self.session["csrf_token"]
        return self.http.request(method, self.url + path, json=body if body is not None else {},
                                 headers=headers)

    def read_session(self):
        answer = self.get("/auth/session")
        self.session = answer.json() if answer.status_code == 200 else None
        return self.session

    def through(self, address, person):
        """Follows every redirect and form of the real provider; ends on a page of the console."""
        answer = self.http.get(urllib.parse.urljoin(self.url + "/", address))
        for _ in range(20):
            if answer.is_redirect:
                to = urllib.parse.urljoin(str(answer.url), answer.headers["Location"])
                if to.startswith(self.url) and "/auth/oidc/" not in to:
                    self.read_session()
                    return to
                answer = self.http.get(to)
                continue
            forms = Forms(answer.text).forms
            assert answer.status_code == 200 and forms, (answer.status_code, answer.text)
            action, fields = forms[0]
            if "login" in fields:
                fields |= {"login": person, "password": "any"}
            to = urllib.parse.urljoin(str(answer.url), action or str(answer.url))
            answer = self.http.post(to, data=fields)
        raise AssertionError("no end of it")
