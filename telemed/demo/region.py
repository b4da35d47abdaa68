"""The demo region: the real geography of the Uckermark and around it, with invented practices, doctors and patients."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from telemed import clock
from telemed.db import Tx
from telemed.demo import calendar, tables
from telemed.demo.hours import HOURS, OFFERS, STATIONS
from telemed.demo.tables import Doctor, Site, known_as
from telemed.identity import passwords
from telemed.pg import DatabaseError
from telemed.scheduling.hours import openings
from telemed.scheduling.hours.rules import weekly

PASSWORD: Final = "demo-uckermark-2026"  # noqa: S105  printed by the demo; its database holds nobody real
_SINCE: Final = date(2024, 1, 1)


class DemoLogin(msgspec.Struct, frozen=True):
    """A login to try: who that is, and the page to start from."""

    login: str
    who: str
    page: str
    role: str
    site: str
    name: str
    password: str = PASSWORD


DEMO_LOGINS: Final = (
    DemoLogin("nachtigall", "Doctor on call in Prenzlau, free day and night", "/practice", "practitioner",
              "prenzlau-bereitschaft", "Dr. med. Mira Nachtigall"),
    DemoLogin("eisvogel", "Family doctor in Prenzlau", "/practice", "practitioner",
              "prenzlau-uckersee", "Dr. med. Ina Eisvogel"),
    DemoLogin("seerose", "Family doctor in Templin", "/practice", "practitioner",
              "templin-lindentor", "Dr. med. Sophie Seerose"),
    DemoLogin("kranich", "Skin doctor in Prenzlau", "/practice", "practitioner",
              "prenzlau-haut", "Dr. med. Greta Kranich"),
    DemoLogin("anmeldung", "Front desk of the doctors on call in Prenzlau", "/practice", "staff",
              "prenzlau-bereitschaft", "Bärbel Butterblume"),
    DemoLogin("apotheke", "Pharmacy in Gerswalde", "/station", "assistant", "gerswalde", "Paula Primel"),
    DemoLogin("dorfladen", "Village shop in Gramzow", "/station", "assistant", "gramzow", "Hartmut Huflattich"),
)  # fmt: skip


async def load(connection: asyncpg.Connection, today: date) -> None:
    """Puts the region into a migrated database with places, as its owner; again on a later day it adds what is new.

    Raises DatabaseError in a database that has other sites: a real one must never get invented doctors.
    """
    tx = Tx(connection)
    async with connection.transaction():
        sites, doctors = tables.sites(), tables.doctors()
        await _refuse_real_data(tx, sites)
        await tx.run_many("demo.put_site", [_site(site) for site in sites])
        stations = await _stations(tx, [site for site in sites if site.kind != "practice"], today)
        await _logins(tx, doctors)
        services = await _doctors(tx, doctors)
        for doctor in doctors:
            await openings.rebuild(tx, doctor.id, today)
        await calendar.book(tx, today, clock.now(), services, tables.patients(), stations)


async def _refuse_real_data(tx: Tx, sites: list[Site]) -> None:
    if await tx.value("demo.strangers", ours=[site.id for site in sites]):
        raise DatabaseError(
            "This database has sites that the demo did not make. The demo only runs in a database of its own: "
            "leave DATABASE_URL empty, or point it at an empty database."
        )
    if await tx.value("demo.places_missing", places=sorted({site.place for site in sites})):
        raise DatabaseError("The places are not loaded yet. Run `telemed migrate` first.")


def _site(site: Site) -> dict[str, object]:
    names = ("id", "kind", "name", "street", "postal_code", "place", "phone")
    return {name: getattr(site, name) for name in names}


async def _stations(tx: Tx, sites: list[Site], today: date) -> list[UUID]:
    ids = [known_as("station", site.key) for site in sites]
    rows = zip(ids, sites, strict=True)
    await tx.run_many("demo.put_station", [{"id": id, "site": site.id, "name": "Ruheraum"} for id, site in rows])
    await tx.run_many("demo.put_site_hours", [
        {"site": site.id, "weekday": weekday, "since": hours.start, "until": hours.end}
        for site in sites for hours in STATIONS for weekday in hours.weekdays
    ])  # fmt: skip
    for site in sites:
        await openings.rebuild_site(tx, site.id, today)
    return ids


async def _logins(tx: Tx, doctors: list[Doctor]) -> None:
    digest = await passwords.hashed(PASSWORD)
    people = [(doctor.login, doctor.full_name, "practitioner", doctor.site) for doctor in doctors if doctor.login]
    people += [(who.login, who.name, who.role, known_as("site", who.site)) for who in DEMO_LOGINS]
    await tx.run_many("demo.put_person", [
        {"id": known_as("person", login), "login": login, "name": name, "role": role, "site": site, "password": digest}
        for login, name, role, site in people
    ])  # fmt: skip


async def _doctors(tx: Tx, doctors: list[Doctor]) -> list[UUID]:
    """Doctors with their services and hours; the ids of each one's first service."""
    await tx.run_many("demo.put_practitioner", [
        {
            "id": doctor.id, "site": doctor.site, "person": doctor.person, "title": doctor.title, "name": doctor.name,
            "specialty": doctor.specialty, "languages": doctor.languages.split(),
        }
        for doctor in doctors
    ])  # fmt: skip
    services = [service for doctor in doctors for service in _services(doctor)]
    await tx.run_many("demo.put_service", services)
    await tx.run_many("demo.put_rule", [
        {
            "id": known_as("rule", f"{doctor.name} {number}"), "practitioner": doctor.id,
            "recurrence": weekly(hours.weekdays), "start_time": hours.start, "end_time": hours.end, "from_date": _SINCE,
            "on_holidays": doctor.hours == "always",
        }
        for doctor in doctors for number, hours in enumerate(HOURS[doctor.hours])
    ])  # fmt: skip
    return [known_as("service", f"{doctor.name} {doctor.services.split()[0]}") for doctor in doctors]


def _services(doctor: Doctor) -> list[dict[str, object]]:
    offers = [(name, OFFERS[name]) for name in doctor.services.split()]
    return [
        {
            "id": known_as("service", f"{doctor.name} {name}"), "practitioner": doctor.id,
            "name_de": offer.name_de, "name_en": offer.name_en, "modes": list(offer.modes), "horizon": offer.horizon,
            **{
                part: timedelta(minutes=getattr(offer, part))
                for part in ("duration", "buffer_before", "buffer_after", "notice", "grid")
            },
        }
        for name, offer in offers
    ]  # fmt: skip
