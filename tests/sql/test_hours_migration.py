"""Hours and closures of an installation that ran the first release, after the migration."""

from __future__ import annotations

import asyncpg

from telemed.pg import Urls
from telemed.statements import SQL_DIR
from tests import people

OLD = ("0001_house", "0002_directory", "0003_identity", "0004_scheduling", "0005_consultation")


def up(name: str) -> str:
    return (SQL_DIR / "migrations" / f"{name}.sql").read_text(encoding="utf-8").partition("-- migrate:down")[0]


async def test_what_was_entered_before_stays(postgres: Urls) -> None:
    maintenance = await asyncpg.connect(postgres.owner.replace("template_telemed", "postgres"))
    await maintenance.execute("DROP DATABASE IF EXISTS telemed_old")
    await maintenance.execute("CREATE DATABASE telemed_old")
    old = await asyncpg.connect(postgres.owner.replace("template_telemed", "telemed_old"))
    for name in OLD:
        async with old.transaction():
            await old.execute(up(name))
    await old.execute(
        "INSERT INTO place VALUES (1, 'Prenzlau', 'BB', 53, 13, 10000, 'prenzlau');"
        "INSERT INTO site (id, kind, name, street, postal_code, town, place, state, lat, lon, phone)"
        f" VALUES ('{people.PRENZLAU}', 'practice', 'Praxis', '', '17291', 'Prenzlau', 1, 'BB', 53, 13, '');"
        "INSERT INTO practitioner (id, site, name, specialty)"
        f" VALUES ('{people.DR_BOB}', '{people.PRENZLAU}', 'Bob', 'general');"
        "INSERT INTO rule (id, practitioner, weekdays, start_time, end_time, zone, every_weeks, from_date)"
        f" SELECT gen_random_uuid(), '{people.DR_BOB}', days, '08:00', '12:00', 'Europe/Berlin', weeks, '2026-01-01'"
        " FROM (VALUES ('{3,1}'::smallint[], 1), ('{7,6,7}', 2)) AS each (days, weeks);"
        "INSERT INTO closure (id, practitioner, during)"
        f" VALUES (gen_random_uuid(), '{people.DR_BOB}', '[2026-12-24, 2027-01-01)')"
    )
    async with old.transaction():
        await old.execute(up("0008_hours"))
    rules = {row[0] for row in await old.fetch("SELECT recurrence FROM rule")}
    assert rules == {"FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU"}
    assert await old.fetchval("SELECT site FROM closure WHERE NOT yearly AND substitute IS NULL") == people.PRENZLAU
    await old.close()
    await maintenance.execute("DROP DATABASE telemed_old")
    await maintenance.close()
