"""The five files and their columns; every wrong line of them with its number, column and what to write instead."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from telemed.importing import cells
from telemed.importing.cells import Bad, Read

MOST_LINES: Final = 100_000  # of one file
_MIN, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_REQUIRED: Final = object()
_MODE: Final = cells.one_of(video="Video", assisted="begleitet", in_person="Praxis")


class Column(NamedTuple):
    """How a cell is read, and what an empty one (or a missing column) means."""

    read: Read
    empty: Any = _REQUIRED


TABLES: Final[dict[str, dict[str, Column]]] = {
    "sites.csv": {
        "id": Column(cells.key),
        "kind": Column(cells.one_of(practice="Praxis, Arztpraxis", pharmacy="Apotheke", hub="Dorfladen, Gemeindehaus")),
        "name": Column(cells.text(120)), "street": Column(cells.text(120)),
        "postal_code": Column(cells.postal_code), "town": Column(cells.text(80)), "phone": Column(cells.phone),
        "zone": Column(cells.zone, "Europe/Berlin"),
        "lat": Column(cells.degrees(46, 56), None), "lon": Column(cells.degrees(5, 16), None),
    },
    "practitioners.csv": {
        "id": Column(cells.key), "site": Column(cells.key), "title": Column(cells.text(40), ""),
        "name": Column(cells.name), "specialty": Column(cells.specialty),
        "languages": Column(cells.several(cells.language), ["de"]),
    },
    "services.csv": {
        "id": Column(cells.key), "practitioner": Column(cells.key),
        "name_de": Column(cells.text(80)), "name_en": Column(cells.text(80)),
        "duration": Column(cells.length("min", 5 * _MIN, 8 * _HOUR)),
        "buffer_before": Column(cells.length("min", 0 * _MIN, 4 * _HOUR), timedelta()),
        "buffer_after": Column(cells.length("min", 0 * _MIN, 4 * _HOUR), timedelta()),
        "notice": Column(cells.length("min", 0 * _MIN, 90 * _DAY), 10 * _MIN),
        "horizon": Column(cells.length("days", _DAY, 366 * _DAY), 30 * _DAY),
        "grid": Column(cells.length("min", 5 * _MIN, 8 * _HOUR), None),
        "modes": Column(cells.several(_MODE), ["video"]),
        "patients": Column(cells.one_of(all="alle", new="neue", known="bekannte"), "all"),
        "languages": Column(cells.several(cells.language), None),
        "daily_cap": Column(cells.whole(1, 200), None),
        "first_assessment": Column(cells.yes_or_no, False),
        "cancel_until": Column(cells.length("hours", 0 * _MIN, 7 * _DAY), timedelta()),
    },
    "hours.csv": {
        "id": Column(cells.key), "practitioner": Column(cells.key), "days": Column(cells.weekdays),
        "from": Column(cells.wall_time), "to": Column(cells.wall_time),
        "every_weeks": Column(cells.whole(1, 52), 1),
        "valid_from": Column(cells.day, None), "valid_until": Column(cells.day, None),
        "on_holidays": Column(cells.yes_or_no, False),
    },
    "appointments.csv": {
        "id": Column(cells.key), "service": Column(cells.key), "date": Column(cells.day),
        "time": Column(cells.time_of_day), "duration": Column(cells.length("min", 5 * _MIN, 8 * _HOUR), None),
        "mode": Column(_MODE, "video"), "name": Column(cells.name), "birth_date": Column(cells.birth_date),
        "email": Column(cells.email, None), "phone": Column(cells.phone, None),
        "language": Column(cells.one_of(de="deutsch", en="englisch, english"), "de"),
    },
}  # fmt: skip


class Wrong(NamedTuple):
    """Something to correct. `line` counts from 1, the header's; 0: the file as a whole."""

    file: str
    line: int
    column: str
    what: str
    instead: str

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.file, f"line {self.line}" if self.line else "", self.column)))
        return f"{where}: {self.what}. Write: {self.instead}." if self.instead else f"{where}: {self.what}."


class Row(NamedTuple):
    """A line without mistakes of its own, its cells read."""

    file: str
    line: int
    values: dict[str, Any]

    def wrong(self, column: str, what: str, instead: str = "") -> Wrong:
        return Wrong(self.file, self.line, column, what, instead)


class Files(NamedTuple):
    """The rows of each file, and the ids in it, those of wrong lines too: whoever names one of them is not wrong."""

    rows: dict[str, list[Row]]
    named: dict[str, set[str]]


def read(directory: Path, wrong: list[Wrong]) -> Files:
    """What the files say; what is wrong is added to `wrong`. A file that is not there has no rows."""
    strange = sorted(path.name for path in directory.glob("*.csv") if path.name not in TABLES)
    wrong += [Wrong(name, 0, "", "this file is not known", _meant(name, TABLES)) for name in strange]
    if not any((directory / name).exists() for name in TABLES):
        wrong.append(Wrong(str(directory), 0, "", "there is nothing to import here", ", ".join(TABLES)))
    named = {name: set[str]() for name in TABLES}
    return Files({name: list(_rows(directory / name, named[name], wrong)) for name in TABLES}, named)


def _rows(path: Path, named: set[str], wrong: list[Wrong]) -> Iterator[Row]:
    if not path.exists():
        return
    columns, seen, before = TABLES[path.name], dict[str, int](), 0
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        wrong.append(Wrong(path.name, line, "", "this is not UTF-8", "the file anew, saved as “CSV UTF-8”"))
        return
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    header: list[str] | None = None
    try:
        for cells_ in lines:
            line, before = before + 1, lines.line_num
            if header is None:
                header = [cell.strip().lower() for cell in cells_]
                if not _check_header(path.name, header, wrong):
                    return
            elif any(cell.strip() for cell in cells_):
                if line > MOST_LINES:
                    wrong.append(Wrong(path.name, line, "", f"more than {MOST_LINES} lines", "several imports"))
                    return
                named.update(cell.strip() for name, cell in zip(header, cells_, strict=False) if name == "id")
                row = _row(path.name, line, header, columns, cells_, wrong)
                if row is not None and _is_new(row, seen, wrong):
                    yield row
    except csv.Error as error:
        wrong.append(Wrong(path.name, before + 1, "", f"this is not CSV ({error})", "quotation marks in pairs"))
    if header is None:
        wrong.append(Wrong(path.name, 1, "", "the file is empty", ";".join(columns)))


def _separator(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") >= first.count(",") else ","


def _check_header(file: str, header: list[str], wrong: list[Wrong]) -> bool:
    columns, before = TABLES[file], len(wrong)
    for name in header:
        if name not in columns:
            wrong.append(Wrong(file, 1, name[:60], "this column is not known", _meant(name, columns)))
        elif header.count(name) > 1:
            wrong.append(Wrong(file, 1, name, "this column is there twice", "it once"))
    for name, column in columns.items():
        if column.empty is _REQUIRED and name not in header:
            wrong.append(
                Wrong(file, 1, name, "this column is missing", f"it in the first line, among {', '.join(columns)}")
            )
    return len(wrong) == before


def _row(
    file: str, line: int, header: list[str], columns: dict[str, Column], found: list[str], wrong: list[Wrong]
) -> Row | None:
    if len(found) != len(header):
        what = f"{len(found)} cells instead of {len(header)}"
        wrong.append(Wrong(file, line, "", what, "text that has a separator in it between quotation marks"))
        return None
    typed = {name: cell.strip() for name, cell in zip(header, found, strict=True)}
    values, fine = dict[str, Any](), True
    for name, column in columns.items():
        try:
            values[name] = _value(column, typed.get(name, ""))
        except Bad as bad:
            wrong.append(Wrong(file, line, name, bad.what, bad.instead))
            fine = False
    return Row(file, line, values) if fine else None


def _value(column: Column, typed: str) -> Any:
    if typed:
        return column.read(typed)
    if column.empty is _REQUIRED:
        raise Bad("nothing is written here", "something; this column cannot be empty")
    return column.empty


def _is_new(row: Row, seen: dict[str, int], wrong: list[Wrong]) -> bool:
    first = seen.setdefault(row.values["id"], row.line)
    if first != row.line:
        wrong.append(row.wrong("id", f"“{row.values['id']}” stands in line {first} already", "another id"))
    return first == row.line


def _meant(name: str, known: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{near[0]}, if you meant that" if near else f"one of {', '.join(known)}"
