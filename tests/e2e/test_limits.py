"""Limits that outlive the process, and clients behind a proxy that is trusted."""
import os
import signal
import time

import httpx
import pytest

HELLO = {"model": "sandbox", "messages": [{"role": "user", "content": "hi"}]}


def ask(one, key, **headers) -> httpx.Response:
    return httpx.post(f"{one.base_url}/chat/completions", json=HELLO,
                      headers={"Authorization": f"Bearer {key}", **headers}, timeout=20)


def key_of(one, rpm: int) -> str:
    made = httpx.post(f"{one.base_url}/keys", json={"name": "two", "rate_limit_rpm": rpm},
                      headers={"Authorization": f"Bearer {one.key}"})
    assert made.status_code == 201, made.text
    return made.json()["key"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_gives_no_minute_twice(start, tmp_path, end):
    one = start(data_dir=tmp_path / "data")
    key = key_of(one, 2)
    assert ask(one, key).status_code == 200
    assert ask(one, key).status_code == 200
    assert ask(one, key).status_code == 429
    if end == signal.SIGKILL:
        time.sleep(1.5)  # a kill loses what was counted within the last second
    one.signal(end)
    one.wait()
    assert os.stat(tmp_path / "data" / "limits.snapshot").st_mode & 0o777 == 0o600

    again = start(data_dir=tmp_path / "data")
    denied = ask(again, key)
    assert denied.status_code == 429, denied.text
    error = denied.json()["error"]
    assert error["code"] == "rate_limit_exceeded"
    assert error["denied_by"] == "key"
    assert error["limit_name"] == "requests_per_minute"
    assert (error["limit"], error["used"], error["remaining"]) == (2, 2, 0)
    assert 1 <= int(denied.headers["Retry-After"]) <= 66


def test_a_damaged_snapshot_is_said_and_stops_nothing(start, tmp_path):
    one = start(data_dir=tmp_path / "data")
    one.stop()
    (tmp_path / "data" / "limits.snapshot").write_bytes(b"kwlimit1 damaged")
    again = start(data_dir=tmp_path / "data")
    assert "begin anew" in again.wait_for_event("limits.not_restored")["message"]
    assert httpx.get(f"{again.url}/health").status_code == 200
