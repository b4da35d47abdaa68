"""The rest of protocol v1 over real sockets: lock, ask, track, stat, ice, sas, and resume by token."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from telemed import clock
from telemed.consultation import connection, succession, supplies
from telemed.scheduling import changes
from tests import booking
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.live.test_socket import admitted

NODES = ONE_AND_TWO


async def test_a_locked_room_lets_nobody_new_in_until_it_is_opened(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice, visit.page() as petra:
        await admitted(bob)
        await alice.hear("roster")
        await bob.say(type="lock", id="1", locked=True)
        assert (await alice.hear("roster"))["locked"] is True
        for _ in range(3):
            assert (await petra.hello(await visit.ticket("petra"), "page-of-petra"))["code"] == "locked"
        assert await visit.sql("SELECT count(*) FROM attendance WHERE seat = 'assistant'") == 1
        await alice.ws.close()  # without a bye
        async with visit.page() as again:
            assert (await again.hello(await visit.ticket("alice"), "alice-in-new-page"))["admitted"] is True
            await again.say(type="bye")
            await again.hear("closed")
        async with visit.page() as reloaded:
            assert (await reloaded.hello(await visit.ticket("alice"), "alice-reloaded"))["locked"] is True
            await bob.say(type="lock", id="2", locked=False)
            assert (await petra.hello(await visit.ticket("petra"), "page-of-petra"))["type"] == "joined"


async def test_a_page_before_a_locked_room_does_not_wait_for_ever(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "AGAIN_WITHIN", 0.1)
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.page() as alice:
        await bob.say(type="lock", id="1", locked=True)
        await bob.hear("ok")
        assert (await alice.hello(await visit.ticket("alice")))["code"] == "locked"
        await alice.refused("hello_late", 4408)


async def test_wishes_tracks_and_lines_reach_who_is_admitted(visit: Visit) -> None:
    async with (
        visit.seated("bob", "page-of-bob-1") as bob,
        visit.seated("alice") as alice,
        visit.seated("petra", "page-of-petra") as petra,
    ):
        await admitted(bob)
        await bob.say(type="ask", id="1", to="assistant", what="leave")
        await bob.refused("not_admitted")
        await bob.say(type="admit", id="2", seat="assistant")
        await petra.hear("roster")
        await alice.say(type="ask", id="1", to="assistant", what="leave")
        asked = await petra.hear()
        assert (asked["type"], asked["from"], asked["what"]) == ("ask", "patient", "leave")
        await petra.say(type="ask", id="1", to="patient", what="unmute")
        await petra.refused("forbidden")
        tracks = [{"mid": "3", "label": "dermatoscope"}]
        await petra.say(type="track", id="2", tracks=tracks)
        for page in (alice, bob):
            told = await page.hear("track")
            assert (told["from"], told["tracks"]) == ("assistant", tracks)
        await alice.say(type="stat", id="2", level="audio", rtt_ms=900)
        told = await bob.hear("quality")
        assert {**told, "seq": 0} == {
            "type": "quality", "seq": 0, "from": "patient", "level": "audio", "rtt_ms": 900, "loss_pct": None,
        }  # fmt: skip
        await alice.say(type="stat", id="3", level="full")
        await alice.refused("too_soon")
        async with visit.seated("bob", "page-of-bob-2") as later:
            roster = {seat["seat"]: seat for seat in later.heard[-1]["roster"]}
            assert roster["assistant"]["tracks"] == tracks
            assert roster["patient"]["quality"] == {"level": "audio", "rtt_ms": 900, "loss_pct": None}


@pytest.mark.rule("V-14")
async def test_the_assistant_goes_out_comes_back_when_called_and_consent_withdrawn_ends_it(visit: Visit) -> None:
    async with (
        visit.seated("bob", "page-of-bob-1") as bob,
        visit.seated("alice") as alice,
        visit.seated("petra", "page-of-petra") as petra,
    ):
        await admitted(bob)
        await bob.say(type="admit", id="1", seat="assistant")
        await alice.hear("roster")
        await petra.hear("roster")
        await alice.say(type="ask", id="1", to="assistant", what="leave")
        await petra.hear("ask")
        await petra.say(type="hold", id="1", seat="assistant")
        assert (await petra.hear("waiting"))["outside"] == "out"
        while "assistant" in [seat["seat"] for seat in (await alice.hear("roster"))["seats"]]:
            pass
        before = len(petra.heard)
        await alice.say(type="mode", id="2", mic=False, cam=True)
        await bob.hear("mode")
        await petra.say(type="admit", id="2", seat="assistant")
        await petra.refused("forbidden")
        assert {message["type"] for message in petra.heard[before:]} <= {"lobby", "ok", "err"}
        assert await visit.sql("SELECT state FROM seating WHERE seat = 'assistant'") == "held"
        await bob.say(type="ask", id="2", to="assistant", what="return")
        assert (await petra.hear("waiting"))["outside"] == "called"
        # Bob thinks better of it, and Petra says that she comes before the room has heard of it.
        await visit.sql("UPDATE seating SET state = 'held' WHERE seat = 'assistant'")
        await petra.say(type="admit", id="3", seat="assistant")
        await petra.refused("forbidden")
        assert await visit.sql("SELECT state FROM seating WHERE seat = 'assistant'") == "held"
        await bob.say(type="ask", id="3", to="assistant", what="return")
        await petra.hear("ask")
        await petra.say(type="admit", id="4", seat="assistant")
        await petra.hear("roster")
        trail = await visit.sql(
            "SELECT array_agg(role || ' ' || verb ORDER BY id) FROM audit WHERE detail = 'assistant'"
        )
        assert trail == [
            "practitioner seat.admitted", "assistant seat.held", "practitioner seat.called", "practitioner seat.called",
            "assistant seat.admitted",
        ]  # fmt: skip
        await changes.withdraw_consent(visit.db, booking.guest(visit.appointment), visit.appointment)
        for page in (alice, bob, petra):
            assert (await page.hear("ended"))["reason"] == "consent_withdrawn"
            assert (await page.hear("closed"))["code"] == 4410
        assert (await visit.ask("petra"))[1]["code"] == "consent_missing"


async def test_fresh_servers_are_given_to_who_is_admitted(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        await alice.hear("waiting")
        await alice.say(type="ice", id="1")
        await alice.refused("not_admitted")
        await bob.say(type="ice", id="1")
        await bob.hear("roster")
        assert (await bob.hear())["type"] == "ice"
        assert await bob.hear() == {"type": "ok", "id": "1"}


async def test_whether_the_words_were_the_same_is_kept_and_told_to_nobody(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        epoch = await admitted(bob)
        await alice.hear("roster")
        await alice.say(type="sas", id="1", epoch=epoch - 1, match=True)
        await alice.refused("stale")
        for number, match in enumerate((False, True)):
            await alice.say(type="sas", id=f"s{number}", epoch=epoch, match=match)
            await alice.hear("ok")
        await bob.say(type="sas", id="1", epoch=epoch, match=False)
        assert await bob.hear() == {"type": "ok", "id": "1"}
        await alice.silence()
    kept = await visit.sql("SELECT json_object_agg(seat, match) FROM verified")
    assert json.loads(kept) == {"patient": True, "practitioner": False}
    for who in ("carla", "petra", "bob"):
        assert await seen(visit, who) == 0


async def seen(visit: Visit, who: str) -> int:
    """How many answers a login's own walls show."""
    from tests import people

    async with visit.db.transaction(people.CALLERS[who]) as tx:
        return int(await tx.connection.fetchval("SELECT count(*) FROM verified"))


async def test_a_page_comes_back_by_token_alone_once_and_only_as_itself(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob:
        async with visit.seated("alice") as alice:
            await admitted(bob)
            last = (await alice.hear("roster"))["seq"]
        first = alice.token
        resume = {"type": "resume", "token": first, "seq": last, "instance": "a-page-of-tests"}
        async with visit.page() as page:
            await page.say(**{**resume, "instance": "another-page-here"})
            await page.refused("token_refused", 4401)
        async with visit.page() as page:
            await page.say(**{**resume, "token": f"{first[:-2]}AA"})
            await page.refused("token_refused", 4401)
        async with visit.page() as page:
            await page.say(**resume)
            await page.hear("resumed")
            await page.hear("roster")
            async with visit.page() as thief:
                await thief.say(**resume)
                await thief.refused("token_spent", 4401)
            await page.say(type="ping")
            assert (await page.hear())["type"] == "pong", "the second use disturbed the first"
            assert page.token not in ("", first)
            second = page.token
        async with visit.page() as page:
            await page.say(**{**resume, "token": second})
            await page.hear("resumed")
        async with visit.page() as page:
            await page.say(type="hello", ticket=second, instance="a-page-of-tests", versions=[1])
            await page.refused("token_refused", 4401)
        async with visit.page() as page:
            await page.say(type="resume", token=await visit.ticket("alice"), instance="a-page-of-tests", seq=last)
            await page.refused("token_refused", 4401)


async def test_a_token_dies_after_a_quarter_of_an_hour_and_is_renewed_before(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplies, "RENEWED_AFTER", timedelta(seconds=0.1))
    async with visit.seated("bob", "page-of-bob-1") as bob:
        await asyncio.sleep(0.25)
        await bob.say(type="ping")
        await bob.hear("pong")
        old = bob.token
    later = clock.now() + succession.LIFETIME + timedelta(seconds=1)
    async with visit.page() as page:
        monkeypatch.setattr(clock, "now", lambda: later.astimezone(UTC))
        await page.say(type="resume", token=old, instance="page-of-bob-1", seq=1)
        await page.refused("token_refused", 4401)
    assert datetime.now(UTC) < later


@pytest.mark.rule("V-09")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("status = 'cancelled', cancelled_by = 'patient', epoch = epoch + 1", "appointment_over"),
        ("epoch = epoch + 1, admitted = NULL, status = 'booked'", "appointment_over"),
        ("consented = NULL, consent_version = NULL, epoch = epoch + 1", "consent_missing"),
    ],
    ids=["cancelled", "moved", "consent withdrawn"],
)
async def test_a_token_is_no_better_than_the_appointment(visit: Visit, change: str, code: str) -> None:
    async with visit.seated("alice") as alice:
        last = (await alice.hear("waiting"))["seq"]
    await visit.change(change)
    async with visit.page() as page:
        await page.say(type="resume", token=alice.token, instance="a-page-of-tests", seq=last)
        await page.refused(code, {"consent_missing": 4403}.get(code, 4410))


@pytest.mark.rule("V-09")
async def test_who_was_removed_does_not_come_back_by_token(visit: Visit) -> None:
    async with visit.seated("bob", "page-of-bob-1") as bob, visit.seated("alice") as alice:
        await admitted(bob)
        last = (await alice.hear("roster"))["seq"]
        await bob.say(type="kick", id="1", seat="patient")
        await alice.hear("kicked")
        async with visit.page() as page:
            await page.say(type="resume", token=alice.token, instance="a-page-of-tests", seq=last)
            await page.refused("kicked", 4403)
