"""`telemed import`: all of it or nothing, every wrong line told, and the second time nothing is doubled."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.callers import ANONYMOUS, SYSTEM
from telemed.importing.load import Report, known_as, load
from telemed.scheduling.slots import free
from telemed.settings import Settings
from telemed.wording import HERE
from tests import booking, people
from tests.booking import CODES

EXAMPLE = Path(__file__).parents[2] / "docs" / "import"
TABLES = ("site", "practitioner", "service", "rule", "opening", "appointment", "audit")
MONDAY = datetime(2027, 1, 4, 5, tzinfo=HERE)


@pytest.fixture
async def region(cast: Database) -> Database:
    """The cast, with the postal codes of the example."""
    async with cast.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "INSERT INTO postal_code VALUES ('17291', 'Prenzlau', 'BB', 53.3, 13.9),"
            " ('17268', 'Gerswalde', 'BB', 53.2, 13.7)"
        )
    return cast


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "data"))


def add(directory: Path, file: str, *lines: str) -> None:
    with (directory / file).open("a", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)


def told(report: Report) -> list[tuple[str, int, str]]:
    return [(one.file.removesuffix(".csv"), one.line, one.column) for one in report.wrong]


async def contents(owner: asyncpg.Connection) -> dict[str, list[str]]:
    return {table: sorted(map(str, await owner.fetch(f"SELECT * FROM {table}"))) for table in TABLES}


async def run(db: Database, directory: Path, *, dry_run: bool = False) -> Report:
    with clock.shifted(MONDAY - datetime.now(HERE)):
        return await load(db, CODES, directory, dry_run=dry_run)


async def test_the_example_is_loaded_and_can_be_booked(region: Database, owner: asyncpg.Connection) -> None:
    report = await run(region, EXAMPLE)
    assert report.wrong == []
    assert report.loaded == {
        "sites.csv": 2, "practitioners.csv": 2, "services.csv": 3, "hours.csv": 3, "appointments.csv": 2,
    }  # fmt: skip
    seven = datetime(2027, 1, 7, 8, tzinfo=HERE)
    with clock.shifted(MONDAY - datetime.now(HERE)):
        async with region.transaction(ANONYMOUS) as tx:
            starts = await free(tx, known_as("service", "eisvogel-praxis"), 500)
    assert [f"{start.astimezone(HERE):%H:%M}" for start in starts if seven <= start < seven + timedelta(hours=3)] == [
        "08:00", "08:20", "08:40", "09:40", "10:00", "10:20", "10:40",
    ]  # fmt: skip
    code = CODES.code(known_as("appointment", "4711"))
    assert await owner.fetchval("SELECT patient_name FROM appointment WHERE code_digest = $1", CODES.digest(code)) == (
        "Erika Musterfrau"
    )
    assert await owner.fetchval("SELECT count(*) FROM notice") == 0


async def test_a_second_import_changes_nothing(region: Database, owner: asyncpg.Connection) -> None:
    await run(region, EXAMPLE)
    before = await contents(owner)
    report = await run(region, EXAMPLE)
    assert (report.wrong, report.already_there) == ([], 2)
    assert await contents(owner) == before


async def test_changed_lines_change_what_is_there(region: Database, owner: asyncpg.Connection, example: Path) -> None:
    await run(region, example)
    for file, old, new in (
        ("services.csv", ";15;5;2 h", ";10;5;2 h"), ("hours.csv", ";8:00;12:00", ";9:00;12:00"),
        ("practitioners.csv", "Max Reiher", "Max Graureiher"), ("appointments.csv", ";09:00;", ";10:00;"),
    ):  # fmt: skip
        text = (example / file).read_text(encoding="utf-8")
        assert old in text
        (example / file).write_text(text.replace(old, new), encoding="utf-8")
    assert (await run(region, example)).wrong == []
    assert await owner.fetchval("SELECT count(*) FROM rule") == 3
    assert await owner.fetchval("SELECT count(*) FROM practitioner WHERE name = 'Max Graureiher'") == 1
    assert await owner.fetchval("SELECT min(start_time)::text FROM rule") == "09:00:00"
    # An appointment lives here from the first import on: it may have been moved, and people have been told.
    assert await owner.fetchval(
        "SELECT lower(during) FROM appointment WHERE id = $1", known_as("appointment", "4711")
    ) == datetime(2027, 1, 7, 9, tzinfo=HERE)


async def test_a_dry_run_tells_every_wrong_line_and_loads_nothing(
    region: Database, owner: asyncpg.Connection, example: Path
) -> None:
    add(
        example,
        "sites.csv",
        "x1;Praxis;Praxis X;Weg 1;99999;Prenzlau;030 23125 004",
        "x2;Praxis;Praxis Y;Weg 2;17291;Rostock;030 23125 005",
        "x3;Klinik;Z;Weg 3;17291;Prenzlau;12",
    )
    add(
        example,
        "practitioners.csv",
        "p1;nirgends;;Otto Otter;general;de",
        "p2;loewen;;Uta Uhu;general;de",
        "p3;x3;;Ute Unke;general;de",
    )  # p3 is not wrong itself: its site's line is
    add(example, "services.csv", "s1;niemand;A;B;15;;;;;video;alle;", "s2;reiher;A;B;3;;;;;video;alle;")
    add(
        example,
        "hours.csv",
        "h1;reiher;Mi;12:00;14:00;;11.1.2027;",
        "h2;reiher;Do;15:00;14:00;;;",
        "h3;reiher;Fr;8:00;9:00;3;;",
        "h4;reiher;Sa;8:00;9:00;;5.1.2027;4.1.2027",
    )
    add(
        example,
        "appointments.csv",
        "a1;nichts;8.1.2027;9:00;video;Anna Amsel;1.1.1950;;",
        "a2;eisvogel-video;7.1.2027;9:10;video;Anna Amsel;1.1.1950;;",
        "a3;reiher-video;7.1.2027;9:05;video;Erika Musterfrau;17.5.1948;;",
        "a4;reiher-video;28.3.2027;2:30;video;Anna Amsel;1.1.1950;;",
        "a5;reiher-video;31.10.2027;2:30;video;Anna Amsel;1.1.1950;;",
        "a6;reiher-video;8.1.2027;9:00;Praxis;Anna Amsel;1.1.1950;;",
        "a7;reiher-video;8.1.2025;9:00;video;Anna Amsel;1.1.1950;;",
        "a8;reiher-video;31.2.2027;9:00;video;\u200b;1.1.2950;12;nobody",
        "4711;reiher-video;9.1.2027;9:00;video;Anna Amsel;1.1.1950;;",
        "a9;reiher-video;31.10.2027;02:30 Winterzeit;video;Anna Amsel;1.1.1950;;",
    )  # right
    before = await contents(owner)
    report = await run(region, example, dry_run=True)
    assert told(report) == [
        ("sites", 4, "postal_code"), ("sites", 5, "town"), ("sites", 6, "kind"), ("sites", 6, "phone"),
        ("practitioners", 4, "site"), ("practitioners", 5, "site"),
        ("services", 5, "practitioner"), ("services", 6, "duration"),
        ("hours", 5, "days"), ("hours", 6, "to"), ("hours", 7, "valid_from"), ("hours", 8, "valid_until"),
        ("appointments", 4, "service"), ("appointments", 5, "time"), ("appointments", 6, "time"),
        ("appointments", 7, "time"), ("appointments", 8, "time"), ("appointments", 9, "mode"),
        ("appointments", 10, "date"), ("appointments", 11, "date"), ("appointments", 11, "name"),
        ("appointments", 11, "birth_date"), ("appointments", 11, "email"), ("appointments", 11, "phone"),
        ("appointments", 12, "id"),
    ]  # fmt: skip
    assert all(one.what and str(one).endswith(".") for one in report.wrong)
    assert await contents(owner) == before
    assert told(await run(region, example)) == told(report)
    assert await contents(owner) == before


async def test_a_dry_run_without_mistakes_loads_nothing_either(region: Database, owner: asyncpg.Connection) -> None:
    before = await contents(owner)
    assert (await run(region, EXAMPLE, dry_run=True)).wrong == []
    assert await contents(owner) == before


@pytest.mark.rule("B-13")
async def test_times_that_others_have_are_told_by_line(
    region: Database, owner: asyncpg.Connection, example: Path
) -> None:
    """Somebody booked meanwhile, with that doctor or for that patient."""
    await run(region, example)
    erika = "video;Erika Musterfrau;17.5.1948;;"
    (example / "appointments.csv").write_text(
        "id;service;date;time;mode;name;birth_date;phone;email\n"
        "n1;eisvogel-video;7.1.2027;9:10;video;Anna Amsel;1.1.1950;;\n"
        f"n2;reiher-video;7.1.2027;9:00;{erika}\n"
        f"n3;reiher-video;7.1.2027;11:00;{erika}\n", encoding="utf-8",
    )  # fmt: skip
    report = await run(region, example)
    assert [(one.line, one.what.split()[1]) for one in report.wrong] == [(2, "doctor"), (3, "patient")]
    assert await owner.fetchval("SELECT count(*) FROM appointment") == 2


async def test_an_expired_hold_is_in_nobodys_way(region: Database, example: Path) -> None:
    with clock.shifted(MONDAY - datetime.now(HERE)):
        (example / "appointments.csv").rename(example.parent / "later.csv")
        assert (await load(region, CODES, example)).wrong == []
        nine = datetime(2027, 1, 7, 9, 0, tzinfo=HERE)
        held = await booking.hold(region, nine, known_as("service", "eisvogel-video"))
        (example.parent / "later.csv").rename(example / "appointments.csv")
        assert [one.line for one in (await load(region, CODES, example)).wrong] == [2]
    with clock.shifted(held.expires - datetime.now(HERE) + timedelta(minutes=1)):  # type: ignore[operator]
        assert (await load(region, CODES, example)).wrong == []


async def test_ten_thousand_appointments(region: Database, owner: asyncpg.Connection, example: Path) -> None:
    """And one that cannot be: it is found among them, and then they are loaded without it."""
    lines = [
        f"{n};reiher-video;{day:%d.%m.%Y};{7 + slot // 4}:{slot % 4 * 15:02};video;Anna Amsel {n};1.1.1950;;"
        for n, (day, slot) in enumerate(
            (MONDAY + timedelta(days=1 + days), slot) for days in range(200) for slot in range(50)
        )
    ]
    head = "id;service;date;time;mode;name;birth_date;phone;email"
    file = example / "appointments.csv"
    file.write_text("\n".join([head, *lines, lines[5000].replace("5000;", "x;", 1)]) + "\n", encoding="utf-8")
    begun = time.perf_counter()
    report = await run(region, example)
    assert told(report) == [("appointments", 10002, "time")]
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    assert (await run(region, example)).wrong == []
    took = time.perf_counter() - begun
    print(f"two imports of 10,000 appointments: {took:.1f} s")
    assert await owner.fetchval("SELECT count(*) FROM appointment WHERE status = 'booked'") == 10_000
    assert took < 60


async def test_what_people_already_there_have_is_left_alone(region: Database, owner: asyncpg.Connection) -> None:
    """The import makes its own ids; nothing in a file can name, and so change, what it has not made itself."""
    query = "SELECT md5(string_agg(s::text, '' ORDER BY id)) FROM service s WHERE practitioner = ANY ($1)"
    ours = [people.DR_BOB, people.DR_CHARLIE, people.DR_DORA]
    before = await owner.fetchval(query, ours)
    await run(region, EXAMPLE)
    assert await owner.fetchval(query, ours) == before


async def test_the_command_tells_mistakes_and_ends_with_one(
    region: Database, settings: Settings, example: Path
) -> None:
    add(example, "hours.csv", "h1;reiher;Mittwuch;8:00;9:00;;;")
    command = [sys.executable, "-m", "telemed", "import", str(example)]
    environment = {"DATABASE_URL": settings.database_url, "TELEMED_SECRET": settings.secret, "PATH": ""}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _out, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().splitlines() == [
        "hours.csv, line 5, days: “mittwuch” is not a day of the week."
        " Write: Mo, Di, Mi, Do, Fr, Sa, So, or for example Mo-Fr.",
        "Error: 1 mistake; nothing was loaded.",
    ]


async def test_nothing_moves_to_another_doctor_in_silence(region: Database, example: Path) -> None:
    await run(region, example)
    for file in ("services.csv", "hours.csv"):
        text = (example / file).read_text(encoding="utf-8")
        (example / file).write_text(text.replace(";reiher;", ";eisvogel;"), encoding="utf-8")
    text = (example / "practitioners.csv").read_text(encoding="utf-8")
    add(example, "sites.csv", "praxis-zwei;Praxis;Praxis Zwei;Weg 2;17291;Prenzlau;030 23125 006")
    (example / "practitioners.csv").write_text(
        text.replace("reiher;praxis-see", "reiher;praxis-zwei"), encoding="utf-8"
    )
    assert told(await run(region, example)) == [
        ("practitioners", 3, "site"), ("services", 4, "practitioner"), ("hours", 4, "practitioner"),
    ]  # fmt: skip
