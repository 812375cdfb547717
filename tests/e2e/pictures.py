"""What the pictures of docs/console show beside what the tests of the console need: an instance some weeks old."""
import os
import sqlite3

DAY_MS = 24 * 60 * 60 * 1000
DAYS = 58  # as long as a month is compared with the one before it
SUMS = ("calls", "failed", "input", "cached_input", "output", "reasoning", "unpriced", "cost", "tools_saved")
FOLDER = os.environ.get("KEYWARDEN_SHOTS")  # where they go; none are made without it


def busy(days_ago: int) -> int:
    """How often today's calls were made on an earlier day: more by and by, and few each weekend."""
    weekday = 4 if days_ago % 7 in (2, 3) else 20
    return max(1, weekday + days_ago * 13 % 9 - days_ago // 4)


def age(data_dir, day_of_month: int):
    """Has a gateway that is stopped believe that it did on earlier days what it did today, and that all is older."""
    with sqlite3.connect(data_dir / "keywarden.db") as database:
        for table, days_alone in (("rollups", "dim <> 5"), ("rollup_parts", "grain = 1")):
            named = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for ago in range(1, DAYS + 1):
                values = [f"{name} * {busy(ago)}" if name in SUMS else
                          f"{name} - {ago * DAY_MS}" if name == "start" else name for name in named]
                database.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM {table} WHERE {days_alone} "
                                 f"AND start > (SELECT max(start) FROM {table} WHERE {days_alone}) - {DAY_MS}")
        month = 1 + sum(map(busy, range(1, day_of_month)))
        every = 1 + sum(map(busy, range(1, DAYS + 1)))
        database.execute(f"UPDATE spend SET month = month * {month}, total = total * {every}")
        database.execute(f"UPDATE credit SET spent = spent * {every}")
        for table in ("keys", "secrets", "teams", "users", "members"):
            database.execute(f"UPDATE {table} SET created_at = created_at - {DAYS * DAY_MS}")
