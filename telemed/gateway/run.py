"""The life of a gateway: paired once, then in every conversation in front of it, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import aiohttp
import click

from telemed import serving
from telemed.consultation.peer import PeerError, join
from telemed.gateway.devices import Device, DeviceError, chosen
from telemed.gateway.publisher import Publisher
from telemed.gateway.station import LOOK, Station, Unpaired
from telemed.settings import Settings, SettingsError

_SENT_AWAY: Final = {"denied", "kicked", "replaced"}
_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)


async def command(settings: Settings, named: Mapping[str, str | None]) -> None:
    """Until SIGTERM. `named`: devices by label, as on the command line. Raises SettingsError."""
    try:
        devices = chosen(named)
    except DeviceError as error:
        raise SettingsError(str(error)) from None
    serving.configure_logs(settings.log_level)
    work = asyncio.ensure_future(run(settings.origin, settings.data_dir / "gateway", devices, click.echo))
    told = asyncio.ensure_future(serving.until_told())
    await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    click.echo("Stopped.")


async def run(url: str, kept: Path, devices: list[Device], say: Callable[[str], None]) -> None:
    """For good. `kept`: the file of the badge."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        station = Station(session, url, kept)
        while True:
            try:
                await station.pair(lambda code: say(f"Enter this code on the page of the room: {code}"))
                say("Paired. Waiting for a conversation.")
                await _serve(station, url, devices, say)
            except Unpaired:
                say("The pairing was ended.")
            except (aiohttp.ClientError, TimeoutError):
                say("The server does not answer. Trying again.")
                await asyncio.sleep(LOOK)


async def _serve(station: Station, url: str, devices: list[Device], say: Callable[[str], None]) -> None:
    """Raises Unpaired; aiohttp.ClientError between two conversations."""
    sent_away: UUID | None = None
    while True:
        appointment = await station.visit()
        if appointment is not None and appointment != sent_away:
            try:
                over = await _publish(station, url, appointment, devices, say)
            except PeerError as refused:
                over = str(refused)
            if over in _SENT_AWAY:
                sent_away = appointment
            say(f"Out of the room: {over}.")
        await asyncio.sleep(LOOK)


async def _publish(
    station: Station, url: str, appointment: UUID, devices: list[Device], say: Callable[[str], None]
) -> str:
    """Sends as long as this conversation goes on; why it does not any more. Raises PeerError, Unpaired."""

    async def ticket() -> str:
        try:
            await station.visit()  # for a ticket the badge has to be a fresh one
        except Unpaired:
            raise PeerError("unpaired") from None
        return await station.ticket(appointment)

    async with join(url, ticket, links=partial(Publisher, devices=devices)) as peer:
        say("In the room, or at its door.")
        while peer.over is None:
            if isinstance(peer.links, Publisher) and peer.links.broken:
                return "connection lost"
            await asyncio.sleep(LOOK)
            with suppress(aiohttp.ClientError, TimeoutError):  # what is sent goes on without the server
                if await station.visit() != appointment:
                    return "nobody is there any more"
        return peer.over
