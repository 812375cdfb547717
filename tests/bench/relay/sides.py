"""What is measured and what measures it: the gateway, nginx, their upstream, and their client."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
GATEWAY = ROOT / "build" / "release" / "keywarden"
TOOLS = ROOT / "build" / "bench" / "tests" / "bench" / "relay"
KEY_TOOLS = TOOLS.parent / "keys"
MEASURED_CPU, OTHERS_CPU = 0, 1  # what is measured has a processor to itself
START_SECONDS_MAX = 20
CONNECTIONS_MAX = 8192
ALL_LIMITS = {  # of every kind; none ever binds here
    "requests_per_minute": 1_000_000, "requests_per_day": 100_000_000, "burst": 10_000_000,
    "tokens_in_per_minute": 4_000_000_000, "tokens_out_per_minute": 4_000_000_000,
    "tokens_per_minute": 4_000_000_000, "concurrent_requests": 100_000,
    "tokens_per_request": 1_000_000, "body_bytes": 10_000_000}
KEY = re.compile(r"\bkw_(?:live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b")

# As little as nginx can do: no log, no rewriting, kept-alive connections both ways, and no buffering
# of events. A 40 KB body stays in memory, so that neither side writes it to a file.
NGINX = """
worker_processes 1;
worker_rlimit_nofile 65536;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 64k;
    client_max_body_size 100m;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    upstream mock {{
        server 127.0.0.1:{mock};
        keepalive 2048;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location ~ ^/n[0-9] {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""

# A provider for each pace of events: the pace is in the path, and a base_url may have one.
PROVIDER = """
[[provider]]
name = "{name}"
base_url = "http://127.0.0.1:{mock}{prefix}/v1"
api_key_env = "BENCH_PROVIDER_KEY"
models = ["{name}-1"]
"""


def pinned(cpu):
    return lambda: os.sched_setaffinity(0, {cpu})


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


class Side:
    """A running process whose processor time and memory can be read."""

    name = ""
    key = "none"

    def cpu_ns(self) -> int:
        """Of all threads, as the scheduler counts it."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)

    def memory_bytes(self) -> int:
        """Its own pages, and its share of those that others have too."""
        rollup = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]) * 1024

    def target(self, pace: str) -> str:
        """Where a call is sent, for events at `pace` ("" for none)."""
        return f"{pace}/v1/chat/completions"

    def model(self, _pace: str) -> str:
        return "bench-1"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Direct(Side):
    """No proxy at all: what the client and the upstream cost by themselves."""

    name = "direct"

    def __init__(self, mock, _folder, _paces):
        self.port = mock.port

    def stop(self):
        pass


class Nginx(Side):
    name = "nginx"

    def __init__(self, mock, folder, _paces):
        self.port = free_port()
        folder = folder / "nginx"
        folder.mkdir(exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, mock=mock.port, port=self.port)
                          + ("user root;\n" if os.geteuid() == 0 else ""))
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", folder, "-e", "stderr"],
                                        preexec_fn=pinned(MEASURED_CPU))
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        wait_until(lambda: children.read_text().split() and is_open(self.port), "nginx")
        self.pid = int(children.read_text().split()[0])


class Gateway(Side):
    """With all it does for a call: the key is checked, its limit taken, the usage read.

    Neither side writes a line for each call.
    """

    name = "keywarden"

    def __init__(self, mock, folder, paces):
        data = folder / "data"
        config = folder / "keywarden.toml"
        config.write_text(
            "[keys]\nrate_limit_rpm = 1000000\n[limits]\ndrain_timeout = \"1s\"\n" +
            "".join(PROVIDER.format(name=model_of(pace), mock=mock.port, prefix=pace)
                    for pace in paces))
        log = folder / "gateway.log"
        out = folder / "gateway.out"
        self.port = free_port()
        with log.open("w") as err, out.open("w") as printed:
            self.process = subprocess.Popen(
                [GATEWAY, "serve", "--config", config, "--data-dir", data, "--listen",
                 f"127.0.0.1:{self.port}", "--threads", "1", "--set", "log.level=warning"],
                stdout=printed, stderr=err,
                stdin=subprocess.DEVNULL, preexec_fn=pinned(MEASURED_CPU),
                env={"PATH": os.environ["PATH"], "BENCH_PROVIDER_KEY": "sk-" + "0" * 40})
        self.pid = self.process.pid
        wait_until(lambda: is_open(self.port), "the gateway")
        kept = folder / "key"
        if not kept.exists():
            kept.write_text(wait_until(lambda: KEY.search(out.read_text()), "the gateway")[0])
        self.key = kept.read_text()

    def target(self, pace: str) -> str:
        return "/v1/chat/completions"

    def model(self, pace: str) -> str:
        return f"{model_of(pace)}-1"


class OverSocket(http.client.HTTPConnection):
    """Asks the gateway over its own socket, as its operator."""

    def __init__(self, path):
        super().__init__("gateway")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))

    def ask(self, method, path, **body) -> dict:
        self.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.getresponse()
        read = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {read}")
        return read


class Limited(Gateway):
    """With every limit there is on plan, team, app and key, none of which binds, and lists of names."""

    def __init__(self, mock, folder, paces):
        folder = folder / "limited"
        folder.mkdir(exist_ok=True)
        super().__init__(mock, folder, paces)
        policy = {"limits": ALL_LIMITS, "models": {"allow": ["*-1", "gpt-*", "claude-*"],
                                                   "deny": ["*-preview", "o1-pro"]},
                  "endpoints": {"deny": ["/v1/images/*"]}, "ip_ranges": {"allow": ["127.0.0.0/8"]}}
        operator = OverSocket(folder / "data" / "keywarden.sock")
        team = operator.ask("GET", "/v1/account")
        plan = operator.ask("POST", "/v1/admin/plans", name="all limits", policy=policy)
        operator.ask("PATCH", f"/v1/admin/teams/{team['id']}", plan=plan["id"])
        operator.ask("PATCH", "/v1/account/policy", **policy)
        app = operator.ask("POST", "/v1/account/apps", name="all limits", policy=policy)
        self.key = operator.ask("POST", "/v1/keys", name="all limits", app=app["id"],
                                policy=policy)["key"]
        operator.close()


class Starting:
    """A gateway of its own, with as many processors as there are, that only starts and stops."""

    def __init__(self, folder):
        self.data = folder / "data"
        self.log = folder / "log"
        self.start()  # the first start makes the database

    def start(self) -> float:
        """Seconds until it takes a connection."""
        port = free_port()
        with self.log.open("a") as log:
            began = time.monotonic()
            process = subprocess.Popen([GATEWAY, "serve", "--data-dir", self.data, "--listen",
                                        f"127.0.0.1:{port}"], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL)
            wait_until(lambda: is_open(port), "the gateway")
            took = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        return took

    def measure(self, count, rounds) -> list:
        [database] = self.data.glob("*.db")
        subprocess.run([KEY_TOOLS / "fill_keys", database, str(count)], check=True)
        return [self.start() for _ in range(rounds)]


class Mock:
    """The upstream of both."""

    def __init__(self):
        self.process = subprocess.Popen([TOOLS / "relay_mock"], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=pinned(OTHERS_CPU))
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()


def model_of(pace: str) -> str:
    return "bench" + pace.replace("/", "-")


def is_open(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_until(condition, what):
    end = time.monotonic() + START_SECONDS_MAX
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not start"
        time.sleep(0.005)
    return found


def load_command(side, call, connections, more) -> list:
    call.body_file.write_bytes(call.body(side.model(call.pace)))
    return [TOOLS / "relay_load", "--port", str(side.port), "--path", side.target(call.pace),
            "--body", call.body_file, "--key", side.key, "--connections", str(connections), *more]


def load(side, call, connections, calls, every_ns=0) -> dict:
    """`calls` of one kind over so many connections, one after the other or by the clock; what the
    client saw."""
    more = ["--calls", str(calls), "--every-ns", str(every_ns)]
    done = subprocess.run(load_command(side, call, connections, more),
                          stdout=subprocess.PIPE, check=True, preexec_fn=pinned(OTHERS_CPU))
    return json.loads(done.stdout)


class Held:
    """Connections that stay open after an answer, or after the first event of a stream."""

    def __init__(self, side, call, connections, at_once):
        more = ["--hold", "1", "--at-once", str(at_once)]
        self.process = subprocess.Popen(
            load_command(side, call, connections, more), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, preexec_fn=pinned(OTHERS_CPU))

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
