"""What is relayed for a consultation ends with it, though its credentials were good for longer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from telemed.consultation import relays
from telemed.precheck import tickets
from telemed.relay import credentials
from telemed.settings import Settings
from tests.live.conftest import Visit
from tests.processes import free_port
from tests.turn import Relay, Turn, relay

PASSWORD = secrets.token_hex(8)
CONTROL = f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
async def turn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Relay]:
    port = CONTROL.rpartition(":")[2]
    options = (f"--cli-port={port}", "--cli-ip=127.0.0.1", f"--cli-password={PASSWORD}")
    async with relay(tmp_path_factory.mktemp("turn"), "127.0.0.1", *options) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, turn: Relay) -> Settings:
    return msgspec.structs.replace(
        settings, turn_urls=turn.urls, turn_secret=turn.secret, turn_control=(CONTROL,), turn_control_password=PASSWORD
    )


async def test_it_lives_on_when_the_credential_has_run_out(turn: Relay, settings: Settings) -> None:
    """So two minutes are enough for a credential, and a call outlives the server that made it. A check does not."""

    def of(owner: str, seconds: int) -> AbstractAsyncContextManager[Turn]:
        return Turn.to(turn, *credentials(turn.secret, owner, timedelta(seconds=seconds)))

    async with of("patient", 1) as client, of("check-a", 1) as check, of("check-b", 100) as another:
        for one in (client, check, another):
            assert await one.allocate() == 0
        await asyncio.sleep(2.1)
        assert await client.refresh() == await check.refresh() == 0
        await relays.close(settings, tickets.OWNER, expired=True)
        async with asyncio.timeout(5):
            while await check.refresh() == 0:
                await asyncio.sleep(0.05)
        assert await client.refresh() == await another.refresh() == 0
        async with Turn.to(turn, client._username, client._password) as again:
            assert await again.allocate() == 401


@pytest.mark.rule("V-09")
@pytest.mark.parametrize("how", ["cancelled", "moved", "kick", "hold", "end"])
async def test_what_is_relayed_ends_within_a_second(visit: Visit, turn: Relay, how: str) -> None:
    async with AsyncExitStack() as stack:
        bob = await stack.enter_async_context(visit.seated("bob", "page-of-the-doctor"))
        alice = await stack.enter_async_context(visit.seated("alice"))
        await bob.say(type="admit", id="1", seat="patient")
        mine = await _relayed(stack, turn, await alice.hear("ice"))
        others = await _relayed(stack, turn, next(told for told in bob.heard if told["type"] == "joined")["ice"])
        username, credential = credentials(turn.secret, "another", timedelta(minutes=1))
        stranger = await _relayed(stack, turn, {"servers": [{"username": username, "credential": credential}]})
        match how:
            case "kick" | "hold":
                await bob.say(type=how, id="2", seat="patient")
            case "end":
                await bob.say(type=how, id="2")
            case _:
                await visit.change("status = 'cancelled'" if how == "cancelled" else "epoch = epoch + 1")
                await visit.announce()
        async with asyncio.timeout(1):
            while await mine.refresh() != 437:
                await asyncio.sleep(0.05)
        if how in ("kick", "hold"):
            assert await others.refresh() == 0
        else:
            async with asyncio.timeout(1):
                while await others.refresh() != 437:
                    await asyncio.sleep(0.05)
        assert await stranger.refresh() == 0


async def test_a_relay_that_does_not_answer_harms_nobody() -> None:
    settings = Settings(turn_control=("127.0.0.1:1",), turn_control_password="wrong")
    await relays.close(settings, "x")


async def test_a_wrong_password_harms_nobody(turn: Relay, settings: Settings) -> None:
    await relays.close(msgspec.structs.replace(settings, turn_control_password="wrong"), "x")


async def _relayed(stack: AsyncExitStack, turn: Relay, ice: dict[str, Any]) -> Turn:
    """What somebody has allocated with the credential they were given."""
    server = ice["servers"][0]
    client = await stack.enter_async_context(Turn.to(turn, server["username"], server["credential"]))
    assert await client.allocate() == 0
    return client
