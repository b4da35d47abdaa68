"""`telemed demo --call`: the main job without a human, over nothing but the public interfaces.

A patient in a village searches, books and agrees; the doctor in the town logs in and calls them in; both seats join
over the real socket with aiortc peers that send a test picture and a tone, and count what arrives.
"""

from __future__ import annotations

import uuid
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from rich.console import Console

from telemed.consultation.peer import PeerError, join, tickets
from telemed.demo.outcome import CallFailed
from telemed.demo.region import DEMO_LOGINS
from telemed.scheduling import consent

VILLAGE, SPECIALTY = "17268 Gerswalde", "general"
FRAMES, LOUD = 60, 100  # frames of video; pieces of 20 ms in which the tone is heard
DOCTOR = DEMO_LOGINS[0]  # on call day and night, so that there is a slot soon at any hour


async def play(base_url: str, console: Console) -> None:
    """Plays it once, a line a step. Raises CallFailed."""
    async with aiohttp.ClientSession(headers={"Accept-Language": "en"}) as session:
        try:
            await _play(session, base_url, console)
        except (PeerError, aiohttp.ClientError) as error:
            raise CallFailed(str(error)) from error


async def _play(session: aiohttp.ClientSession, base_url: str, console: Console) -> None:
    def say(who: str, what: str) -> None:
        console.print(f"  [bold]{who:8}[/] {what}")

    async def api(method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        async with session.request(method, f"{base_url}/api/v1/{path}", headers=headers, **more) as answer:
            found: Any = await answer.json() if answer.status != 204 else None
            if answer.status >= 400:
                raise CallFailed(f"{method} {path}: {found['detail']} ({found['code']})")
            return found

    asked = {"where": VILLAGE, "specialty": SPECIALTY, "sort": "earliest"}
    found = (await api("GET", "practitioners", params=asked))["practitioners"]
    chosen = next((entry for entry in found if f"{entry['title']} {entry['name']}" == DOCTOR.name), None)
    if chosen is None:
        raise CallFailed(f"{DOCTOR.name} has no free time; `make demo-reset` starts over")
    town = chosen["town"]
    say("Patient", f"searches from {VILLAGE}: {DOCTOR.name} in {town['name']}, {town['km']:.0f} km away")

    wish = {
        "service": chosen["earliest_service"], "start": chosen["earliest"],
        "patient": {"name": "Frieda Feldlerche", "birth_date": "1948-05-17"},
    }  # fmt: skip
    booked = await api("POST", "appointments", json=wish, headers={"Idempotency-Key": uuid.uuid4().hex})
    say("Patient", f"books {booked['start']}; the code is {booked['code']}")
    guest = (await api("POST", "sessions/guest", json={"code": booked["code"]}))["access_token"]
    await api("POST", f"appointments/{booked['id']}/consents", guest, json={"version": consent.VERSION})
    say("Patient", "comes back with nothing but the code, and agrees to the video consultation")

    login = {"login": DOCTOR.login, "password": DOCTOR.password}
    doctor = (await api("POST", "sessions", json=login))["access_token"]
    say("Doctor", "logs in")
    async with AsyncExitStack() as seats:
        patient = await seats.enter_async_context(join(base_url, tickets(session, base_url, booked["id"], guest)))
        say("Patient", "sits in the waiting room")
        practitioner = await seats.enter_async_context(join(base_url, tickets(session, base_url, booked["id"], doctor)))
        await practitioner.admit("patient")
        say("Doctor", "calls the patient in")
        at_doctor = await practitioner.receives("patient", FRAMES, LOUD)
        at_patient = await patient.receives("practitioner", FRAMES, LOUD)
        for who, received in (("Doctor", at_doctor), ("Patient", at_patient)):
            say(who, f"sees {received.video} frames and hears {received.loud * 20 / 1000:.1f} s of the tone")
        await practitioner.end()
        say("Doctor", "ends the consultation")
    status = (await api("GET", f"appointments/{booked['id']}", doctor))["status"]
    if status != "fulfilled":
        raise CallFailed(f"the appointment is {status}, not fulfilled")
    console.print(
        "[green]The appointment is fulfilled.[/] Picture and sound went from peer to peer, not through the server."
    )
