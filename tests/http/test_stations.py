"""Assisted and in-person appointments from the search to the printed sheet, as pages without JavaScript; and the
station's own page, which shows on the day what others booked there, and to nobody else.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from aiohttp import ClientResponse
from icalendar import Calendar

from telemed import clock
from telemed.db import Database
from telemed.identity.sessions import GUEST_COOKIE
from telemed.identity.tokens import Keys
from telemed.visit.held import COOKIE
from tests import booking, logins, people, waiting
from tests.http.conftest import NINE
from tests.people import CALLERS, DR_BOB, STATION, STATION_GRAMZOW, TALK, TALK_DORA
from tests.refusals import Client, problem

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)
WHO = {"name": "Alice Ährenfeld", "birth_date": "17.5.1948", "carer": "Tina Tochter", "phone": "0170 1234567"}
AT_STATION: dict[str, Any] = {"mode": "assisted", "station": STATION}
WHERE = ("Löwen-Apotheke, Raum 1", "Markt 1", "17268 Gerswalde", "+49 3984 000000")


async def text(answer: ClientResponse, status: int = 200) -> str:
    told = await answer.text()
    assert answer.status == status, (answer.status, told)
    return told


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form whose buttons are starts."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if 'name="start"' in form)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def starts(page: str) -> list[datetime]:
    return [datetime.fromisoformat(start) for start in re.findall(r'name="start" value="([^"]+)"', page)]


async def reserve(api: Client, page: str, start: datetime) -> tuple[str, dict[str, str]]:
    """Presses the button of a start: the address of the form, and the browser's cookie."""
    asked = hidden(page) | {"start": start.isoformat()}
    answer = await api.post("/holds", data=asked, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"], {"Cookie": f"{COOKIE}={answer.cookies[COOKIE].value}"}


async def book(api: Client, page: str, start: datetime, **typed: str) -> dict[str, str]:
    """All the way to the confirmation; the guest's cookie."""
    form, holder = await reserve(api, page, start)
    booked = await api.post(form, data=WHO | typed, headers=holder, allow_redirects=False)
    assert (booked.status, booked.headers["Location"]) == (303, "/appointment/confirmed"), await booked.text()
    return {"Cookie": f"{GUEST_COOKIE}={booked.cookies[GUEST_COOKIE].value}"}


@pytest.mark.rule("V-07")
async def test_from_the_search_to_the_sheet(api: Client, owner: asyncpg.Connection) -> None:
    """Each page on the way says where to go; the station is booked with the doctor, by whoever has no login."""
    results = await text(await api.get("/search?where=Gerswalde&mode=assisted"))
    assert "Löwen-Apotheke" in results and "17268 Gerswalde" in results
    link = next(href for href in re.findall(r'href="(/practitioners/[^"]+)"', results) if "station" in href)
    asked = parse_qs(urlsplit(unescape(link)).query)
    assert (asked["mode"], asked["station"], asked["where"]) == (["assisted"], [str(STATION)], ["Gerswalde"])
    times = await text(await api.get(unescape(link)))
    for part in ("Löwen-Apotheke", "Markt 1, 17268 Gerswalde", "+49 3984 000000"):
        assert part in times
    assert f"station={STATION_GRAMZOW}" in times and "Dorfladen" in times  # or somewhere else
    assert hidden(times)["station"] == str(STATION) and len(starts(times)) == 8
    form, holder = await reserve(api, times, NINE)
    details = await text(await api.get(form, headers=holder))
    assert all(part in details for part in WHERE)
    booked = await api.post(form, data=WHO, headers=holder, allow_redirects=False)
    guest = {"Cookie": f"{GUEST_COOKIE}={booked.cookies[GUEST_COOKIE].value}"}
    for path in ("/appointment/confirmed", "/appointment", "/appointment/move", "/appointment/cancel"):
        page = await text(await api.get(path, headers=guest))
        assert all(part in page for part in WHERE), path
    for path in ("/appointment/confirmed", "/appointment"):
        page = await text(await api.get(path, headers=guest))
        assert "ein paar Minuten früher" in page and 'href="/appointment/room"' not in page
    file = await text(await api.get("/appointment/calendar.ics", headers=guest))
    [event] = Calendar.from_ical(file).walk("VEVENT")
    assert str(event["LOCATION"]) == "Löwen-Apotheke, Markt 1, 17268 Gerswalde"
    [row] = await owner.fetch("SELECT mode, station, station_site, status, carer_name, assistant FROM appointment")
    assert tuple(row) == ("assisted", STATION, people.GERSWALDE, "booked", "Tina Tochter", None)


async def test_in_person_says_where_the_practice_is(api: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET modes = '{video,assisted,in_person}' WHERE id = $1", TALK)
    results = await text(await api.get("/search?where=Prenzlau&mode=in_person"))
    link = next(href for href in re.findall(r'href="(/practitioners/[^"]+)"', results) if "in_person" in href)
    times = await text(await api.get(unescape(link)))
    assert hidden(times)["mode"] == "in_person" and "station" not in hidden(times)
    guest = await book(api, times, NINE)
    for path in ("/appointment/confirmed", "/appointment"):
        page = await text(await api.get(path, headers=guest))
        assert all(part in page for part in ("Praxis am Uckersee", "Markt 1", "17291 Prenzlau", "+49 3984 000000"))
    [event] = Calendar.from_ical(await text(await api.get("/appointment/calendar.ics", headers=guest))).walk("VEVENT")
    assert str(event["LOCATION"]) == "Markt 1, 17291 Prenzlau"  # a practice's name may tell its specialty (G-25)


async def test_a_doctors_page_offers_each_way(api: Client, owner: asyncpg.Connection) -> None:
    """Without a station given, the nearest to the patient, else to the practice; what is not offered is not shown."""
    page = f"/practitioners/{DR_BOB}"
    video = await text(await api.get(page))
    assert hidden(video)["mode"] == "video" and "mode=assisted" in video and "mode=in_person" not in video
    assert hidden(await text(await api.get(f"{page}?mode=in_person")))["mode"] == "video"
    near_practice = await text(await api.get(f"{page}?mode=assisted"))
    assert hidden(near_practice)["station"] == str(STATION_GRAMZOW) and "mit dem Auto" not in near_practice
    near_home = await text(await api.get(f"{page}?mode=assisted&where=Gerswalde"))
    assert hidden(near_home)["station"] == str(STATION) and "mit dem Auto" in near_home
    for unknown in ("x", str(people.fixed(99))):
        assert hidden(await text(await api.get(f"{page}?mode=assisted&station={unknown}")))["station"]
    await owner.execute("UPDATE station SET active = false")
    assert "mode=assisted" not in await text(await api.get(page))
    assert hidden(await text(await api.get(f"{page}?mode=assisted")))["mode"] == "video"


@pytest.mark.rule("B-13")
async def test_a_taken_room_is_not_offered_and_a_loser_is_told_when_both_are_free(api: Client, cast: Database) -> None:
    await people.open_hours(cast, people.DR_DORA, NINE, 2)
    page = f"/practitioners/{DR_BOB}?mode=assisted&station={STATION}"
    seen = await text(await api.get(page))
    await booking.book(cast, NINE, service=TALK_DORA, **AT_STATION)
    await booking.book(cast, NINE + QUARTER, booking.patient("Berta"))
    assert starts(await text(await api.get(page)))[0] == NINE + 2 * QUARTER
    assert starts(await text(await api.get(f"/practitioners/{DR_BOB}")))[0] == NINE
    refused = await api.post("/holds", data=hidden(seen) | {"start": NINE.isoformat()})
    told = await text(refused, 409)
    assert starts(told) == [NINE + n * QUARTER for n in range(2, 7)]
    assert hidden(told)["station"] == str(STATION) and hidden(told)["mode"] == "assisted"
    assert f"mode=assisted&amp;station={STATION}" in told  # all times, at the same place
    await book(api, told, NINE + 2 * QUARTER)


async def test_a_move_keeps_the_room(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    await people.open_hours(cast, people.DR_DORA, NINE, 2)
    guest = await book(api, await text(await api.get(f"/practitioners/{DR_BOB}?mode=assisted&where=Gerswalde")), NINE)
    await booking.book(cast, NINE + QUARTER, booking.patient("Berta"), service=TALK_DORA, **AT_STATION)
    page = await text(await api.get("/appointment/move", headers=guest))
    assert "Der Raum bleibt derselbe" in page and starts(page)[0] == NINE + 2 * QUARTER
    epoch = re.search(r'name="epoch" value="(\d+)"', page)
    assert epoch is not None
    taken = {"epoch": epoch[1], "start": (NINE + QUARTER).isoformat()}
    assert starts(await text(await api.post("/appointment/move", data=taken, headers=guest), 409))
    free = taken | {"start": (NINE + 2 * QUARTER).isoformat()}
    moved = await api.post("/appointment/move", data=free, headers=guest, allow_redirects=False)
    assert moved.headers["Location"] == "/appointment?done=moved"
    [row] = await owner.fetch("SELECT mode, station, lower(during) FROM appointment WHERE service = $1", TALK)
    assert tuple(row) == ("assisted", STATION, NINE + 2 * QUARTER)


@pytest.mark.rule("B-08")
@pytest.mark.rule("B-07")
async def test_nearness_is_reckoned_from_the_station(api: Client, owner: asyncpg.Connection) -> None:
    """Whoever goes to a pharmacy near the practice is near, wherever they live; and the other way round."""
    await owner.execute("INSERT INTO postal_code VALUES ('10115', 'Berlin', 'BE', 52.53, 13.38)")
    await owner.execute("UPDATE site SET near_minutes = 30, near_share = 100, near_until = '1 hour' WHERE id = $1",
                        people.PRENZLAU)  # fmt: skip
    page = f"/practitioners/{DR_BOB}?where=10115"
    assert not starts(await text(await api.get(page)))
    there = await text(await api.get(f"{page}&mode=assisted&station={STATION}"))
    assert len(starts(there)) == 8 and "Löwen-Apotheke ist in der Nähe der Praxis" in there
    await owner.execute("UPDATE site SET lat = 52.5, lon = 13.4 WHERE id = $1", people.GERSWALDE)
    there = await text(await api.get(f"{page}&mode=assisted&station={STATION}"))
    assert not starts(there) and "Löwen-Apotheke ist mehr als 30 Minuten Fahrt von der Praxis entfernt" in there
    wish = {"service": str(TALK), "start": NINE.isoformat(), "postal_code": "17291", "mode": "assisted"}
    answer = await api.post("/api/v1/holds", json=wish | {"station": str(STATION)})
    assert await problem(answer) == (409, "kept_for_near")
    assert (await api.post("/api/v1/holds", json=wish | {"station": str(STATION_GRAMZOW)})).status == 201


@pytest.mark.rule("B-09")
async def test_the_first_assessment_comes_first_at_a_station_too(api: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE service SET first_assessment = true WHERE id = $1", TALK)
    times = await text(await api.get(f"/practitioners/{DR_BOB}?mode=assisted"))
    assert f"/assessments?service={TALK}" in times
    form, holder = await reserve(api, times, NINE)
    assert "Praxis" in await text(await api.post(form, data=WHO, headers=holder), 409)


@pytest.mark.rule("P-05")
async def test_a_stations_page_shows_on_the_day_who_comes(api: Client, keys: Keys) -> None:
    """With name and birth date, to know them at the door; without how to reach them. Another site sees nothing."""
    await book(api, await text(await api.get(f"/practitioners/{DR_BOB}?mode=assisted&where=Gerswalde")), NINE)

    async def page(who: str) -> str:
        token = logins.cookie(keys, CALLERS[who])
        return await text(await api.get("/station", headers=token))

    nine = NINE.astimezone(BERLIN)
    with clock.shifted(nine - timedelta(days=1) - clock.now()):
        before, elsewhere = await page("petra"), await page("paul")
    assert "Alice" not in before and f"{nine:%H:%M}–{nine + QUARTER:%H:%M}" in before and "Die nächsten Tage" in before
    assert "Die nächsten Tage" not in elsewhere
    with clock.shifted(nine.replace(hour=0, minute=30) - clock.now()):
        on_the_day = await page("petra")
        others = await page("paul")
    assert "Alice Ährenfeld" in on_the_day and "17.5.1948" in on_the_day and "gebucht von Tina Tochter" in on_the_day
    assert "1234567" not in on_the_day.replace(" ", "")
    assert "Alice" not in others and "Die nächsten Tage" not in others
    with clock.shifted(nine.replace(hour=1) + timedelta(days=1) - clock.now()):
        assert "Alice" not in await page("petra")


@pytest.mark.rule("P-05")
async def test_over_json_too(api: Client, keys: Keys) -> None:
    """Anybody holds and books with a station; who works at another one finds nothing, its own without the contact."""
    soon = NINE + QUARTER
    wish = {"service": str(TALK), "start": soon.isoformat(), "mode": "assisted", "station": str(STATION)}
    held = await (await api.post("/api/v1/holds", json=wish)).json()
    assert (held["place_name"], held["place_town"], held["station"]) == ("Löwen-Apotheke", "Gerswalde", str(STATION))
    who = people.ALICE | {"phone": "+491701234567"}
    asked = wish | {"patient": who, "hold": held["id"], "hold_secret": held["secret"]}
    booked = await (await api.post("/api/v1/appointments", json=asked)).json()
    assert booked["status"] == "booked" and booked["phone"] == "+491701234567"
    found = await (await api.get(f"/api/v1/services/{TALK}/slots", params={"station": str(STATION)})).json()
    assert soon.isoformat().replace("+00:00", "Z") not in [slot["start"] for slot in found["slots"]]
    mine = f"/api/v1/appointments/{booked['id']}"
    with clock.shifted(soon - timedelta(days=1) - clock.now()):
        for who_asks in ("petra", "paul"):
            assert (await api.get(mine, headers=logins.bearer(keys, CALLERS[who_asks]))).status == 404
    with clock.shifted(soon - QUARTER - clock.now()):
        seen = await (await api.get(mine, headers=logins.bearer(keys, CALLERS["petra"]))).json()
        assert (seen["patient_name"], seen["phone"], seen["email"]) == ("Alice Ährenfeld", None, None)
        assert (await api.get(mine, headers=logins.bearer(keys, CALLERS["paul"]))).status == 404


async def test_waiting_for_a_time_at_a_station(api: Client, cast: Database, owner: asyncpg.Connection) -> None:
    """The wish is for the place that was looked at; the offer says where, and books doctor and room."""
    times = await text(await api.get(f"/practitioners/{DR_BOB}?mode=assisted&station={STATION}"))
    link = re.search(r'href="(/waitlist/join\?[^"]+)"', times)
    assert link is not None
    form = await text(await api.get(unescape(link[1])))
    assert re.search(rf'<option value="{STATION}" selected>', form)
    typed = WHO | {"service": str(TALK), "short_notice": "120", "where": str(STATION), "email": ""}
    joined = await api.post("/waitlist/join", data=typed, allow_redirects=False)
    headers = {"Cookie": f"{GUEST_COOKIE}={joined.cookies[GUEST_COOKIE].value}"}
    assert await waiting.fill(cast) == 1
    page = await text(await api.get("/waitlist", headers=headers))
    assert page.count("17268 Gerswalde") == 2  # of the wish and of the offer
    offer = re.search(r'name="offer" value="([\w-]+)"', page)
    assert offer is not None
    [held] = await owner.fetch("SELECT mode, station, station_site FROM appointment WHERE status = 'held'")
    assert tuple(held) == ("assisted", STATION, people.GERSWALDE)
    won = await api.post("/waitlist/acceptance", data={"offer": offer[1]}, headers=headers, allow_redirects=False)
    mine = {"Cookie": f"{GUEST_COOKIE}={won.cookies[GUEST_COOKIE].value}"}
    confirmed = await text(await api.get("/appointment/confirmed", headers=mine))
    assert all(part in confirmed for part in WHERE)
    [row] = await owner.fetch("SELECT station, mode FROM appointment WHERE status = 'booked'")
    assert tuple(row) == (STATION, "assisted")


async def test_a_lost_offer_leads_to_times_at_the_same_place(
    api: Client, cast: Database, owner: asyncpg.Connection
) -> None:
    typed = WHO | {"service": str(TALK), "short_notice": "120", "where": str(STATION), "email": ""}
    joined = await api.post("/waitlist/join", data=typed, allow_redirects=False)
    headers = {"Cookie": f"{GUEST_COOKIE}={joined.cookies[GUEST_COOKIE].value}"}
    await waiting.fill(cast)
    offer = str(await owner.fetchval("SELECT id FROM offer"))
    await owner.execute("UPDATE offer SET expires = now() - interval '1 s'")
    late = await text(await api.post("/waitlist/acceptance", data={"offer": offer}, headers=headers), 410)
    assert (hidden(late)["mode"], hidden(late)["station"]) == ("assisted", str(STATION))
    form, holder = await reserve(api, late, starts(late)[0])
    details = await text(await api.get(form, headers=holder))
    assert all(part in details for part in WHERE)
