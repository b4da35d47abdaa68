"""The whole application, with hours to book and logins to ask with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telemed import limits
from telemed.db import Database
from telemed.identity.callers import Caller
from telemed.identity.tokens import Keys
from tests import logins, people
from tests.refusals import Client

NINE = people.tomorrow(9)
GUEST = people.fixed(61)

Tokens = Callable[[str], dict[str, str]]


@pytest.fixture
async def api(client: Client, cast: Database, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Bob can be booked tomorrow from 9 to 11, and asked as often as one likes."""
    monkeypatch.setattr(limits.Limit, "spend", lambda self, client: None)
    await people.open_hours(cast, people.DR_BOB, NINE, 2)
    return client


@pytest.fixture
def tokens(keys: Keys) -> Tokens:
    """Headers for a role; the guest's are those of GUEST."""

    def bearer(role: str) -> dict[str, str]:
        if role == "anonymous":
            return {}
        named = (caller for caller in (*people.CALLERS.values(), people.SCREEN, people.GATEWAY) if caller.role == role)
        return logins.bearer(keys, next(named, Caller("guest", appointment=GUEST)))

    return bearer
