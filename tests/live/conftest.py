"""A visit: Alice has an appointment with Bob in a moment, at the pharmacy with Petra, and has consented.

A module that says `NODES = ONE_AND_TWO` has its visits twice: on one node with the log in its memory, and on two nodes
with the log in a real NATS, where every page that is opened lands on the other node than the one before it.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import TestServer

from telemed import app, clock
from telemed.db import Database
from telemed.identity.callers import SYSTEM, Caller
from telemed.identity.tokens import Keys
from telemed.ids import new_id
from telemed.scheduling import consent
from telemed.settings import Settings
from tests import logins, people
from tests.brokers import Broker, brokers
from tests.peers import Page, TicketSource, open_page, tickets

ONE_AND_TWO = ("one node", "two nodes")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "nodes" in metafunc.fixturenames:
        metafunc.parametrize("nodes", getattr(metafunc.module, "NODES", ONE_AND_TWO[:1]))


@dataclass
class Visit:
    """The appointment, and how everybody gets to it."""

    urls: list[str]
    session: aiohttp.ClientSession
    db: Database
    keys: Keys
    appointment: UUID
    _turn: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """A node's address; the next time the other's."""
        return self.urls[next(self._turn) % len(self.urls)]

    def headers(self, who: str) -> dict[str, str]:
        """As this one of the cast asks; `screen`: as the station's, once it is paired."""
        if who == "screen":
            return logins.bearer(self.keys, people.SCREEN)
        return {"Authorization": f"Bearer {self.token(who)}"}

    def token(self, who: str) -> str:
        """An access token of one of the cast; `alice` has only her code's."""
        caller = Caller("guest", appointment=self.appointment) if who == "alice" else people.CALLERS[who]
        return logins.token(self.keys, caller)

    async def ask(
        self, who: str, seat: str | None = None, appointment: UUID | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The answer to asking for a ticket."""
        async with self.session.post(
            f"{self.url}/api/v1/appointments/{appointment or self.appointment}/tickets",
            json={"seat": seat} if seat else {}, headers=self.headers(who),
        ) as answer:  # fmt: skip
            return answer.status, await answer.json()

    async def ticket(self, who: str, seat: str | None = None) -> str:
        status, told = await self.ask(who, seat)
        assert status == 201, told
        return str(told["ticket"])

    def source(self, who: str) -> TicketSource:
        return tickets(self.session, self.url, self.appointment, self.token(who))

    def page(self, **headers: str) -> Any:
        return open_page(self.session, self.url, **headers)

    @asynccontextmanager
    async def seated(self, who: str, instance: str = "a-page-of-tests") -> AsyncIterator[Page]:
        """A page that has joined."""
        async with self.page() as page:
            assert (await page.hello(await self.ticket(who), instance))["type"] == "joined"
            yield page

    async def sql(self, statement: str, *values: object) -> Any:
        """One value, or None, past every wall but the app's own."""
        async with self.db.transaction(SYSTEM) as tx:
            return await tx.connection.fetchval(statement, *values)

    async def change(self, assignment: str) -> None:
        """What another part of telemed does to the appointment."""
        await self.sql(f"UPDATE appointment SET {assignment} WHERE id = $1", self.appointment)

    async def announce(self) -> None:
        await self.sql("SELECT pg_notify('appointment_changed', $1)", str(self.appointment))


async def booked(
    db: Database, *, doctor: UUID = people.DR_BOB, name: str = "Alice Ährenfeld", minutes: int = 5
) -> UUID:
    """An appointment in `minutes`, at the station in Gerswalde, received and consented to."""
    appointment, start = new_id(), clock.now() + timedelta(minutes=minutes)
    service = {people.DR_BOB: people.TALK, people.DR_CHARLIE: people.TALK_CHARLIE}[doctor]
    site = {people.DR_BOB: people.PRENZLAU, people.DR_CHARLIE: people.TEMPLIN}[doctor]
    station, station_site = (
        (people.STATION, people.GERSWALDE) if doctor == people.DR_BOB else (people.STATION_GRAMZOW, people.GRAMZOW)
    )
    async with db.transaction(SYSTEM) as tx:
        await tx.connection.execute(
            "INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during,"
            " reserved, code_digest, patient_name, birth_date, patient_key, consent_version, consented)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'assisted', 'booked', tstzrange($7, $8), tstzrange($7, $8), $9, $10,"
            " '1948-05-17', $9, $12, $11)",
            appointment, doctor, service, site, station, station_site, start, start + timedelta(minutes=15),
            appointment.bytes, name, clock.now(), consent.VERSION,
        )  # fmt: skip
        await people.receive(tx, appointment)
    return appointment


@pytest.fixture(scope="session")
async def broker() -> AsyncIterator[Broker]:
    async with brokers() as (server,):
        yield server


@pytest.fixture
async def visit(nodes: str, cast: Database, settings: Settings, keys: Keys, broker: Broker) -> AsyncIterator[Visit]:
    if nodes == "two nodes":
        settings = msgspec.structs.replace(settings, nats_url=broker.url)
    async with AsyncExitStack() as stack:
        urls = []
        for _ in range(1 if nodes == "one node" else 2):
            server = await stack.enter_async_context(TestServer(app.build(settings)))
            urls.append(str(server.make_url("")).rstrip("/"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Visit(urls, session, cast, keys, await booked(cast))
