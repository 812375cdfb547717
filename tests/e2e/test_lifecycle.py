"""Starting, stopping, and everything that can be wrong with a set-up: one clear error each."""
import asyncio
import json
import os
import pathlib
import signal
import socket
import stat
import threading

import httpx
import openai
import pytest

from gateway import Gateway, run
from imposter import chunk
from raw import Wire, until

HELLO = [{"role": "user", "content": "hi"}]
SECONDS_MAX = 10


def refused(*arguments, **options) -> str:
    """A start that must fail: what it says on the way out."""
    done = run("serve", *arguments, timeout=SECONDS_MAX, **options)
    assert done.returncode in (1, 2), (done.returncode, done.stdout, done.stderr)
    assert done.stderr.strip()
    return done.stderr


def test_sigterm_lets_a_running_stream_finish_and_exits_0(start, imposter):
    go_on = threading.Event()

    async def in_two_halves(_, link):
        await link.start_stream()
        await link.event(chunk("first"))
        assert await asyncio.to_thread(go_on.wait, 10)
        await link.event(chunk("second"))
        await link.end_stream()

    imposter.behave = in_two_halves
    one = start()
    with openai.OpenAI(api_key=one.key, base_url=one.base_url, max_retries=0, timeout=20) as client:
        stream = iter(client.chat.completions.create(model="imposter-1", messages=HELLO,
                                                     stream=True))
        assert next(stream).choices[0].delta.content == "first"
        one.signal(signal.SIGTERM)

        def is_closed():
            try:
                socket.create_connection((one.host, one.port), 1).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:  # it was waiting to be accepted when the listener closed
                return False
            return False

        until(is_closed, what="a draining gateway still takes connections")
        go_on.set()
        assert [piece.choices[0].delta.content for piece in stream] == ["second"]
    assert one.wait(SECONDS_MAX) == 0


def test_sigterm_does_not_wait_for_ever(start, imposter):
    async def never_end(_, link):
        await link.start_stream()
        await link.event(chunk("first"))
        await link.until_gone(60)

    imposter.behave = never_end
    one = start('[limits]\ndrain_timeout = "1s"\n')
    with httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {one.key}"}) as http:
        with http.stream("POST", "/v1/chat/completions", json={
                "model": "imposter-1", "messages": HELLO, "stream": True}) as answer:
            next(answer.iter_lines())
            one.signal(signal.SIGTERM)
            assert one.wait(SECONDS_MAX) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_gateway_stops_at_once(tmp_path, number):
    one = Gateway(tmp_path / "data")
    with Wire(one) as idle:
        idle.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.answer().status == 200
        one.signal(number)
        assert one.wait(3) == 0


def test_keys_survive_a_kill_and_a_restart(tmp_path):
    first = Gateway(tmp_path / "data")
    made = httpx.post(f"{first.url}/v1/keys", json={"name": "kept"},
                      headers={"Authorization": f"Bearer {first.key}"}).json()
    first.kill()
    second = Gateway(tmp_path / "data")
    try:
        for key in (first.key, made["key"]):
            assert httpx.get(f"{second.url}/v1/key", headers={"Authorization": f"Bearer {key}"}
                             ).status_code == 200
    finally:
        assert second.stop() == 0


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_it_refuses_to_listen_beyond_loopback_without_tls(tmp_path, listen):
    said = refused("--data-dir", tmp_path / "data", "--listen", listen)
    assert "tls" in said.lower() and "allow_plaintext_beyond_loopback" in said
    assert not (tmp_path / "data").exists(), "it made its data before it refused"


def test_it_listens_beyond_loopback_when_told_so_by_name(tmp_path):
    one = Gateway(tmp_path / "data", listen="0.0.0.0:0",
                  extra=["--set", "server.allow_plaintext_beyond_loopback=true"])
    assert httpx.get(f"http://127.0.0.1:{one.port}/health").status_code == 200
    assert one.stop() == 0


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("--data-dir", tmp_path / "data", "--listen", address)
    assert address in said and "in use" in said


def test_a_second_gateway_does_not_share_a_running_ones_port_or_data(start):
    one = start()
    said = refused("--data-dir", one.data_dir, "--listen", one.address)
    assert "in use" in said or "another" in said
    assert httpx.get(f"{one.url}/health").status_code == 200
    assert one.cli("keys", "list").returncode == 0, "the socket of the first one is gone"


def prepared(tmp_path) -> pathlib.Path:
    data = tmp_path / "data"
    assert run("init", "--data-dir", data).returncode == 0
    return data


def database(data) -> pathlib.Path:
    return next(data.glob("*.db"))


def test_a_corrupt_database_is_left_alone_and_named(tmp_path):
    data = prepared(tmp_path)
    for beside in data.glob("*.db-*"):
        beside.unlink()
    database(data).write_bytes(b"this is no database" * 1000)
    said = refused("--data-dir", data, "--listen", "127.0.0.1:0")
    assert "database" in said
    assert database(data).read_bytes() == b"this is no database" * 1000


def test_a_master_key_that_does_not_fit_is_refused(tmp_path):
    data = prepared(tmp_path)
    secrets = [path for path in data.iterdir()
               if path.is_file() and not path.name.startswith(database(data).name)]
    for secret in secrets:
        original = secret.read_bytes()
        secret.write_bytes(bytes(reversed(original)) if original.strip() else b"x")
        said = refused("--data-dir", data, "--listen", "127.0.0.1:0")
        assert secret.name in said or "master key" in said or "pepper" in said, said
        secret.write_bytes(original)
    one = Gateway(data)
    assert one.stop() == 0


def test_a_missing_master_key_is_never_replaced_beside_an_old_database(tmp_path):
    data = prepared(tmp_path)
    next(path for path in data.iterdir() if "master" in path.name).unlink()
    refused("--data-dir", data, "--listen", "127.0.0.1:0")
    assert not any("master" in path.name for path in data.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_named(tmp_path):
    data = prepared(tmp_path)
    data.chmod(0o500)
    try:
        assert str(data) in refused("--data-dir", data, "--listen", "127.0.0.1:0")
    finally:
        data.chmod(0o700)


def test_a_data_folder_that_is_a_file_is_named(tmp_path):
    data = tmp_path / "data"
    data.write_text("")
    assert str(data) in refused("--data-dir", data, "--listen", "127.0.0.1:0")


def test_a_provider_without_its_key_is_said_at_once(tmp_path, imposter):
    config = tmp_path / "keywarden.toml"
    config.write_text(f'[[provider]]\nname = "imposter"\nbase_url = "{imposter.base_url}"\n'
                      'api_key_env = "NOT_SET_ANYWHERE"\nmodels = ["imposter-1"]\n')
    said = refused("--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", "--config", config)
    assert "NOT_SET_ANYWHERE" in said


def test_two_formats_that_can_be_mistaken_for_each_other_stop_the_start(tmp_path):
    # The built-in ones cannot be, whichever are enabled: opaque takes only what none claims.
    for formats in ("keywarden", "opaque,keywarden", "orqen,orgn,orbitkit,keywarden,opaque"):
        assert run("config", "check", "--set", f"keys.formats={formats}").returncode == 0
    said = run("config", "check", "--set", "keys.formats=keywarden,kewarden")
    assert said.returncode == 2 and "keywarden" in said.stderr


def test_the_operators_socket_is_for_its_owner_alone_and_goes_with_the_gateway(tmp_path):
    one = Gateway(tmp_path / "data")
    sockets = [path for path in one.data_dir.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o600]
    one.kill()
    two = Gateway(tmp_path / "data")  # takes the place of the dead one's socket
    assert two.cli("keys", "list").returncode == 0
    assert two.stop() == 0
    assert not sockets[0].exists()


def test_every_line_of_the_log_is_json_where_nobody_watches(gateway):
    for line in gateway.logged().splitlines():
        event = json.loads(line)
        assert event["event"] and event["level"], line
