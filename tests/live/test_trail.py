"""The trail of one patient: what a whole way through the pages, with every mistake on it, leaves in logs and addresses.

A real server process with everything it says, at its most talkative, in a file; and the way of somebody without
JavaScript, who follows links and sends forms.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
from yarl import URL

from telemed import pg
from telemed.db import Database
from tests import people
from tests.canary import WatchedServer, canary, traces, watched

NAME, EMAIL, PHONE = "Änne Mümmelmann-Ðórsdóttir", "aenne.muemmelmann@mail.example", "03984 7712345"
BORN = ("17.5.1948", "1948-05-17", "17051948", "17. Mai 1948")
SECRET = canary("password")


@dataclass
class Patient:
    """Somebody with a browser and no JavaScript; every address they come to is noted down."""

    session: aiohttp.ClientSession
    base: str
    addresses: list[str] = field(default_factory=list)
    text: str = ""
    status: int = 0

    async def get(self, path: str, **query: str) -> None:
        await self._go("GET", path, params=query)

    async def send(self, path: str, **fields: str) -> None:
        """Sends a form, with the hidden fields of the page that is open."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.text))
        await self._go("POST", path, data=hidden | fields, headers={"Origin": self.base})

    async def _go(self, method: str, path: str, **more: Any) -> None:
        self.addresses.append(path)
        async with self.session.request(method, self.base + path, allow_redirects=False, **more) as answer:
            self.addresses.append(str(answer.url.relative()))
            self.text, self.status = await answer.text(), answer.status
        if answer.status == 303:
            await self.get(answer.headers["Location"])

    def form(self, pattern: str) -> str:
        """The address of the first form like that."""
        found: list[str] = re.findall(r'(?:form)?action="([^"]+)"', self.text)
        return next(address for address in found if re.search(pattern, address))


@pytest.fixture(scope="module")
async def place(
    postgres: pg.Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[WatchedServer, pg.Urls]]:
    async with watched(postgres, tmp_path_factory.mktemp("trail") / "server", "telemed_trail") as (server, urls):
        db = await Database.open(urls.app)
        await people.arrive(db)
        await people.open_hours(db, people.DR_BOB, people.soon(), 12)
        await db.close()
        yield server, urls


# A defect of ours, in the moment when everything personal is at hand: the error quotes the row it is about.
BREAK = """
    CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'broken' USING DETAIL = NEW::text; END $$;
    CREATE TRIGGER broken BEFORE UPDATE ON appointment FOR EACH ROW WHEN (NEW.patient_name IS NOT NULL)
        EXECUTE FUNCTION broken()
"""


async def the_whole_way(patient: Patient, owner: asyncpg.Connection) -> list[str]:
    """Searches, errs, books, is let down by the server, comes back by code, moves, cancels. The secrets met with."""
    await patient.get("/")
    await patient.get("/search", where="Prenzlau")
    await patient.get(f"/practitioners/{people.DR_BOB}")
    starts = re.findall(r'name="start" value="([^"]+)"', patient.text)
    await patient.send("/holds", start=starts[0])
    booking = patient.form("^/holds/[^/]+$")
    await patient.send(patient.form("extension"))
    details = {"name": NAME, "birth_date": BORN[0], "email": EMAIL, "phone": PHONE}
    await patient.send(booking, **details | {"birth_date": "17.5.48"})
    assert patient.status == 422 and "Mümmelmann" in patient.text
    await owner.execute(BREAK)
    await patient.send(booking, **details)
    assert patient.status == 500
    await owner.execute("DROP TRIGGER broken ON appointment")
    await patient.get(booking)
    await patient.send(booking, **details)
    assert patient.addresses[-1] == "/appointment/confirmed" and patient.status == 200
    (code,) = set(re.findall(r"\b[2-9C-Y]{4}-[2-9C-Y]{4}-[2-9C-Y]{4}\b", re.sub(r"<[^>]+>", "", patient.text)))
    met = [
        code,
        code.replace("-", ""),
        *(cookie.value for cookie in patient.session.cookie_jar if len(cookie.value) > 20),
    ]
    await patient.send("/appointment/leave")
    await patient.send("/appointment/code", code=code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert patient.status == 422
    await patient.send("/appointment/code", code=code.lower())
    assert patient.addresses[-1] == "/appointment"
    await patient.get("/appointment/consent")
    await patient.send("/appointment/consent", agree="yes")
    await patient.get("/appointment/move")
    await patient.send("/appointment/move", start=starts[3])
    assert "done=moved" in patient.addresses[-1]
    await patient.get("/appointment/room")
    await patient.send("/appointment/cancel")
    assert "done=cancelled" in patient.addresses[-1]
    return met + [cookie.value for cookie in patient.session.cookie_jar if len(cookie.value) > 20]


async def noise(session: aiohttp.ClientSession, base: str, code: str) -> None:
    """The same over the API, broken in every way that somebody might want to log."""
    api, body = f"{base}/api/v1", f'{{"patient": {{"name": "{NAME}", "birth_date": "{BORN[1]}", "phone": "{PHONE}'
    json_ = {"Content-Type": "application/json"}
    for data, headers in (
        (body, json_), (body + '"}}', json_), (body, {"Content-Type": "text/plain"}),
        (body, json_ | {"Content-Encoding": "gzip", "Connection": "close"}),
    ):  # fmt: skip
        assert (await session.post(f"{api}/appointments", data=data.encode(), headers=headers)).status in (
            400,
            415,
            422,
        )
    await session.post(f"{api}/sessions", json={"login": EMAIL, "password": SECRET})
    await session.post(f"{api}/sessions", json={"login": f"{EMAIL}\0", "password": SECRET})
    await session.post(f"{api}/sessions/guest", json={"code": f"{code}X"})
    await session.get(f"{api}/appointments", headers={"Authorization": f"Bearer {SECRET}", "X-Name": "Muemmelmann"})
    await session.get(URL(f"{base}/{code}?name=%C3%84nne&phone={PHONE.replace(' ', '')}", encoded=True))
    await session.get(URL(f"{base}/{NAME}".replace(" ", ""), encoded=True))
    host = urlsplit(base)
    for line in (f"GET /{NAME}?{EMAIL} HTTP/9.9\r\n\r\n", f"GET / HTTP/1.1\r\nHost: x\r\nX: {EMAIL}\1\r\n\r\n"):
        reader, writer = await asyncio.open_connection(host.hostname, host.port)
        writer.write(line.encode())
        assert b" 400 " in await reader.read()
        writer.close()


@pytest.mark.rule("G-32")
@pytest.mark.rule("V-07")
async def test_no_trail(place: tuple[WatchedServer, pg.Urls]) -> None:
    server, urls = place
    jar = aiohttp.CookieJar(treat_as_secure_origin=URL(server.url))
    owner = await asyncpg.connect(urls.owner)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        patient = Patient(session, server.url)
        met = await the_whole_way(patient, owner)
        await noise(session, server.url, met[0])
    database = await owner.fetchval("SELECT pg_read_binary_file('log')")
    await owner.close()
    personal = [NAME, "Mümmelmann", "Ðórsdóttir", EMAIL, PHONE, "+493984" + PHONE[6:], PHONE[6:], SECRET, *BORN, *met]
    log = server.log.read_bytes()
    assert b"event=broken" in log and b"RaiseError at " in log, "what broke, and where, is told"
    assert b"route=/holds/{hold}" in log
    assert traces(personal, log) == []
    assert b"ERROR:  broken" in database and traces(personal, database) == []
    assert b"127.0.0.1" not in log.partition(b"Serving on")[2].partition(b"\n")[2], "whose address is told either"
    assert traces(personal, "\n".join(patient.addresses).encode()) == []
    assert len(patient.addresses) > 40
    # The same search finds each of them in a page.
    page = f"{NAME} {EMAIL} {PHONE} +493984{PHONE[6:]} {SECRET} {' '.join(BORN)} {' '.join(met)}".encode()
    assert traces(personal, page) == personal
