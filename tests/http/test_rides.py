"""The ride home or to the practice: kept by the site, asked for with a tick, told once: place and time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from telemed import clock
from telemed.audit import retention
from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.notices import outbox
from telemed.scheduling import changes, outcomes
from telemed.scheduling.types import Patient
from telemed.settings import Settings
from tests import logins, people
from tests.booking import ALICE, CODES, book, guest
from tests.gateways import Mailbox, body, mailbox
from tests.http.test_screens import get, post, text
from tests.people import CALLERS, DR_BOB, STATION
from tests.pure.test_notice_texts import TELLING
from tests.refusals import Client

pytestmark = pytest.mark.usefixtures("early")
RIDE = people.fixed(91)
DAILY = {f"day{n}": "yes" for n in range(1, 8)}
FORM = {
    "kind": "taxi", "since": "0:00", "until": "23:55", "direction": "Flieth, Stegelitz", "email": "taxi@example.org",
    "phone": "039841 5555",
} | DAILY  # fmt: skip
BY_MAIL = Patient(ALICE.name, ALICE.birth_date, email="alice@example.org", phone="+4915112345678")


@pytest.fixture
def petra(keys: Keys) -> str:
    return logins.cookie(keys, CALLERS["petra"])["Cookie"]


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as running:
        yield running


@pytest.fixture
async def visit(api: Client, cast: Database, petra: str) -> UUID:
    """Alice comes to the station soon, from where a taxi goes all day."""
    assert (await post(api, "/station/rides", petra, **FORM)).headers["Location"] == "/station/rides?done=changed"
    start = people.soon()
    await people.open_hours(cast, DR_BOB, start, 2)
    return (await book(cast, start, BY_MAIL, mode="assisted", station=STATION)).id


def alice(keys: Keys, appointment: UUID) -> str:
    return logins.cookie(keys, guest(appointment))["Cookie"]


async def wanted(owner: asyncpg.Connection, leg: str = "home") -> str:
    return f"{await owner.fetchval('SELECT id FROM ride')}.{leg}"


async def test_the_site_says_when_they_go(api: Client, petra: str, keys: Keys, owner: asyncpg.Connection) -> None:
    assert (await post(api, "/station/rides", petra, **FORM)).status == 303
    for path in ("/station/rides", "/station", "/station?fragment=1"):
        page = await text(await get(api, path, petra))
        assert "Flieth, Stegelitz" in page and "00:00–23:55" in page and "tel:+49398415555" in page, path
    for field, wrong in (
        ("since", "morning"), ("until", "0:00"), ("direction", ""), ("email", "taxi@"), ("phone", ""), ("email", ""),
    ):  # fmt: skip
        assert f'href="#{field}"' in await text(await post(api, "/station/rides", petra, **FORM | {field: wrong}), 422)
    assert 'href="#weekdays"' in await text(
        await post(api, "/station/rides", petra, **{k: v for k, v in FORM.items() if k not in DAILY}), 422
    )
    assert (await post(api, "/station/rides", petra, **FORM | {"kind": "tank"})).status == 400
    [ride] = await owner.fetch("SELECT id, site FROM ride")
    assert ride["site"] == people.GERSWALDE
    paul = logins.cookie(keys, CALLERS["paul"])["Cookie"]
    assert (await post(api, f"/station/rides/{ride['id']}/end", paul)).status == 404
    assert (await post(api, f"/station/rides/{ride['id']}/end", petra)).status == 303
    assert "Flieth, Stegelitz" not in await text(await get(api, "/station/rides", petra))


@pytest.mark.rule("G-25")
@pytest.mark.rule("V-14")
async def test_the_operator_learns_place_and_time(
    api: Client, cast: Database, owner: asyncpg.Connection, keys: Keys, settings: Settings, box: Mailbox, visit: UUID
) -> None:  # fmt: skip
    """Asked for twice it is one mail; called off, even months later, one more; none says who goes, to whom, or why."""
    mine = alice(keys, visit)
    page = await text(await get(api, "/appointment", mine))
    assert 'name="agree"' in page and 'id="agree" checked' not in page and f'value="{await wanted(owner)}"' in page
    assert "Einwilligung" in await text(await post(api, "/appointment/rides", mine, ride=await wanted(owner)), 422)
    assert await owner.fetchval("SELECT count(*) FROM ride_request") == 0
    for _ in range(2):
        assert (await post(api, "/appointment/rides", mine, ride=await wanted(owner), agree="yes")).status == 303
    [asked] = await owner.fetch("SELECT * FROM ride_request")
    assert asked["consent_version"] == "2026-11" and asked["consented"] and asked["asked_by"] is None
    assert asked["at"] == (await changes.read(cast, guest(visit), visit)).end + timedelta(minutes=10)
    assert "wird gesendet" in await text(await get(api, "/appointment", mine))
    mailing = msgspec.structs.replace(settings, smtp_url=box.url, mail_from="termine@uckermark.example")
    await sent(cast, mailing, owner, "ride")
    await owner.execute("UPDATE notice SET due = due - interval '90 days' WHERE kind = 'ride'")
    await retention.purge(cast, settings)
    assert "angefragt" in await text(await get(api, "/appointment", mine))
    assert (await post(api, "/appointment/rides/end", mine, leg="home")).status == 303
    await sent(cast, mailing, owner, "ride_off")
    assert [mail["To"] for mail in box.mails] == ["taxi@example.org"] * 2
    for mail in box.mails:
        said = mail.as_string() + body(mail) + mail["Subject"]
        assert "Löwen-Apotheke, Markt 1, 17268 Gerswalde" in body(mail) and "Flieth, Stegelitz" in body(mail)
        assert "Uhr" in body(mail) and "+49 3984 000000" in body(mail)
        assert not TELLING.search(body(mail) + mail["Subject"]), body(mail)
        for secret in ("Alice", "Ährenfeld", "1948", "Buchfink", "Uckersee", "alice@", "15112345678",
                       CODES.code(visit), str(visit), "Video"):  # fmt: skip
            assert secret not in said
        assert not mail.is_multipart(), "no calendar, nothing attached"
    assert "Abgesagt" in box.mails[1]["Subject"]


async def sent(db: Database, settings: Settings, owner: asyncpg.Connection, kind: str) -> None:
    """What the worker does; the job was put in the queue with the notice."""
    [notice] = await owner.fetch("SELECT id FROM notice WHERE kind = $1", kind)
    jobs = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'notice' AND convert_from(payload, 'UTF8') = $1"
    assert await owner.fetchval(jobs, str(notice["id"])) == 1
    await outbox.deliver(db, settings, CODES, notice["id"])
    assert await owner.fetchval("SELECT status FROM notice WHERE id = $1", notice["id"]) == "sent"


async def test_a_moved_appointment_calls_it_off(
    api: Client, cast: Database, owner: asyncpg.Connection, keys: Keys, settings: Settings, box: Mailbox, visit: UUID
) -> None:  # fmt: skip
    """By the statement that moves it. An operator who has not heard of the ride yet hears nothing at all."""
    mine = alice(keys, visit)
    assert (await post(api, "/appointment/rides", mine, ride=await wanted(owner), agree="yes")).status == 303
    it = await changes.read(cast, guest(visit), visit)
    await changes.move(cast, CALLERS["carla"], visit, it.start + timedelta(minutes=30))
    rows = await owner.fetch("SELECT id, kind FROM notice WHERE ride IS NOT NULL ORDER BY kind")
    assert [row["kind"] for row in rows] == ["ride", "ride_off"]
    mailing = msgspec.structs.replace(settings, smtp_url=box.url, mail_from="termine@uckermark.example")
    for row in rows:
        await outbox.deliver(cast, mailing, CODES, row["id"])
    assert box.mails == []
    page = await text(await get(api, "/appointment", mine))
    assert 'action="/appointment/rides"' in page and "/appointment/rides/end" not in page, "it can be asked for again"


async def test_who_did_not_come_needs_no_ride(
    api: Client, cast: Database, owner: asyncpg.Connection, keys: Keys, settings: Settings, box: Mailbox, visit: UUID
) -> None:  # fmt: skip
    asking = await post(api, "/appointment/rides", alice(keys, visit), ride=await wanted(owner), agree="yes")
    assert asking.status == 303
    mailing = msgspec.structs.replace(settings, smtp_url=box.url, mail_from="termine@uckermark.example")
    await sent(cast, mailing, owner, "ride")
    it = await changes.read(cast, guest(visit), visit)
    with clock.shifted(it.start + timedelta(minutes=5) - clock.now()):
        await outcomes.note(cast, CALLERS["carla"], visit, "noshow")
        await sent(cast, mailing, owner, "ride_off")
    assert "Abgesagt" in box.mails[1]["Subject"]


async def test_no_taxi_is_sent_for_again_and_again(
    api: Client, owner: asyncpg.Connection, keys: Keys, visit: UUID
) -> None:
    """Nor for somebody who has long been at home."""
    mine, it = alice(keys, visit), {"ride": await wanted(owner), "agree": "yes"}
    for _ in range(3):
        assert (await post(api, "/appointment/rides", mine, **it)).status == 303
        assert (await post(api, "/appointment/rides/end", mine, leg="home")).status == 303
    assert "Bitte rufen Sie an: +49 3984 15555" in await text(await post(api, "/appointment/rides", mine, **it), 422)
    assert await owner.fetchval("SELECT count(*) FROM notice WHERE ride IS NOT NULL") == 6
    await owner.execute("DELETE FROM ride_request")
    with clock.shifted(timedelta(hours=5)):
        mine = alice(keys, visit)
        assert "/appointment/rides" not in await text(await get(api, "/appointment", mine))
        assert "passt nicht mehr" in await text(await post(api, "/appointment/rides", mine, **it), 422)
    assert await owner.fetchval("SELECT count(*) FROM ride_request") == 0


@pytest.mark.rule("P-05")
async def test_the_site_asks_for_whom_it_helps(
    api: Client, owner: asyncpg.Connection, keys: Keys, petra: str, visit: UUID
) -> None:
    page = f"/station/appointments/{visit}/rides"
    assert f'href="{page}"' in await text(await get(api, "/station", petra))
    assert 'name="agree"' in await text(await get(api, page, petra))
    assert "Einwilligung" in await text(await post(api, page, petra, ride=await wanted(owner)), 422)
    assert (await post(api, page, petra, ride=await wanted(owner), agree="yes")).status == 303
    assert await owner.fetchval("SELECT asked_by FROM ride_request") == people.PETRA
    assert await owner.fetchval("SELECT person FROM audit WHERE verb = 'ride.ask'") == people.PETRA
    paul = logins.cookie(keys, CALLERS["paul"])["Cookie"]
    assert (await post(api, page, paul, ride=await wanted(owner), agree="yes")).status == 404
    assert (await post(api, f"{page}/end", paul, leg="home")).status == 404
    other = await text(await post(api, page, petra, ride=f"{RIDE}.home", agree="yes"), 422)
    assert "passt nicht mehr" in other
    assert (await post(api, f"{page}/end", petra, leg="home")).status == 303
    assert await owner.fetchval("SELECT called_off IS NOT NULL FROM ride_request")


async def test_to_the_practice_from_where_the_call_was(
    api: Client, cast: Database, owner: asyncpg.Connection, keys: Keys, settings: Settings, box: Mailbox, visit: UUID
) -> None:  # fmt: skip
    """A follow-up in person: there and back, and the practice is an address without its name."""
    await owner.execute("UPDATE service SET modes = '{video,assisted,in_person}' WHERE id = $1", people.TALK)
    start = people.soon() + timedelta(hours=1)
    later = (await book(cast, start, BY_MAIL, mode="in_person")).id
    mine = alice(keys, later)
    assert "/appointment/rides" not in await text(await get(api, "/appointment", mine)), "no site, no ride"
    await owner.execute("UPDATE appointment SET follow_up_of = $2 WHERE id = $1", later, visit)
    for leg in ("there", "home"):
        asked = await post(api, "/appointment/rides", mine, ride=await wanted(owner, leg), agree="yes")
        assert asked.status == 303
    mailing = msgspec.structs.replace(settings, smtp_url=box.url, mail_from="termine@uckermark.example")
    for notice in await owner.fetch("SELECT id FROM notice WHERE kind = 'ride' ORDER BY start"):
        await outbox.deliver(cast, mailing, CODES, notice["id"])
    there, home = (body(mail) for mail in box.mails)
    station, practice = "Löwen-Apotheke, Markt 1, 17268 Gerswalde", "Markt 1, 17291 Prenzlau"
    assert f"Von: {station}" in there and f"Nach: {practice}" in there and "Dort sein bis" in there
    assert f"Von: {practice}" in home and f"Nach: {station}" in home and "Abholen um" in home
    assert "Uckersee" not in there + home
