"""How cells and files are read before any database is asked: German spellings, and every wrong line by its number."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from telemed.importing import cells, tables
from telemed.importing.cells import Bad, Season
from telemed.importing.tables import Wrong

MINUTES = cells.length("min", timedelta(minutes=5), timedelta(hours=8))


@pytest.mark.parametrize(("read", "typed", "meant"), [
    (cells.day, "17.5.1948", date(1948, 5, 17)), (cells.day, "2027-01-04", date(2027, 1, 4)),
    (cells.time_of_day, "8", Season(time(8), None)), (cells.time_of_day, "8.30 Uhr", Season(time(8, 30), None)),
    (cells.time_of_day, "02:30 Winterzeit", Season(time(2, 30), True)), (cells.wall_time, "24:00", time()),
    (cells.weekdays, "Mo,Mi", [1, 3]), (cells.weekdays, "montags", [1]), (cells.weekdays, "Mo-Fr", [1, 2, 3, 4, 5]),
    (cells.weekdays, "Fr. bis Mo.", [1, 5, 6, 7]), (cells.weekdays, "Tu Th", [2, 4]),
    (MINUTES, "15", timedelta(minutes=15)), (MINUTES, "1,5 h", timedelta(minutes=90)),
    (MINUTES, "20 Minuten", timedelta(minutes=20)),
    (cells.length("days", timedelta(days=1), timedelta(days=366)), "30", timedelta(days=30)),
    (cells.degrees(46, 56), "53,317", 53.317), (cells.yes_or_no, "Ja", True), (cells.yes_or_no, "nein", False),
    (cells.specialty, "Hautarzt", "dermatology"), (cells.specialty, "general", "general"),
    (cells.postal_code, "D-17291", "17291"), (cells.phone, "03984 123456", "+493984123456"),
    (cells.several(cells.language), "de, PL|en", ["de", "pl", "en"]),
])  # fmt: skip
def test_cells_as_they_are_written(read: Any, typed: str, meant: object) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize(("read", "typed"), [
    (cells.day, "31.2.2027"), (cells.day, "3/4/2027"), (cells.day, "4.1.27"), (cells.time_of_day, "25:00"),
    (cells.time_of_day, "8:5"), (cells.time_of_day, "8-9"), (cells.weekdays, "Mo-Xy"), (cells.weekdays, ""),
    (MINUTES, "4"), (MINUTES, "9 h"), (MINUTES, "7,5"), (MINUTES, "1e9"), (MINUTES, "15 km"), (MINUTES, "9" * 400),
    (cells.degrees(46, 56), "91"), (cells.yes_or_no, "vielleicht"), (cells.specialty, "Wunderheiler"),
    (cells.postal_code, "1234"), (cells.phone, "12"), (cells.email, "nobody"), (cells.name, "A\u202eB"),
    (cells.birth_date, "1.1.2999"), (cells.whole(1, 200), "²"), (cells.zone, "Europe/Prenzlau"), (cells.key, "a b"),
    (cells.several(cells.language), "klingonisch"), (cells.text(5), "ab\x00"),
])  # fmt: skip
def test_what_cannot_be_read_says_what_to_write(read: Any, typed: str) -> None:
    with pytest.raises(Bad) as bad:
        read(typed)
    assert bad.value.what and bad.value.instead


def wrong_in(directory: Path, **files: bytes) -> list[Wrong]:
    for name, content in files.items():
        (directory / f"{name}.csv").write_bytes(content)
    wrong: list[Wrong] = []
    tables.read(directory, wrong)
    return wrong


GOOD = "id;site;title;name;specialty\n"


def test_both_separators_and_the_byte_order_mark(tmp_path: Path) -> None:
    assert wrong_in(tmp_path, practitioners=f"\ufeff{GOOD}a;s;;Ina Eisvogel;general\r\n".encode()) == []
    assert wrong_in(tmp_path, practitioners=b'id,site,name,specialty\na,s,"Eisvogel, Ina",general\n') == []


def test_headers_are_checked_with_what_was_meant(tmp_path: Path) -> None:
    wrong = wrong_in(tmp_path, practitioners=b"id;site;nmae;specialty;specialty\n", practitoners=b"id\n")
    told = {(one.file, one.column, one.what): one.instead for one in wrong}
    assert told["practitoners.csv", "", "this file is not known"].startswith("practitioners.csv")
    assert told["practitioners.csv", "nmae", "this column is not known"].startswith("name")
    assert ("practitioners.csv", "name", "this column is missing") in told
    assert ("practitioners.csv", "specialty", "this column is there twice") in told


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = f'{GOOD}a;s;;"Ina\nEisvogel";general\n\nb;s;;Max Reiher;nichts\na;s;;Otto Otter;general;mehr\n'
    assert [(one.line, one.column) for one in wrong_in(tmp_path, practitioners=text.encode())] == [
        (2, "name"), (5, "specialty"), (6, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("content", "line"), [
    (b"", 1), (f"{GOOD}a;s;;Jürgen Specht;general\n".encode("cp1252"), 2), (f'{GOOD}a;s;;"offen;general\n'.encode(), 2),
    (f"{GOOD}a;s;;{'x' * 200_000};general\n".encode(), 2), (b"\x00\x01\x02\n", 1), (b"PK\x03\x04\xff", 1),
])  # fmt: skip
def test_files_that_are_none(tmp_path: Path, content: bytes, line: int) -> None:
    assert [one.line for one in wrong_in(tmp_path, practitioners=content)][:1] == [line]


def test_nothing_to_import(tmp_path: Path) -> None:
    assert [one.what for one in wrong_in(tmp_path)] == ["there is nothing to import here"]


def test_the_example_of_the_documentation_is_readable() -> None:
    example = Path(__file__).parents[2] / "docs" / "import"
    assert wrong_in(example) == []
    assert {path.name for path in example.glob("*.csv")} == set(tables.TABLES)


def test_the_documentation_names_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    for name, columns in tables.TABLES.items():
        part = page.partition(f"## {name}")[2].partition("\n## ")[0]
        assert [column for column in columns if f"| `{column}` |" not in part] == [], name
