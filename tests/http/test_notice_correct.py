"""A message that was given up because of a wrong address: put right on the page, and sent, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from telemed import app
from telemed.db import Database
from telemed.identity.callers import SYSTEM
from telemed.identity.tokens import Keys
from telemed.notices import outbox
from telemed.scheduling import changes
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import people
from tests.booking import ALICE, CODES, book
from tests.gateways import Gateway, Mailbox, gateway, mailbox
from tests.logins import cookie
from tests.processes import Worker

CARLA = people.CALLERS["carla"]
START = people.tomorrow()
WRONG = Patient(ALICE.name, ALICE.birth_date, "alice@exmaple.org", "+493984123456")
WRONG_MOBILE = Patient(ALICE.name, ALICE.birth_date, None, "+4915100000000")


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest.fixture
async def sms() -> AsyncIterator[Gateway]:
    async with gateway() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, box: Mailbox, sms: Gateway) -> Settings:
    return msgspec.structs.replace(
        settings, smtp_url=box.url, mail_from="termine@example.org", sms_url=sms.url, sms_token="x"
    )


@pytest.fixture
async def client(cast: Database, settings: Settings) -> AsyncIterator[TestClient]:
    await people.open_hours(cast, people.DR_BOB, START, 6)
    async with TestClient(TestServer(app.build(settings))) as running:
        yield running


class Desk:
    """Carla's pages."""

    def __init__(self, client: TestClient, keys: Keys) -> None:
        self._client, self._keys = client, keys

    async def get(self, path: str, who: str = "carla") -> tuple[int, str]:
        answer = await self._client.get(path, headers=cookie(self._keys, people.CALLERS[who]), allow_redirects=False)
        return answer.status, answer.headers.get("Location") or await answer.text()

    async def post(self, path: str, who: str = "carla", **form: str) -> tuple[int, str]:
        answer = await self._client.post(
            path, data=form, headers=cookie(self._keys, people.CALLERS[who]), allow_redirects=False
        )
        return answer.status, answer.headers.get("Location") or await answer.text()


@pytest.fixture
def desk(client: TestClient, keys: Keys) -> Desk:
    return Desk(client, keys)


async def given_up(db: Database, settings: Settings, owner: asyncpg.Connection, kind: str = "booked") -> UUID:
    """The newest notice of a kind, after its server has refused it."""
    notice: UUID = await owner.fetchval("SELECT id FROM notice WHERE kind = $1 ORDER BY created DESC LIMIT 1", kind)
    await outbox.deliver(db, settings, CODES, notice)
    assert await owner.fetchval("SELECT status FROM notice WHERE id = $1", notice) == "dead"
    return notice


async def until_sent(owner: asyncpg.Connection, notice: UUID) -> None:
    async with asyncio.timeout(20):
        while await owner.fetchval("SELECT status FROM notice WHERE id = $1", notice) != "sent":
            await asyncio.sleep(0.05)


async def test_corrected_and_sent_once(
    cast: Database, client: TestClient, desk: Desk, owner: asyncpg.Connection, settings: Settings, box: Mailbox
) -> None:
    it = await book(cast, START, WRONG)
    box.refuse = ["550 no such domain"]
    notice = await given_up(cast, settings, owner)
    page = f"/practice/notices/{notice}/correction"
    assert f'href="{page}"' in (await desk.get("/practice/notices"))[1]
    status, text = await desk.get(page)
    assert status == 200 and 'value="alice@exmaple.org"' in text and "smtp 550" in text
    status, text = await desk.post(page, email="alice@", phone="+49 171 1234567")
    assert status == 422 and "Das sieht nicht wie eine E-Mail-Adresse aus. Bitte prüfen Sie sie." in text
    assert 'value="alice@"' in text and 'value="+49 171 1234567"' in text, "everything typed is kept"
    assert await owner.fetchval("SELECT email FROM appointment") == "alice@exmaple.org"
    assert (await desk.post(page, email="", phone=""))[0] == 422
    async with Worker(settings):
        answers = await asyncio.gather(
            *(desk.post(page, email="alice@example.org", phone="03984 999") for _n in range(3))
        )
        done = sorted(where.rpartition("=")[2] for _status, where in answers)
        assert done == ["corrected", "meanwhile", "meanwhile"]
        await until_sent(owner, notice)
        assert (await desk.post(f"/practice/notices/{notice}/resend"))[0] == 303  # from a page that is older
        assert (await desk.get(page)) == (303, "/practice/notices?done=meanwhile")
        await asyncio.sleep(0.5)
    [mail] = [mail for mail in box.mails if mail["Message-ID"] == f"<{notice}-1@localhost>"]
    assert mail["To"] == "alice@example.org" and len(box.mails) == 1 and CODES.code(it.id) in str(mail)
    row = await owner.fetchrow("SELECT email, phone, epoch FROM appointment")
    assert row is not None and tuple(row) == ("alice@example.org", "+493984999", 1)
    audit = await owner.fetchrow("SELECT * FROM audit WHERE verb = 'notice.correct'")
    assert audit is not None
    assert (audit["person"], audit["site"], audit["appointment"]) == (people.CARLA, people.PRENZLAU, it.id)
    assert audit["detail"] == f"{notice} email phone", "who and what, but no address"
    # Later messages go to the right address by themselves.
    await changes.cancel(cast, CARLA, it.id)
    async with Worker(settings):
        async with asyncio.timeout(20):
            while len(box.mails) < 2:
                await asyncio.sleep(0.05)
    assert box.mails[1]["To"] == "alice@example.org"


async def test_a_number_corrected(
    cast: Database, client: TestClient, desk: Desk, owner: asyncpg.Connection, settings: Settings, sms: Gateway
) -> None:
    """The gateway may remember what it refused under its key: another number is another key."""
    await book(cast, START, WRONG_MOBILE)
    sms.statuses = [422]
    notice = await given_up(cast, settings, owner)
    page = f"/practice/notices/{notice}/correction"
    status, text = await desk.post(page, email="", phone="03984 123456")
    assert status == 422 and "Eine SMS braucht eine deutsche Handynummer." in text and 'value="03984 123456"' in text
    assert (await desk.post(page, email="", phone="0171 1234567"))[0] == 303
    async with Worker(settings):
        await until_sent(owner, notice)
    [(sent, headers)] = sms.taken
    assert sent["to"] == "+491711234567" and headers["Idempotency-Key"] == sent["reference"] == f"{notice}-1"


async def test_sent_again_as_it_is(
    cast: Database, client: TestClient, desk: Desk, owner: asyncpg.Connection, settings: Settings, box: Mailbox
) -> None:
    """The address was right after all: the same message, under the same name, and nothing is said to be corrected."""
    await book(cast, START, WRONG)
    box.refuse = ["550 not today"]
    notice = await given_up(cast, settings, owner)
    assert WRONG.email is not None
    assert (await desk.post(f"/practice/notices/{notice}/correction", email=WRONG.email, phone="03984 123456"))[
        0
    ] == 303
    async with Worker(settings):
        await until_sent(owner, notice)
    assert [mail["Message-ID"] for mail in box.mails] == [f"<{notice}@localhost>"]
    assert [row[0] for row in await owner.fetch("SELECT verb FROM audit WHERE verb LIKE 'notice.%'")] == [
        "notice.resend"
    ]


async def test_who_may(
    cast: Database, client: TestClient, desk: Desk, owner: asyncpg.Connection, settings: Settings, box: Mailbox
) -> None:
    await book(cast, START, WRONG)
    box.refuse = ["550"]
    page = f"/practice/notices/{await given_up(cast, settings, owner)}/correction"
    for who, status in (("charlie", 404), ("petra", 403), ("ada", 403)):
        assert (await desk.get(page, who))[0] == (await desk.post(page, who, email="a@b.example"))[0] == status
    assert await owner.fetchval("SELECT email FROM appointment") == WRONG.email
    async with cast.transaction(SYSTEM) as tx:
        assert await tx.value("notices.appointment", id=people.fixed(99)) is None
    assert (await desk.get(f"/practice/notices/{people.fixed(99)}/correction"))[0] == 404


async def test_what_is_over_needs_no_correction(
    cast: Database, client: TestClient, desk: Desk, owner: asyncpg.Connection, settings: Settings, box: Mailbox
) -> None:
    """Cancelled meanwhile: nobody is told any more that it is booked."""
    it = await book(cast, START, WRONG)
    box.refuse = ["550"]
    page = f"/practice/notices/{await given_up(cast, settings, owner)}/correction"
    await changes.cancel(cast, CARLA, it.id)
    assert (
        await desk.get(page) == await desk.post(page, email="a@b.example") == (303, "/practice/notices?done=meanwhile")
    )
