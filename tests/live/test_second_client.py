"""PROTOCOL.md is enough: a client written from it alone gets through a whole visit, losses included."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

from tests import second_client
from tests.live.conftest import ONE_AND_TWO, Visit
from tests.second_client import Client

NODES = ONE_AND_TWO


def test_it_is_small_and_knows_nothing_of_telemed() -> None:
    source = Path(second_client.__file__).read_text()
    assert len(source.splitlines()) < 150
    imported = {
        name.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom) for name in node.names
    }  # fmt: skip
    assert imported == {"__future__", "asyncio", "json", "secrets", "typing", "aiohttp"}


async def test_a_whole_visit(visit: Visit) -> None:
    async with asyncio.TaskGroup() as group:
        everybody = [
            Client(visit.session, visit.url, str(visit.appointment), visit.token(who))
            for who in ("alice", "bob", "petra")
        ]
        alice, bob, petra = everybody
        for client in everybody:
            group.create_task(client.run())
        await bob.until(lambda: len(bob.roster) == 2)
        assert alice.roster == petra.roster == {}
        for seat in ("patient", "assistant"):
            await bob.ask(type="admit", seat=seat)
        for client in everybody:
            await client.until(lambda client=client: [link["up"] for link in client.links.values()] == [True, True])

        # Bob's socket is lost while Alice mutes; he comes back, misses nothing, and no connection is made anew.
        links = dict(bob.links)
        assert bob.socket is not None
        bob.token = "his login has ended"
        await bob.socket.close(code=1001)
        muted = await alice.ask(type="mode", mic=False, cam=True)
        await bob.until(lambda: "resumed" in bob.types() and bob.roster)
        await bob.until(lambda: "mode" in bob.types())
        assert bob.links == links
        assert muted not in alice.unanswered
        assert not [message for message in bob.seen if message["type"] == "err"]

        await bob.ask(type="end")
        for client in everybody:
            await client.until(lambda client=client: client.closed == 4410)
            assert client.types()[-1] == "ended"
