"""What the database says of calls and money: for tests, which read it beside a gateway that runs."""
import json
import sqlite3
import time

OUTCOMES = ("settled", "voided", "expired")
BASES = ("exact", "counted", "estimated")
APPLIED_SECONDS_MAX = 15


class MoneyDatabase:
    def __init__(self, gateway):
        self.path = gateway.data_dir / "keywarden.db"

    def ask(self, sql, *values):
        with sqlite3.connect(self.path, timeout=10) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    def change(self, sql, *values):
        """Only while no gateway runs."""
        with sqlite3.connect(self.path, timeout=10) as connection:
            connection.execute(sql, values)

    def calls(self) -> list[dict]:
        """Every row of a call, the oldest first, with its words."""
        rows = self.ask("""
            SELECT c.*, s.id AS session_name, m.word AS model_name, e.word AS error_name,
                   r.word AS route_name
            FROM calls c JOIN words m ON m.n = c.model JOIN words e ON e.n = c.error
                 JOIN words r ON r.n = c.route JOIN call_sessions s ON s.n = c.session
            ORDER BY c.n""")
        for row in rows:
            row["outcome"] = OUTCOMES[row["outcome"]]
            row["basis"] = BASES[row["basis"]]
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
