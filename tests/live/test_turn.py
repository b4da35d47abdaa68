"""The relay: our credentials open it, for a while, and it leads to no private place."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from telemed import clock
from telemed.consultation.messages import IceConfig
from telemed.consultation.turn import ice
from telemed.relay import credentials
from telemed.settings import Settings
from tests.turn import Relay, Turn, relay

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
async def turn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Relay]:
    async with relay(tmp_path_factory.mktemp("turn")) as running:
        yield running


def test_the_credential_is_what_the_draft_says() -> None:
    username, credential = credentials("a secret", "0192-patient", HOUR)
    expiry, _, owner = username.partition(":")
    assert owner == "0192-patient"
    assert abs(int(expiry) - clock.now().timestamp() - 3600) < 2
    assert credential == b64encode(hmac.new(b"a secret", username.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.rule("V-05")
def test_without_a_relay_of_ours_nobody_is_asked() -> None:
    assert ice(Settings(), "x") == IceConfig((), "all")


async def test_a_valid_credential_allocates(turn: Relay) -> None:
    async with Turn.to(turn, *credentials(turn.secret, secrets.token_hex(8), HOUR)) as client:
        assert await client.allocate() == 0
        assert await client.permit("8.8.8.8") == 0


@pytest.mark.parametrize(
    ("secret", "lifetime"), [("", timedelta(seconds=-5)), ("another", HOUR)], ids=["expired", "another secret"]
)
async def test_other_credentials_do_not(turn: Relay, secret: str, lifetime: timedelta) -> None:
    async with Turn.to(turn, *credentials(secret or turn.secret, "a-patient", lifetime)) as client:
        assert await client.allocate() == 401


async def test_a_longer_expiry_needs_a_new_password(turn: Relay) -> None:
    username, password = credentials(turn.secret, secrets.token_hex(8), HOUR)
    expiry, _, owner = username.partition(":")
    async with Turn.to(turn, f"{int(expiry) + 9999}:{owner}", password) as client:
        assert await client.allocate() == 401


@pytest.mark.rule("V-02")
@pytest.mark.parametrize(
    "peer",
    [
        "10.0.0.1", "192.168.1.1", "172.16.0.1", "172.31.255.254", "169.254.169.254", "127.0.0.1", "0.0.0.0",
        "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
async def test_it_leads_to_no_private_address(turn: Relay, peer: str) -> None:
    async with Turn.to(turn, *credentials(turn.secret, secrets.token_hex(8), HOUR)) as client:
        assert await client.allocate() == 0
        assert await client.permit(peer) == 403


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6, so coturn allocates none")
@pytest.mark.parametrize(
    "peer", ["::1", "::", "::ffff:10.0.0.1", "fe80::1", "fd00::1", "fc00::1", "ff02::1", "2002:a00:1::"]
)
async def test_nor_to_a_private_address_of_version_six(turn: Relay, peer: str) -> None:
    async with Turn.to(turn, *credentials(turn.secret, secrets.token_hex(8), HOUR)) as client:
        assert await client.allocate(family=2) == 0
        assert await client.permit(peer) == 403
        assert await client.permit("2620:fe::fe") == 0


async def test_one_seat_holds_so_many_relays_and_no_more(turn: Relay) -> None:
    codes = []
    for attempt in range(13):  # with a new expiry each time, as after every reconnect
        async with Turn.to(turn, *credentials(turn.secret, "greedy", HOUR + timedelta(seconds=attempt))) as client:
            codes.append(await client.allocate())
    assert codes == [0] * 12 + [486]


async def test_nobody_unknown_is_served_and_nothing_personal_is_logged(turn: Relay) -> None:
    async with Turn.to(turn, "", "") as client:
        assert await client.binding() == 401
    async with Turn.to(turn, *credentials(turn.secret, "0192-patient", HOUR)) as client:
        await client.allocate()
    log = Path(turn.log).read_text()
    assert "0192-patient" not in log and turn.secret not in log
