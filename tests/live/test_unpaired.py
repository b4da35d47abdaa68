"""A station's screen takes the patient's seat, and no other; and loses it within a second once it is unpaired."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from telemed import clock
from telemed.identity.callers import Caller
from telemed.stations import pairing
from tests import logins, people
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.people import CALLERS, OTHER_SCREEN, SCREEN, STATION

NODES = ONE_AND_TWO


async def ask(visit: Visit, screen: Caller, seat: str | None = None, serial: int = 1) -> tuple[int, dict[str, str]]:
    headers = {"Cookie": f"__Host-station={logins.badge(screen, serial)}", "Telemed-Session": "station"}
    async with visit.session.post(
        f"{visit.url}/api/v1/appointments/{visit.appointment}/tickets",
        json={"seat": seat} if seat else {}, headers=headers,
    ) as answer:  # fmt: skip
        return answer.status, await answer.json()


@pytest.mark.rule("V-10")
async def test_a_screen_takes_the_patients_seat_at_its_station(visit: Visit) -> None:
    for screen in (SCREEN, OTHER_SCREEN):
        await people.pair(visit.db, screen)
    assert (await ask(visit, SCREEN))[1]["seat"] == "patient"
    for seat in ("assistant", "practitioner"):
        assert (await ask(visit, SCREEN, seat))[0] == 403
    assert (await ask(visit, OTHER_SCREEN))[0] == 404
    with clock.shifted(timedelta(minutes=-20)):
        old = logins.badge(SCREEN)
    headers = {"Cookie": f"__Host-station={old}", "Telemed-Session": "station"}
    address = f"{visit.url}/api/v1/appointments/{visit.appointment}/tickets"
    async with visit.session.post(address, json={}, headers=headers) as answer:
        assert answer.status == 401, "an old badge has to come back as a page, where copies are found out"


async def test_unpaired_ends_a_seat_within_a_second(visit: Visit) -> None:
    """Socket, ticket and resume token are all void at once; the doctor sees the seat empty."""
    await people.pair(visit.db)
    _, told = await ask(visit, SCREEN)
    _, unused = await ask(visit, SCREEN)
    async with visit.seated("bob") as bob, visit.page() as alice:
        await alice.hello(told["ticket"], "the-screen-of-tests")
        await bob.hear("roster")
        await bob.say(type="admit", id="admit", seat="patient")
        await alice.hear("admitted")
        token = alice.token
        assert token
        began = time.monotonic()
        await pairing.unpair(visit.db, CALLERS["petra"], STATION)
        await alice.refused("unpaired", 4403)
        while any(seat["seat"] == "patient" for seat in (await bob.hear("roster"))["seats"]):
            pass
        assert time.monotonic() - began < 1
        async with visit.page() as again:
            await again.say(type="hello", ticket=unused["ticket"], instance="another-page-of-tests", versions=[1])
            await again.refused("unpaired", 4403)
        async with visit.page() as again:
            await again.say(type="resume", token=token, instance="the-screen-of-tests", seq=0)
            await again.refused("unpaired", 4403)
        assert [(await ask(visit, SCREEN, serial=serial))[0] for serial in (1, 2)] == [404, 404]
        async with visit.seated("alice", "her-own-telephone"):
            pass  # by her code she is in as before
