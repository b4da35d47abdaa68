"""Time that has passed: instead of moving the clock forward, everything that was written moves back.

So what the database reckons by its own clock grows older too, and a process of its own needs to know nothing of it.
"""

from __future__ import annotations

import asyncpg

_BIRTH = {"birth_date"}


async def pass_days(owner: asyncpg.Connection, days: float) -> None:
    """Every instant, range and day of every table lies so many days farther back; but birthdays do not."""
    columns = await owner.fetch(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND udt_name IN ('timestamptz', 'tstzrange', 'date') ORDER BY 1, 2"
    )
    changes: dict[str, list[str]] = {}
    for table, column, kind in columns:
        if column not in _BIRTH:
            changes.setdefault(table, []).append(f'"{column}" = {_earlier(column, kind, days)}')
    await owner.execute("SET session_replication_role = replica")  # no triggers: nothing happens, time passes
    try:
        for table, parts in changes.items():
            await owner.execute(f'UPDATE "{table}" SET {", ".join(parts)}')
    finally:
        await owner.execute("SET session_replication_role = origin")


def _earlier(column: str, kind: str, days: float) -> str:
    hours = f"interval '{days * 24} hours'"
    if kind == "date":
        return f'"{column}" - {int(days)}'
    if kind == "timestamptz":
        return f'"{column}" - {hours}'
    return (
        f'CASE WHEN isempty("{column}") THEN "{column}" ELSE tstzrange(lower("{column}") - {hours},'
        f' upper("{column}") - {hours}) END'
    )
