"""One of everything that a route can be about, and a request of anybody to any route about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from telemed import clock
from telemed.db import Database, Tx
from telemed.identity.callers import ANONYMOUS, SYSTEM, Caller
from telemed.identity.tokens import Keys
from telemed.routes import Route
from telemed.scheduling import consent
from telemed.wording import HERE
from tests import logins, people

OWN, OTHERS = people.fixed(61), people.fixed(62)
ASSESSMENT, RULE, CLOSURE, NOTICE, WALK_IN, RIDE = (people.fixed(n) for n in range(71, 77))
GUEST, OTHER_GUEST = Caller("guest", appointment=OWN, entry=OWN), Caller("guest", appointment=OTHERS, entry=OTHERS)
# What happens at Bob's practice, for a patient at Petra's pharmacy; the rest of the cast has nothing to do with it.
CALLERS: dict[str, Caller] = {
    "nobody": ANONYMOUS, "alice": GUEST, "another guest": OTHER_GUEST, **people.CALLERS,
    "screen": people.SCREEN, "another screen": people.OTHER_SCREEN, "gateway": people.GATEWAY,
    "another gateway": people.OTHER_GATEWAY,
}  # fmt: skip


@dataclass
class World:
    """A client, and an appointment of Alice's that is new for every call."""

    client: TestClient
    db: Database
    keys: Keys
    start: datetime

    async def appointment(self) -> None:
        async with self.db.transaction(SYSTEM) as tx:
            await tx.connection.execute("UPDATE appointment SET status = 'cancelled'")
            await tx.connection.execute(
                "UPDATE service SET active = true, first_assessment = (id = $1)", people.TALK_DORA
            )  # fmt: skip
            await tx.connection.execute("DELETE FROM assessment")
            await tx.connection.execute(
                "INSERT INTO assessment (id, site, service, patient_key, patient_name, birth_date, phone, asked)"
                " VALUES ($1, $2, $3, $4, 'Berta Probe', '1970-01-01', '+493984123456', now())",
                ASSESSMENT, people.PRENZLAU, people.TALK, ASSESSMENT.bytes,
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO appointment (id, practitioner, service, site, station, station_site, mode, status, during,"
                " reserved, code_digest, patient_key, patient_name, birth_date, email, consent_version, consented)"
                " VALUES ($1, $2, $3, $4, $5, $6, 'assisted', 'booked', tstzrange($7, $8), tstzrange($7, $8), $9, $9,"
                " 'Alice Ährenfeld', '1948-05-17', 'a@exmaple.org', $10, now())"
                " ON CONFLICT (id) DO UPDATE SET status = 'booked', epoch = 1, consented = now(),"
                " consent_version = $10",
                OWN, people.DR_BOB, people.TALK, people.PRENZLAU, people.STATION, people.GERSWALDE, self.start,
                self.start + timedelta(minutes=15), OWN.bytes, consent.VERSION,
            )  # fmt: skip
            await tx.connection.fetch("SELECT tell(a, 'booked', now()) FROM appointment a WHERE id = $1", OWN)
            await people.receive(tx, OWN)
            await tx.connection.execute(
                "UPDATE notice SET id = $2, status = 'dead', last_error = 'smtp 550', start = lower(a.during)"
                " FROM appointment a WHERE a.id = $1 AND appointment = a.id AND kind = 'booked'",
                OWN, NOTICE,
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO walk_in (id, station, site, specialty, assisting, patient_name, birth_date, patient_key,"
                " code_digest, language, came, status, practitioner, changed) VALUES ($1, $2, $3, 'general', true,"
                " 'Berta Probe', '1970-01-01', $4, $4, 'de', now(), 'offered', $5, now())"
                " ON CONFLICT (id) DO UPDATE SET status = 'offered', practitioner = $5, reason = NULL",
                WALK_IN, people.STATION, people.GERSWALDE, WALK_IN.bytes, people.DR_BOB,
            )  # fmt: skip
            await tx.connection.execute(
                "INSERT INTO ride (id, site, kind, weekdays, since, until, direction, email, phone)"
                " VALUES ($1, $2, 'bus', '{1,2,3,4,5,6,7}', '00:00', '23:59', 'Flieth', 'bus@example.org', '+4939841')"
                " ON CONFLICT (id) DO UPDATE SET ended = NULL",
                RIDE, people.GERSWALDE,
            )  # fmt: skip
            await self._entry(tx)
            await self._hours(tx)
        for screen in (people.SCREEN, people.OTHER_SCREEN, people.GATEWAY, people.OTHER_GATEWAY):
            await people.pair(self.db, screen)

    async def _hours(self, tx: Tx) -> None:
        """A rule of Bob's and a day off; and the time he is open, which a change of hours would have taken back."""
        await tx.connection.execute(
            "INSERT INTO opening (practitioner, during) VALUES ($1, tstzrange($2, $3)) ON CONFLICT DO NOTHING",
            people.DR_BOB, self.start, self.start + timedelta(hours=4),
        )  # fmt: skip
        await tx.connection.execute(
            "INSERT INTO rule (id, practitioner, recurrence, start_time, end_time, zone, from_date)"
            " VALUES ($1, $2, 'FREQ=WEEKLY;BYDAY=SU', '03:00', '04:00', 'Europe/Berlin', '2026-01-01')"
            " ON CONFLICT DO NOTHING", RULE, people.DR_BOB,
        )  # fmt: skip
        await tx.connection.execute(
            "INSERT INTO closure (id, site, practitioner, during) VALUES ($1, $2, $3, tstzrange($4, $5))"
            " ON CONFLICT DO NOTHING",
            CLOSURE, people.PRENZLAU, people.DR_BOB, self.start + timedelta(days=20), self.start + timedelta(days=21),
        )  # fmt: skip

    async def _entry(self, tx: Tx) -> None:
        """Her place on the waiting list, with an open offer; all three ids are OWN, or the hold's."""
        held, later = people.fixed(63), self.start + timedelta(hours=2)
        await tx.connection.execute("DELETE FROM waitlist_entry")
        await tx.connection.execute(
            "INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, expires)"
            " VALUES ($1, $2, $3, $4, 'video', 'held', tstzrange($5, $6), tstzrange($5, $6), $6)"
            " ON CONFLICT (id) DO UPDATE SET status = 'held'",
            held, people.DR_BOB, people.TALK, people.PRENZLAU, later, later + timedelta(minutes=15),
        )  # fmt: skip
        await tx.connection.execute(
            "INSERT INTO waitlist_entry (id, service, practitioner, site, mode, patient_name, birth_date, patient_key,"
            " email, near, short_notice, code_digest, created, changed)"
            " VALUES ($1, $2, $3, $4, 'video', 'Alice Ährenfeld', '1948-05-17', $5, 'a@example.org', true, '1 hour',"
            " $5, now(), now())",
            OWN, people.TALK, people.DR_BOB, people.PRENZLAU, OWN.bytes,
        )  # fmt: skip
        await tx.connection.execute(
            "INSERT INTO offer (id, entry, practitioner, site, appointment, start, expires, channel, created)"
            " VALUES ($1, $1, $2, $3, $4, $5, now() + interval '1 hour', 'email', now())",
            OWN, people.DR_BOB, people.PRENZLAU, held, later,
        )  # fmt: skip

    async def ask(self, route: Route, who: str, thing: UUID) -> ClientResponse:
        path = route.path.replace("{appointment}", str(thing)).replace("{hold}", str(thing))
        path = path.replace("{entry}", str(thing)).replace("{offer}", str(thing))
        path = path.replace("{service}", str(people.TALK)).replace("{practitioner}", str(people.DR_BOB))
        path = path.replace("{assessment}", str(ASSESSMENT)).replace("{rule}", str(RULE))
        path = path.replace("{closure}", str(CLOSURE)).replace("{notice}", str(NOTICE))
        path = path.replace("{station}", str(people.STATION)).replace("{walk_in}", str(WALK_IN))
        path = path.replace("{ride}", str(RIDE))
        path = re.sub(r"\{\w+\}", str(uuid4()), path)  # things of other kinds, which nobody has
        form = {"data": {"seen": "yes"}} if route.kind == "page" and route.method == "POST" else {}
        sample = self.samples(CALLERS[who]).get((route.method, route.path), form)
        headers = self._credentials(route, CALLERS[who])
        return await self.client.request(route.method, path, headers=headers, allow_redirects=False, **sample)

    def _credentials(self, route: Route, caller: Caller) -> dict[str, str]:
        if caller is ANONYMOUS:
            return {}
        return (logins.bearer if route.kind == "api" else logins.cookie)(self.keys, caller)

    def samples(self, caller: Caller) -> dict[tuple[str, str], dict[str, Any]]:
        """What a route needs to get as far as its permission."""
        later, evening = ((self.start + timedelta(minutes=minutes)).isoformat() for minutes in (30, 90))
        wish: dict[str, Any] = {"service": str(people.TALK), "start": later, "mode": "video"}
        if caller.role == "assistant":
            wish |= {"mode": "assisted", "station": str(people.STATION)}
        far = (self.start + timedelta(days=30)).date().isoformat()
        alice = {"name": f"Alice {'abcdefghij'[uuid4().int % 10]}renfeld", "birth_date": "1948-05-17"}
        token = {"refresh_token": "x" * 43}
        return {
            ("POST", "/api/v1/sessions"): {"json": {"login": "carla", "password": people.PASSWORD}},
            ("POST", "/api/v1/sessions/renewal"): {"json": token},
            ("POST", "/api/v1/sessions/end"): {"json": token},
            ("POST", "/api/v1/sessions/guest"): {"json": {"code": "2345-6789-CDFG"}},
            ("GET", "/api/v1/towns"): {"params": {"where": "Prenzlau"}},
            ("GET", "/api/v1/practitioners"): {"params": {"where": "Prenzlau"}},
            ("GET", "/api/v1/sites"): {"params": {"where": "Prenzlau"}},
            ("POST", "/api/v1/holds"): {"json": wish},
            ("POST", "/api/v1/appointments"): {"json": {**wish, "patient": alice}},
            ("GET", "/api/v1/appointments"): {"params": {"day": clock.now().astimezone(HERE).date().isoformat()}},
            ("PATCH", "/api/v1/appointments/{appointment}"): {"json": {"start": later}},
            ("POST", "/api/v1/appointments/{appointment}/consents"): {"json": {"version": consent.VERSION}},
            ("POST", "/api/v1/appointments/{appointment}/tickets"): {"json": {}},
            ("POST", "/api/v1/practitioners/{practitioner}/services"): {"json": people.TERMS},
            ("POST", "/api/v1/practitioners/{practitioner}/rules"): {"json": people.RULE},
            ("POST", "/api/v1/closures"): {"json": {"first": far, "last": far, "practitioner": str(people.DR_DORA)}},
            ("PUT", "/api/v1/rules/{rule}"): {"json": {**people.RULE, "recurrence": "FREQ=WEEKLY;BYDAY=SU"}},
            ("PATCH", "/api/v1/services/{service}"): {"json": {"daily_cap": 20}},
            ("POST", "/api/v1/assessments"): {
                "json": {"service": str(people.TALK_DORA), "patient": alice | {"phone": "03984 1234"}}
            },
            ("POST", "/api/v1/assessments/{assessment}/result"): {"json": {"result": "video"}},
            ("POST", "/api/v1/prechecks"): {"json": {"tried": ["direct"], "paths": []}},
            ("PUT", "/api/v1/stations/{station}/description"): {"json": {"devices": ["printer"]}},
            ("POST", "/api/v1/stations/{station}/pairing"): {"json": {"code": "2345-6789"}},
            ("POST", "/api/v1/trainings"): {
                "json": {"person": str(caller.person), "topic": "devices", "passed": "2026-01-01"}
            },
            ("POST", "/station/trainings"): {
                "data": {"person": str(caller.person), "topic": "devices", "passed": "1.1.2026"}
            },
            ("POST", "/api/v1/appointments/{appointment}/intake"): {"json": people.RECEIVED},
            ("POST", "/station/walk-ins"): {
                "data": {
                    "name": "Carl Probe",
                    "birth_date": "1.1.1970",
                    "specialty": "general",
                    "station": str(people.STATION),
                    "key": uuid4().hex,
                }
            },
            ("POST", "/api/v1/walk-ins"): {
                "json": {
                    "station": str(people.STATION),
                    "specialty": "general",
                    "patient": alice,
                }
            },
            ("PUT", "/api/v1/on-call"): {"json": {"until": (clock.now() + timedelta(hours=1)).isoformat()}},
            ("POST", "/api/v1/walk-ins/{walk_in}/handing-on"): {"json": {}},
            ("POST", "/api/v1/walk-ins/{walk_in}/declining"): {"json": {"reason": "practice"}},
            ("POST", "/api/v1/stations/checks"): {"json": {"camera": "ok", "microphone": "ok"}},
            ("POST", "/station/rides"): {
                "data": {
                    "kind": "taxi",
                    "day1": "yes",
                    "since": "8",
                    "until": "18",
                    "direction": "Flieth",
                    "email": "taxi@example.org",
                    "phone": "039841 1234",
                }
            },
            ("POST", "/appointment/rides"): {"data": {"ride": f"{RIDE}.home", "agree": "yes"}},
            ("POST", "/station/appointments/{appointment}/rides"): {"data": {"ride": f"{RIDE}.home", "agree": "yes"}},
            ("POST", "/practice/on-call"): {"data": {"until": "23:59"}},
            ("POST", "/practice/on-call/{walk_in}/declining"): {"data": {"reason": "practice"}},
            ("POST", "/practice/services/new"): {"data": people.SERVICE_FORM},
            ("POST", "/practice/services/{service}"): {"data": people.SERVICE_FORM},
            ("POST", "/practice/assessments/{assessment}"): {"data": {"result": "video"}},
            ("GET", "/practice/services/new"): {"params": {"who": str(people.DR_BOB)}},
            ("GET", "/assessments"): {"params": {"service": str(people.TALK)}},
            ("GET", "/assessments/asked"): {"params": {"service": str(people.TALK)}},
            ("POST", "/assessments"): {"data": {"service": str(people.TALK_DORA), **alice, "phone": "03984 1234"}},
            ("POST", "/practice/book"): {"data": {"name": "Alice"}},
            ("POST", "/practice/appointments/{appointment}/move"): {"data": {"start": later}},
            ("POST", "/practice/appointments/{appointment}/outcome"): {"data": {"outcome": "undo"}},
            ("POST", "/practice/appointments/{appointment}/follow-up"): {
                "data": {"choice": f"{people.TALK}.video", "start": evening, "key": uuid4().hex}
            },
            ("POST", "/api/v1/appointments/{appointment}/waitlist"): {"json": {"phone": "+493984000000"}},
            ("POST", "/api/v1/waitlist"): {
                "json": {"service": str(people.TALK), "patient": {**alice, "phone": "+493984000000"}}
            },
            ("PATCH", "/api/v1/waitlist/{entry}/offers/{offer}"): {"json": {"status": "declined"}},
            ("POST", "/practice/waitlist/{entry}/acceptance"): {"data": {"offer": str(OWN)}},
            ("POST", "/practice/waitlist/{entry}/refusal"): {"data": {"offer": str(OWN)}},
        }
