"""What the database says of calls and money: for tests, which read it beside a gateway that runs."""
import json
import sqlite3
import time
from contextlib import closing

from stored_calls import calls_of

APPLIED_SECONDS_MAX = 15


class MoneyDatabase:
    def __init__(self, gateway):
        self.path = gateway.data_dir / "keywarden.db"

    def ask(self, sql, *values):
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    def change(self, sql, *values):
        """Only while no gateway runs."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            connection.execute(sql, values)

    def calls(self) -> list[dict]:
        """Every row of a call, in the order in which they were written, with its words."""
        rows = []
        for block in self.ask("SELECT rows FROM call_blocks ORDER BY n"):
            rows.extend(calls_of(block["rows"]))
        # Read after the calls: then there is none whose words are not there yet.
        words = {row["n"]: row["word"] for row in self.ask("SELECT n, word FROM words")}
        sessions = {row["n"]: row["id"] for row in self.ask("SELECT n, id FROM call_sessions")}
        for row in rows:
            row["session_name"] = sessions[row["session"]]
            row |= {f"{name}_name": words[row[name]] for name in ("model", "error", "route")}
        return rows

    def wait_for_calls(self, count: int) -> list[dict]:
        """Rows come from the journal within a second or so."""
        until = time.monotonic() + APPLIED_SECONDS_MAX
        while len(rows := self.calls()) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(rows) == count, rows
        return rows

    def spent(self) -> int:
        return self.ask("SELECT coalesce(sum(spent), 0) AS sum FROM credit")[0]["sum"]

    def set_price(self, model: str, **nano_dollars):
        self.change("INSERT OR REPLACE INTO prices(model, version, price) VALUES (?, "
                    "(SELECT coalesce(max(version), 0) + 1 FROM prices), ?)",
                    model, json.dumps(nano_dollars))

    def set_terms(self, **columns):
        """Of every team: mode=1 is prepaid, credited is in nano-dollars."""
        self.change("INSERT OR IGNORE INTO words(word) SELECT id FROM teams")
        self.change("INSERT OR IGNORE INTO credit(team) "
                    "SELECT w.n FROM words w JOIN teams t ON t.id = w.word")
        for name, value in columns.items():
            self.change(f"UPDATE credit SET {name} = ?, version = version + 1", value)
        if "credited" in columns:
            self.change("INSERT INTO ledger(id, team, kind, amount, at, actor, reason) "
                        "SELECT 'ledger_' || team, team, 0, credited, 0, 'a test', 'a test' FROM credit")
