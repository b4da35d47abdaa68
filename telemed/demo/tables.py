"""The demo region's people and addresses, from tables beside this file; all of them are invented.

Telephone numbers are from the ranges that the Bundesnetzagentur keeps free for films (Mitteilung 148/2021).
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID, uuid5

import msgspec

T = TypeVar("T")
_DATA: Final = Path(__file__).parent / "data"
_NAMESPACE: Final = UUID("5f6c2f52-9d0e-5b0c-9c5e-2f3c3d1d7a10")


def known_as(kind: str, key: object) -> UUID:
    """The same id for the same thing in every demo, so that loading twice changes nothing."""
    return uuid5(_NAMESPACE, f"{kind} {key}")


class Site(msgspec.Struct, frozen=True):
    """`place` is a GeoNames id."""

    key: str
    kind: str
    name: str
    street: str
    postal_code: str
    place: int
    phone: str

    @property
    def id(self) -> UUID:
        return known_as("site", self.key)


class Doctor(msgspec.Struct, frozen=True):
    """`hours` and `services` name entries of `telemed.demo.hours`; several are separated by spaces."""

    practice: str
    title: str
    name: str
    specialty: str
    languages: str
    hours: str
    services: str
    login: str

    @property
    def id(self) -> UUID:
        return known_as("practitioner", self.name)

    @property
    def site(self) -> UUID:
        return known_as("site", self.practice)

    @property
    def person(self) -> UUID | None:
        return known_as("person", self.login) if self.login else None

    @property
    def full_name(self) -> str:
        return f"{self.title} {self.name}".strip()


class Patient(msgspec.Struct, frozen=True):
    name: str
    birth_date: date
    phone: str


def sites() -> list[Site]:
    """Practices, then pharmacies and hubs."""
    return _rows("sites.tsv", Site)


def doctors() -> list[Doctor]:
    return _rows("practitioners.tsv", Doctor)


def patients() -> list[Patient]:
    return _rows("patients.tsv", Patient)


def _rows(name: str, kind: type[T]) -> list[T]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return msgspec.convert(found, list[kind], strict=False)  # type: ignore[valid-type]
