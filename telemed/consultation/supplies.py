"""What a page is given beside the room's messages, and again before it runs out: relay credentials, resume tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telemed.consultation import messages as m
from telemed.consultation.succession import RENEWED_AFTER, Succession
from telemed.consultation.turn import ice
from telemed.consultation.types import Claims
from telemed.settings import Settings


class Supplies:
    """One page's on one socket. `send` sends; `admitted` says whether the page may talk now."""

    def __init__(
        self, settings: Settings, succession: Succession, claims: Claims, instance: str, socket: str,
        send: Callable[[m.ServerMessage], None], admitted: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._settings, self._succession = settings, succession
        self._claims, self._instance, self._socket = claims, instance, socket
        self._send, self._admitted = send, admitted
        self._timers: dict[object, asyncio.TimerHandle] = {}

    def ice(self) -> m.IceConfig:
        """Fresh servers for this seat."""
        if self._settings.turn_urls:
            self._later(self._settings.turn_ttl.total_seconds() * 0.75, self._renew_ice)
        return ice(self._settings, f"{self._claims.appointment}-{self._claims.seat}")

    def send_ice(self) -> None:
        config = self.ice()
        self._send(m.Ice(config.servers, config.policy))

    def _renew_ice(self) -> None:
        if self._admitted():
            self.send_ice()

    def send_token(self) -> None:
        """For the next resume of this page."""
        self._send(self._succession.token(self._claims, self._instance, self._socket))
        self._later(RENEWED_AFTER.total_seconds(), self.send_token)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        """Once; later, if it is said again before."""
        if what in self._timers:
            self._timers[what].cancel()
        self._timers[what] = asyncio.get_running_loop().call_later(seconds, what)

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
