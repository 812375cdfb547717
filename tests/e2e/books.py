"""What must be true of the money of every gateway that has ended, whatever a test did with it.

Read as docs/reference/ledger.md says, not as the gateway reads: from its database and its journal.
"""
import sqlite3
import struct
from contextlib import closing

from stored_calls import calls_of

HEADER_BYTES = 64
OPEN, CLOSE = 1, 2
COST_SO_FAR_BYTES = 16


def check_books(data_dir, ended_well: bool):
    """`ended_well`: it was stopped, not killed, so all that it knew is in the database."""
    path = data_dir / "keywarden.db"
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=10)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'rollups'").fetchone():
            return  # of a version that had no money
        calls = [(team, call) for team, rows in database.execute("SELECT team, rows FROM call_blocks")
                 for call in calls_of(rows)]
        check_sums(database, calls)
        ids = {call["id"] for _, call in calls}
        has_pruned = database.execute("SELECT 1 FROM credit WHERE pruned_until > 0").fetchone()
    opened, closed = read_journal(data_dir / "journal")
    assert len(closed) == len(set(closed)), "a call ended twice"
    if ended_well:
        assert opened <= set(closed), f"{len(opened - set(closed))} holds are open"
        assert has_pruned or set(closed) <= ids, "a row is not in the database"


def check_sums(database, calls):
    """Rows = what accounts have spent = every kind of sum, for every team."""
    def by_team(sql):
        return {row[0]: row[1:] for row in database.execute(sql)}

    pruned = by_team("SELECT team, pruned_until FROM credit WHERE pruned_until > 0")
    rows = {}
    for team, call in calls:
        count, cost = rows.get(team, (0, 0))
        rows[team] = count + 1, cost + call["cost"]
    credit = by_team("SELECT team, spent, credited FROM credit")
    ledger = by_team("SELECT team, sum(amount) FROM ledger GROUP BY team")
    assert {team for team in rows} <= set(credit), "calls of a team without an account"
    for team, (spent, credited) in credit.items():
        calls, cost = rows.get(team, (0, 0))
        if team not in pruned:
            assert spent == cost, f"team {team} spent {spent}, its rows came to {cost}"
            for kind, sums in kinds_of_sums(database, team):
                assert (sums or (0, 0)) == (calls, cost), f"team {team}: {kind}"
        assert credited == ledger.get(team, (0,))[0], f"team {team}: its ledger"
    totals = by_team("SELECT team, total FROM spend WHERE scope = 0")
    assert {team: total for team, (total,) in totals.items() if total} == {
        team: spent for team, (spent, _) in credit.items() if spent}, "accounts of teams"


def kinds_of_sums(database, team):
    for table, kind, kinds in (("rollups", "dim", 6), ("rollup_parts", "grain", 2)):
        found = {row[0]: row[1:] for row in database.execute(
            f"SELECT {kind}, sum(calls), sum(cost) FROM {table} WHERE team = ? GROUP BY 1", (team,))}
        assert set(found) <= set(range(kinds))
        for number in range(kinds):
            yield f"{table} {number}", found.get(number)


def read_journal(folder):
    """The ids of calls that were opened, and of those that were closed, in all segments."""
    opened, closed = set(), []
    for path in sorted(folder.glob("*.journal")) if folder.is_dir() else ():
        content = path.read_bytes()
        if content[:8] != b"kwjournl":
            assert not any(content), path  # it was made, and never begun
            continue
        at = HEADER_BYTES
        while at + 8 <= len(content):
            word, = struct.unpack_from("<Q", content, at)
            length, kind = word >> 32 & 0xffffff, word >> 56
            if word == 0:
                break
            record = content[at + 8:at + 8 + length]
            at += 8 + (length + 7) // 8 * 8
            if kind == OPEN:
                opened.add(record[COST_SO_FAR_BYTES:COST_SO_FAR_BYTES + 16])
                at += 8  # the word of progress
            else:
                assert kind == CLOSE, (path, at, kind)
                closed.append(record[:16])
    return opened, closed
