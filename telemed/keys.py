"""What the application carries, each under a typed key."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from telemed.db import Database
from telemed.identity.tokens import Keys
from telemed.settings import Settings

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
KEYS = web.AppKey("keys", Keys)
LOG_UP: web.AppKey[Callable[[], bool]] = web.AppKey("log_up")
"""Whether consultations can be joined now: the rooms' log takes entries."""
