"""What the server spends on one call set-up, beside a bare aiohttp relay that passes the same frames.

A set-up: both seats join, the patient is let in, offer and answer, four batches of candidates each way. Tickets are
made beforehand. CPU is user and system time of the server's process; the database's is not in it, on either side.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import aiohttp
import asyncpg

from telemed import pg
from telemed.consultation.tickets import AUDIENCE, TYP
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.settings import Settings
from tests import people
from tests.bench import rivals, world
from tests.bench.calls import CALLS, Call, Side, spent
from tests.bench.floors import floor, pids
from tests.bench.report import Figure
from tests.processes import serving


@asynccontextmanager
async def our_call(session: aiohttp.ClientSession, url: str, tickets: dict[str, str]) -> AsyncIterator[Call]:
    """Both seats joined and the patient let in."""
    async with session.ws_connect(f"{url}/api/v1/socket") as one, session.ws_connect(f"{url}/api/v1/socket") as two:
        patient, doctor = Side(one, "practitioner"), Side(two, "patient")
        for side, seat in ((patient, "patient"), (doctor, "practitioner")):
            hello = {"type": "hello", "ticket": tickets[seat], "instance": secrets.token_urlsafe(12), "versions": [1]}
            await side.socket.send_str(json.dumps(hello))
            await side.until("joined")
        await doctor.send(type="admit", seat="patient")
        await patient.until("admitted")
        while not (patient.epoch and doctor.epoch):
            await (patient if not patient.epoch else doctor).until("roster")
        yield patient, doctor


@asynccontextmanager
async def bare_call(session: aiohttp.ClientSession, url: str, room: str) -> AsyncIterator[Call]:
    """Both sockets in one room of the floor."""
    address = f"{url}/relay/{room}"
    async with session.ws_connect(address) as one, session.ws_connect(address) as two:
        patient, doctor = Side(one, "practitioner"), Side(two, "patient")
        await patient.until("ready")
        await doctor.until("ready")
        yield patient, doctor


async def run(urls: pg.Urls, settings: Settings) -> list[Figure]:
    await world.build(urls, 2, hours=(0, 24))
    async with (
        serving(settings, TELEMED_SOCKETS_PER_ADDRESS="1000") as server,
        floor(urls.app) as floor_url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        ours, least = [], []
        for _ in range(3):
            pairs = await tickets(urls, settings, CALLS)
            ours.append(await spent(server.pid, [our_call(session, server.url, pair) for pair in pairs]))
            rooms = [bare_call(session, floor_url, secrets.token_hex(4)) for _ in range(CALLS)]
            least.append(await spent(pids[floor_url], rooms))
    relayed, whole = [o[1] for o in ours], [sum(o) for o in ours]
    figures = [
        _figure(
            "signalling, CPU per call set-up: offer, answer and candidates relayed", relayed, [o[1] for o in least]
        ),
        _figure("the same with joining, lobby, admission and attendance in Postgres", whole, [sum(o) for o in least]),
    ]
    for name in rivals.SERVERS:
        theirs = await rivals.run(name, CALLS)
        figures += [
            _beside(f"what is relayed, beside npm's {name}", relayed, theirs[1]),
            _beside(
                f"the whole set-up, beside npm's {name}, which has neither lobby nor attendance", whole, sum(theirs)
            ),
        ]
    return figures


def _figure(what: str, ours: list[float], least: list[float]) -> Figure:
    ratio = min(ours) / min(least)
    return Figure(what, f"{min(ours) * 1000:.2f} ms", f"{min(least) * 1000:.2f} ms", ratio, "≤ 1.3", ratio <= 1.3)


def _beside(what: str, ours: list[float], theirs: float) -> Figure:
    ratio = min(ours) / theirs
    return Figure(what, f"{min(ours) * 1000:.2f} ms", f"{theirs * 1000:.2f} ms", ratio, "≤ 1", ratio <= 1)


async def tickets(urls: pg.Urls, settings: Settings, calls: int) -> list[dict[str, str]]:
    """Appointments that have begun to be, and a ticket for each seat of each."""
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("DELETE FROM appointment")
    rows = await owner.fetch(
        "INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest,"
        " patient_key, patient_name, birth_date, consent_version, consented)"
        " SELECT id, $1, $2, $3, 'video', 'booked', during, during, sha256(id::text::bytea), sha256(id::text::bytea),"
        " 'Alice Ährenfeld', '1948-05-17', '2026-11', now() FROM (SELECT gen_random_uuid() AS id,"
        " tstzrange(now() + n * interval '15 min', now() + (n + 1) * interval '15 min') AS during"
        " FROM generate_series(1, $4::int) AS n) AS wanted RETURNING id",
        people.DR_BOB, people.TALK, people.PRENZLAU, calls,
    )  # fmt: skip
    await owner.close()
    db = await Database.open(urls.app, size=1)
    keys = await Keys.load(db, settings.secret)
    await db.close()
    return [{seat: _ticket(keys, row["id"], seat) for seat in ("patient", "practitioner")} for row in rows]


def _ticket(keys: Keys, appointment: UUID, seat: str) -> str:
    claims: dict[str, object] = {
        "appointment": str(appointment), "epoch": 1, "seat": seat, "name": seat, "about": "",
        "person": str(people.BOB) if seat == "practitioner" else None,
    }  # fmt: skip
    return keys.sign(TYP, AUDIENCE, claims, timedelta(minutes=10))
