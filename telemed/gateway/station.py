"""What a gateway asks the server: to become its station's, and who sits in front of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp

from telemed.consultation.peer import PeerError

CODE_LIVES: Final = 10 * 60.0  # seconds
LOOK: Final = 5.0  # seconds between two questions


class Unpaired(Exception):
    """Somebody has ended the pairing, or a copy of the badge was used."""


class Station:
    """`kept`: the file with the badge, which changes every few minutes."""

    def __init__(self, session: aiohttp.ClientSession, url: str, kept: Path) -> None:
        self._session, self._url, self._kept = session, url, kept
        self._badge = kept.read_text("ascii") if kept.exists() else ""

    async def pair(self, show: Callable[[str], None]) -> None:
        """Shows codes until one is entered; nothing happens if there is a badge already."""
        while not self._badge:
            _, told = await self._ask("codes")
            show(str(told["code"]))
            await self._entered(str(told["claim"]))

    async def _entered(self, claim: str) -> None:
        for _ in range(int(CODE_LIVES / LOOK)):
            status, told = await self._ask("badges", claim=claim)
            if status == 201:
                self._keep(str(told["badge"]))
                return
            await asyncio.sleep(LOOK)

    async def visit(self) -> UUID | None:
        """The appointment in front of the gateway. Raises Unpaired, aiohttp.ClientError."""
        status, told = await self._ask("visit", badge=self._badge)
        if status == 401:
            self._kept.unlink(missing_ok=True)
            self._badge = ""
            raise Unpaired
        if told["badge"] != self._badge:
            self._keep(str(told["badge"]))
        return UUID(told["appointment"]) if told["appointment"] else None

    async def ticket(self, appointment: UUID) -> str:
        """Raises PeerError with the code of a refusal."""
        async with self._session.post(
            f"{self._url}/api/v1/appointments/{appointment}/tickets", json={},
            headers={"Authorization": f"Bearer {self._badge}"},
        ) as answer:  # fmt: skip
            told = await answer.json()
        if answer.status != 201:
            raise PeerError(str(told.get("code", answer.status)))
        return str(told["ticket"])

    async def _ask(self, what: str, **body: str) -> tuple[int, dict[str, Any]]:
        """Raises aiohttp.ClientError, also for a server that is ill."""
        async with self._session.post(f"{self._url}/api/v1/gateway/{what}", json=body) as answer:
            if answer.status >= 500 or answer.status == 429:
                answer.raise_for_status()
            return answer.status, await answer.json()

    def _keep(self, badge: str) -> None:
        self._badge = badge
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        made = self._kept.with_suffix(".new")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(badge)
        made.replace(self._kept)
