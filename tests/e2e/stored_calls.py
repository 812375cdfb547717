"""Calls as the database has them: read as docs/reference/ledger.md says, not as the gateway reads."""
OUTCOMES = ("settled", "voided", "expired")
BASES = ("exact", "counted", "estimated")


def calls_of(block: bytes) -> list[dict]:
    """The calls of a row of `call_blocks`, in the order in which they were written."""
    version, *rest = block
    assert version == 3
    left = iter(rest)

    def number() -> int:
        value, shift = 0, 0
        while (byte := next(left)) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        value |= byte << shift
        return value >> 1 ^ -(value & 1)

    def flags(*names) -> dict:
        bits = number()
        return {name: bits >> place & 1 for place, name in enumerate(names)}

    rows = []
    for first in left:
        row = {"id": bytes([first] + [next(left) for _ in range(15)])}
        for name in ("key", "app", "user", "provider", "model", "route", "error", "model_named"):
            row[name] = number()
        row |= {name: [number() for _ in range(number())] for name in ("makers", "tags")}
        for name in ("session", "admitted_at", "ended_after", "day", "status", "attempts"):
            row[name] = number()
        row |= flags("streamed", "client_left", "priced", "named_session", "has_tools")
        row |= {"outcome": OUTCOMES[number()], "basis": BASES[number()]}
        there = flags("input", "output", "total", "cached_input", "cache_write", "audio_input",
                      "reasoning", "audio_output", "images", "cache_write_1h")
        row |= {name: number() if is_there else None for name, is_there in there.items()}
        for name in ("price_version", "held", "cost", "duration", "first_byte", "overhead"):
            row[name] = number()
        if row["has_tools"]:
            row["tools"] = {name: number() for name in (
                "selection", "offered", "permitted", "forwarded", "kept", "called", "missed", "tokens_spared")}
        rows.append(row)
    return rows
