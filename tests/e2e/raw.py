"""HTTP by hand: for what a well-behaved client would never send."""
import socket
import time
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A bare connection to a gateway."""

    def __init__(self, gateway, timeout=10):
        self.socket = socket.create_connection((gateway.host, gateway.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def fill(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def read(self, length: int) -> bytes:
        while len(self.buffer) < length:
            assert self.fill(), f"closed after {self.buffer!r}"
        out, self.buffer = self.buffer[:length], self.buffer[length:]
        return out

    def read_line(self) -> bytes:
        return self.read_until(b"\r\n")[:-2]

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            assert self.fill(), f"closed after {self.buffer!r}"
        return self.read(self.buffer.index(mark) + len(mark))

    def head(self) -> Answer:
        lines = self.read_until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1"
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return Answer(int(status), headers, b"")

    def answer(self, is_head=False) -> Answer:
        """The next whole answer; an interim 100 is one of its own."""
        out = self.head()
        if is_head or out.status < 200 or out.status in (204, 304):
            return out
        if out.headers.get("transfer-encoding") == "chunked":
            while size := int(self.read_line(), 16):
                out.body += self.read(size)
                assert self.read(2) == b"\r\n"
            assert self.read_line() == b""
        elif "content-length" in out.headers:
            out.body = self.read(int(out.headers["content-length"]))
        else:
            out.body = self.rest()
        return out

    def rest(self) -> bytes:
        """All that comes until the gateway closes."""
        while self.fill():
            pass
        out, self.buffer = self.buffer, b""
        return out

    def is_closed(self, within=5.0) -> bool:
        """Whether the gateway closes without saying anything more."""
        self.socket.settimeout(within)
        try:
            return not self.buffer and not self.fill()
        except TimeoutError:
            return False


def post(key: str, body: bytes, path="/v1/chat/completions", extra=b"") -> bytes:
    """A well-formed POST, as bytes."""
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n").encode() + (
        extra + b"\r\n" + body)


def until(condition, timeout=10.0, what="it never came true"):
    """Waits for a condition that another process brings about."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)
