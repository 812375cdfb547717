"""A gateway's data with 100,000 keys of one team, for page_times.py; `usage_bench … of_team` adds their calls.

    large_database.py FOLDER    makes FOLDER/data, prints what the console's operator signs in with
"""
import hashlib
import pathlib
import sqlite3
import sys

import httpx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from browser import PASSWORD, SETUP_LINK  # noqa: E402
from gateway import Gateway  # noqa: E402

KEYS, IMPORTED, AT_ONCE = 100_000, 20_000, 100
EMAIL = "ada@example.com"
CONFIG = """
[keys]
active_max = 1000000
creations_per_hour = 1000000
[auth]
failed_attempts_burst = 1000000
failed_attempts_per_second = 1000000
"""


def set_up(gateway):
    """The operator, by the link that the first start printed."""
    token = SETUP_LINK.search(gateway.printed())[0].split("#token=")[1]
    made = httpx.post(f"{gateway.url}/auth/setup", headers={"Origin": gateway.url},
                      json={"token": token, "name": "Ada Byron", "email": EMAIL, "password": PASSWORD})
    assert made.status_code in (200, 201), made.text


def fill(gateway):
    with httpx.Client(base_url=gateway.url, timeout=60,
                      headers={"Authorization": f"Bearer {gateway.key}"}) as http:
        for start in range(0, IMPORTED, AT_ONCE):
            made = http.post("/v1/keys/import", json={"keys": [
                {"name": f"Service {i:06}", "hash": hashlib.sha256(f"sk-fake-{i}".encode()).hexdigest()}
                for i in range(start, start + AT_ONCE)]})
            assert made.status_code == 200 and made.json()["imported"] == AT_ONCE, made.text


def copy(data_dir):
    """The rest, with names, ids, and digests of their own; the gateway is stopped."""
    with sqlite3.connect(data_dir / "keywarden.db") as database:
        for table, own in (
            ("keys", {"n": "n + ?1", "id": "'key_copy' || printf('%012d', n + ?1)",
                      "name": "printf('Service %06d', n + ?1)"}),
            ("secrets", {"key": "key + ?1", "id": "'sec_copy' || printf('%012d', key + ?1)",
                         "digest": "randomblob(32)"})):
            named = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            number = "n" if table == "keys" else "key"
            for so_far in range(IMPORTED, KEYS, IMPORTED):
                database.execute(f"INSERT INTO {table}({', '.join(named)}) SELECT "
                                 f"{', '.join(own.get(name, name) for name in named)} FROM {table} "
                                 f"WHERE {number} > 1 AND {number} <= 1 + {IMPORTED}", (so_far,))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir()
    gateway = Gateway(folder / "data", CONFIG)
    set_up(gateway)
    fill(gateway)
    assert gateway.stop() == 0, gateway.logged()
    copy(folder / "data")
    print(f"{folder / 'data'}: {KEYS} keys; {EMAIL}, {PASSWORD}")


if __name__ == "__main__":
    main()
