"""Whom a limit counts: one address, or what one subscriber has of IPv6."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from telemed.routes import client_of


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7", "203.0.113.7"),  # what comes before was said by the client itself
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ("unknown", "unknown"),
    ],
)
def test_who_is_counted_as_one(forwarded: str, client: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded})
    assert client_of(request, behind_proxy=True) == client
    assert client_of(request, behind_proxy=False) not in (client, forwarded)
