"""From rows to the database, in one transaction: what cannot stand is told by line, and then nothing is loaded.

A dry run is the same transaction, taken back at its end, so it finds what a real one would find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from uuid import UUID, uuid5

import msgspec

from telemed import clock
from telemed.db import Database, Tx
from telemed.directory.places import search_key
from telemed.identity.callers import SYSTEM
from telemed.importing import appointments, tables
from telemed.importing.appointments import Service
from telemed.importing.tables import Files, Row, Wrong
from telemed.scheduling.codes import Codes
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.checks import HoursRefused, check_rule
from telemed.scheduling.hours.hours import Kept
from telemed.scheduling.hours.rules import weekly

T = TypeVar("T", bound="_HasId")
_NAMESPACE: Final = UUID("6a2f0c1e-54d3-5e0b-9b7c-0d6b1f0a7c52")


class Report(NamedTuple):
    """What is wrong, in the order of files and lines; and how many of each there were to load, if nothing is."""

    wrong: list[Wrong]
    loaded: dict[str, int]
    already_there: int  # appointments that an earlier import has brought


class _TakenBack(Exception):
    pass


class _HasId(Protocol):
    @property
    def id(self) -> UUID: ...


class _Known(msgspec.Struct, frozen=True):
    id: UUID


class _Site(_Known, frozen=True):
    kind: str
    zone: str


class _Practitioner(_Known, frozen=True):
    site: UUID
    zone: str


class _Its(_Known, frozen=True):
    practitioner: UUID


class _Place(msgspec.Struct, frozen=True):
    n: int
    id: int
    name: str
    state: str
    lat: float
    lon: float


def known_as(kind: str, key: str) -> UUID:
    """The id of a thing by its id in the file: the same in every import."""
    return uuid5(_NAMESPACE, f"{kind} {key}")


async def load(db: Database, codes: Codes, directory: Path, *, dry_run: bool = False) -> Report:
    """Imports the CSV files of a directory, unless anything in them is wrong. Raises OSError."""
    wrong: list[Wrong] = []
    files = tables.read(directory, wrong)
    async with db.transaction(SYSTEM) as tx:
        await tx.run("importing.free_expired_holds", now=clock.now())
    there = 0
    with suppress(_TakenBack):
        async with db.transaction(SYSTEM) as tx:
            await tx.value("importing.one_at_a_time")
            there = await _Loading(tx, codes, files, wrong).run()
            _take_back(bool(wrong) or dry_run)
    order = list(tables.TABLES)
    wrong.sort(key=lambda one: (order.index(one.file) if one.file in order else -1, one.line))
    return Report(wrong, {name: len(rows) for name, rows in files.rows.items()}, there)


def _take_back(it: bool) -> None:
    if it:
        raise _TakenBack


class _Loading:
    """One import. Each table is written before the next one looks its ids up, wherever they came from."""

    def __init__(self, tx: Tx, codes: Codes, files: Files, wrong: list[Wrong]) -> None:
        self._tx, self._codes, self._files, self._wrong = tx, codes, files, wrong

    async def run(self) -> int:
        """How many appointments were there already."""
        await self._sites(self._files.rows["sites.csv"])
        doctors = await self._practitioners(self._files.rows["practitioners.csv"])
        doctors |= await self._services(self._files.rows["services.csv"])
        doctors |= await self._hours(self._files.rows["hours.csv"])
        # Times are taken after other writes (against rule 3 of migration 0004_scheduling), but nobody who takes time
        # waits for any of those: a booking locks service, doctor and site only against losing their keys.
        there = await self._appointments(self._files.rows["appointments.csv"])
        for practitioner in sorted(doctors):
            await openings.rebuild(self._tx, practitioner, clock.now().date())
        return there

    async def _sites(self, rows: list[Row]) -> None:
        codes = [row.values["postal_code"] for row in rows]
        keys = [search_key(row.values["town"]) for row in rows]
        found = {one.n: one for one in await self._tx.many(_Place, "importing.places", codes=codes, keys=keys)}
        written: list[dict[str, object]] = []
        for number, row in enumerate(rows, 1):
            place, values = found.get(number), row.values
            if place is None:
                self._wrong.append(await self._no_place(row))
                continue
            at = {"lat": values["lat"] or place.lat, "lon": values["lon"] or place.lon}
            written.append(
                values | at | {"id": known_as("site", values["id"]), "place": place.id, "state": place.state}
            )
        await self._tx.run_many("importing.put_site", written)

    async def _no_place(self, row: Row) -> Wrong:
        code, town = row.values["postal_code"], row.values["town"]
        towns = [one.name for one in await self._tx.many(_Name, "importing.towns_of", code=code)]
        if not towns:
            return row.wrong("postal_code", f"{code} is not a postal code that we know", "the one of the address")
        return row.wrong("town", f"“{town}” is not near {code}", f"for example {' or '.join(towns)}")

    async def _practitioners(self, rows: list[Row]) -> set[UUID]:
        sites = await self._known(_Site, "importing.sites", "site", rows)
        there = await self._known(_Practitioner, "importing.practitioners", "id", rows, "practitioner")
        written: dict[UUID, dict[str, object]] = {}
        for row in rows:
            if not self._there(row, "site", sites, "sites.csv"):
                continue
            site, id = sites[known_as("site", row.values["site"])], known_as("practitioner", row.values["id"])
            if site.kind != "practice":
                self._wrong.append(
                    row.wrong("site", f"“{row.values['site']}” is a {site.kind}", "the id of a practice")
                )
            elif id in there and there[id].site != site.id:
                what = "this doctor is at another practice already, with all appointments"
                self._wrong.append(
                    row.wrong("site", what, "the practice as before, or another id for the doctor there")
                )
            else:
                written[id] = row.values | {"id": id, "site": site.id}
        await self._tx.run_many("importing.put_practitioner", list(written.values()))
        return set(written)

    async def _services(self, rows: list[Row]) -> set[UUID]:
        good = await self._of_doctors(rows, "service")
        await self._tx.run_many("importing.put_service", [
            row.values | {
                "id": known_as("service", row.values["id"]), "practitioner": doctor.id,
                "grid": row.values["grid"] or row.values["duration"],
            }
            for row, doctor in good
        ])  # fmt: skip
        return {doctor.id for _row, doctor in good}

    async def _hours(self, rows: list[Row]) -> set[UUID]:
        of_doctor: defaultdict[_Practitioner, list[Row]] = defaultdict(list)
        for row, doctor in await self._of_doctors(rows, "hours"):
            of_doctor[doctor].append(row)
        for doctor in sorted(of_doctor, key=lambda one: one.id):
            await openings.lock(self._tx, doctor.id)  # before any rule is written, as whoever edits hours does
            await self._rules(doctor.id, doctor.zone, of_doctor[doctor])
        return {doctor.id for doctor in of_doctor}

    async def _of_doctors(self, rows: list[Row], kind: str) -> list[tuple[Row, _Practitioner]]:
        """The lines whose doctor is there, and the same as before."""
        doctors = await self._known(_Practitioner, "importing.practitioners", "practitioner", rows)
        its = await self._known(_Its, "importing.whose", "id", rows, kind)
        good: list[tuple[Row, _Practitioner]] = []
        for row in rows:
            if not self._there(row, "practitioner", doctors, "practitioners.csv"):
                continue
            doctor = doctors[known_as("practitioner", row.values["practitioner"])]
            before = its.get(known_as(kind, row.values["id"]))
            if before is None or before.practitioner == doctor.id:
                good.append((row, doctor))
            else:
                what = f"“{row.values['id']}” belongs to another doctor already"
                self._wrong.append(row.wrong("practitioner", what, "the doctor as before, or another id"))
        return good

    async def _rules(self, practitioner: UUID, zone: str, rows: list[Row]) -> None:
        ids = {known_as("hours", row.values["id"]) for row in rows}
        before = {kept.id: kept for kept in await self._tx.many(Kept, "hours.rules", practitioner=practitioner)}
        beside = [kept for id, kept in before.items() if id not in ids]
        today = clock.now().date()
        for row in rows:
            values, id = row.values, known_as("hours", row.values["id"])
            if values["every_weeks"] > 1 and values["valid_from"] is None:
                self._wrong.append(row.wrong("valid_from", "it must be clear which week counts", "the first such day"))
                continue
            first = values["valid_from"] or (before[id].from_date if id in before else today)
            rule = Kept(
                id=id, recurrence=weekly(values["days"], values["every_weeks"]), start_time=values["from"],
                end_time=values["to"], zone=zone, from_date=first, until_date=values["valid_until"],
                on_holidays=values["on_holidays"],
            )  # fmt: skip
            try:
                check_rule(rule, beside, today)
            except HoursRefused as refused:
                column = {"end_time": "to", "from_date": "valid_from", "until_date": "valid_until"}.get(
                    refused.field, "days"
                )
                self._wrong.append(row.wrong(column, str(refused.text).rstrip(".")))
                continue
            beside.append(rule)
            written = msgspec.structs.asdict(rule)
            await self._tx.run(
                "importing.put_rule",
                practitioner=practitioner,
                has_first_day=values["valid_from"] is not None,
                **written,
            )

    async def _appointments(self, rows: list[Row]) -> int:
        found = await self._known(Service, "importing.services", "service", rows)
        ids = {known_as("appointment", row.values["id"]): row for row in rows}
        there = {one.id for one in await self._tx.many(_Known, "importing.appointments", ids=list(ids))}
        wanted = [
            appointments.wanted(row, id, found[known_as("service", row.values["service"])], self._codes, self._wrong)
            for id, row in ids.items()
            if id not in there and self._there(row, "service", found, "services.csv")
        ]
        fitting = appointments.without_overlaps([one for one in wanted if one is not None], self._wrong)
        await appointments.take(self._tx, self._codes, fitting, self._wrong)
        return len(there)

    async def _known(
        self, kind: type[T], statement: str, column: str, rows: Iterable[Row], named: str | None = None
    ) -> dict[UUID, T]:
        ids = {known_as(named or column, row.values[column]) for row in rows}
        return {one.id: one for one in await self._tx.many(kind, statement, ids=list(ids))}

    def _there(self, row: Row, column: str, found: dict[UUID, Any], file: str) -> bool:
        """Whether what a line names is there; if not because its own line is wrong, that has been told."""
        key = row.values[column]
        if known_as(column, key) in found:
            return True
        if key not in self._files.named[file]:
            self._wrong.append(
                row.wrong(column, f"“{key}” is neither in {file} nor imported before", f"an id of {file}")
            )
        return False


class _Name(msgspec.Struct, frozen=True):
    name: str
