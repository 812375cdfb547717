"""What is held to be true after every other test can be found untrue."""
import shutil
import sqlite3
from contextlib import closing

import httpx
import pytest

from books import HEADER_BYTES, check_books

CALL = {"model": "sandbox", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def left(start, tmp_path):
    """A copy of what a gateway left that was stopped after three calls."""
    gateway = start()
    for _ in range(3):
        assert httpx.post(f"{gateway.base_url}/chat/completions", timeout=20,
                          headers={"Authorization": f"Bearer {gateway.key}"},
                          json=CALL).status_code == 200
    assert gateway.stop() == 0
    copy = tmp_path / "copy"
    shutil.copytree(gateway.data_dir, copy)
    check_books(copy, ended_well=True)
    return copy


DAMAGES = [
    # Each call of the first block twice.
    "UPDATE call_blocks SET rows = CAST(rows || substr(rows, 2) AS BLOB) WHERE n = 1",
    "DELETE FROM call_blocks WHERE n = 1",
    "UPDATE credit SET spent = spent + 1",
    "UPDATE credit SET credited = credited + 1",
    "UPDATE rollups SET calls = calls + 1 WHERE dim = 3",
    "UPDATE rollup_parts SET cost = cost - 1 WHERE grain = 0",
    "UPDATE spend SET total = total + 1 WHERE scope = 0",
]


def test_sums_that_do_not_agree_are_found(left, tmp_path):
    for number, damage in enumerate(DAMAGES):
        copy = shutil.copytree(left, tmp_path / f"damaged-{number}")
        with closing(sqlite3.connect(copy / "keywarden.db")) as database, database:
            assert database.execute(damage).rowcount > 0, damage
        with pytest.raises(AssertionError):
            check_books(copy, ended_well=True)


def test_a_hold_that_is_open_is_found(left):
    segment = next(path for path in sorted((left / "journal").glob("*.journal"))
                   if any(path.read_bytes()[HEADER_BYTES:HEADER_BYTES + 8]))
    content = bytearray(segment.read_bytes())
    ends = [at for at in range(HEADER_BYTES, len(content) - 8, 8) if content[at + 7] == 2
            and content[at + 4:at + 7] != b"\0\0\0"]
    content[ends[-1]:ends[-1] + 8] = bytes(8)  # the last row was never finished
    segment.write_bytes(content)
    with pytest.raises(AssertionError, match="1 holds are open"):
        check_books(left, ended_well=True)
