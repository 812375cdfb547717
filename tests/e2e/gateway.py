"""The gateway as a process: started as its users start it, asked over its own port, stopped by a signal."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = (ROOT / os.environ.get("KEYWARDEN_BINARY", "build/release/keywarden")).resolve()
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 40
KEY = re.compile(r"\bkw_(?:live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b")

# Nothing of the machine's own environment reaches the gateway but what every process needs.
PLAIN_ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR")
                     if name in os.environ} | {
    name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


def run(*arguments, env=None, stdin=None, timeout=30) -> subprocess.CompletedProcess:
    """`keywarden ARGUMENTS`, to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], env=PLAIN_ENVIRONMENT | (env or {}),
                          input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout, check=False)


class Gateway:
    """A running gateway. `out` and `log` are what it has printed so far."""

    made: list["Gateway"] = []  # all of them, so that what each leaves can be looked at

    def __init__(self, data_dir, config=None, listen="127.0.0.1:0", threads=2, env=None, extra=()):
        self.data_dir = pathlib.Path(data_dir)
        Gateway.made.append(self)
        arguments = ["serve", "--data-dir", data_dir, "--listen", listen, "--threads", threads]
        if config is not None:
            self.config = self.data_dir.parent / "keywarden.toml"
            self.config.write_text(config)
            arguments += ["--config", self.config]
        is_first_start = not (self.data_dir / "keywarden.db").exists()
        self.process = subprocess.Popen(
            [BINARY, *map(str, arguments), *extra], env=PLAIN_ENVIRONMENT | (env or {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            bufsize=1)
        self.out, self.log = [], []
        self._printed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.process.stdout, self.out),
                                      (self.process.stderr, self.log))]
        for reader in self._readers:
            reader.start()
        started = self.wait_for_event("server.started")
        self.address = started["address"]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)
        # What it prints and what it logs come by two pipes: one may be read before the other.
        with self._printed:
            if is_first_start:
                self._printed.wait_for(lambda: KEY.search("".join(self.out)), START_SECONDS_MAX)
            found = KEY.search("".join(self.out))
        self.key = found[0] if found else None  # of a first start

    @property
    def scheme(self) -> str:
        return "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    @property
    def base_url(self) -> str:
        """What an OpenAI SDK is given."""
        return f"{self.url}/v1"

    def printed(self) -> str:
        with self._printed:
            return "".join(self.out)

    def logged(self) -> str:
        with self._printed:
            return "".join(self.log)

    def events(self, name: str) -> list[dict]:
        found = []
        for line in self.logged().splitlines():
            if line.startswith("{"):
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found

    def wait_for_event(self, name: str, count: int = 1, timeout: float = START_SECONDS_MAX) -> dict:
        until = time.monotonic() + timeout
        with self._printed:
            while len(self.events(name)) < count:
                ended = self.process.poll() is not None
                left = until - time.monotonic()
                if ended or left <= 0:
                    break
                self._printed.wait(min(left, 0.2))
        if self.process.poll() is not None:
            self.wait()
        found = self.events(name)
        assert len(found) >= count, (
            f"no {name}; exit {self.process.poll()}\n{self.printed()}\n{self.logged()}")
        return found[count - 1]

    def cli(self, *arguments, env=None, **options) -> subprocess.CompletedProcess:
        """`keywarden ARGUMENTS` as the operator on this gateway's host."""
        return run(*arguments, "--data-dir", self.data_dir, env=env, **options)

    def signal(self, number: int):
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; returns the exit code. May be repeated."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self, timeout: float = STOP_SECONDS_MAX) -> int:
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        for reader in self._readers:
            reader.join(5)
        return code

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _read(self, stream, lines):
        for line in stream:
            with self._printed:
                lines.append(line)
                self._printed.notify_all()
        with self._printed:
            self._printed.notify_all()


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]
