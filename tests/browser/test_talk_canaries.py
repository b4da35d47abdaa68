"""What pages write, send and give each other is found nowhere but in the pages: no frame, row, file, log or memory."""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from telemed import pg
from telemed.db import Database
from tests import people
from tests.browser.consulting import booked, on_call, sees, waiting
from tests.browser.talks import CUFF, chosen, enter, linked, saved, until_state, write
from tests.canary import canary, everything, files, traces, watched

pytestmark = [pytest.mark.browser, pytest.mark.rule("V-01"), pytest.mark.rule("V-03"), pytest.mark.rule("B-03")]


def memory(pid: int) -> bytes:
    """All that a process of ours has written into its memory and not yet written over."""
    found = []
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as mem:
        for line in maps:
            where = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if where is not None:
                start, end = (int(edge, 16) for edge in where.groups())
                mem.seek(start)
                found.append(mem.read(end - start))
    return b"".join(found)


async def test_the_server_has_none_of_it(postgres: pg.Urls, chromium: Browser, tmp_path: Path) -> None:
    labels = ("Nachricht", "Entwurf", "Notiz", "Dateiname", "Anweisung")
    said, typed, noted, name, ordered = (canary(label) for label in labels)
    content = (secrets.token_bytes(32) + b"\0") * 2_000
    cuff, weight = canary("Manschette"), f"{200 + secrets.randbelow(1_999) / 10 + 0.1:.1f}"
    measured = [cuff, f'"value":{weight.removesuffix(".0")}', f"{weight.replace('.', ',')} kg"]
    control = canary("Gegenprobe")
    async with AsyncExitStack() as stack:
        server, urls = await stack.enter_async_context(watched(postgres, tmp_path / "server", "telemed_talk"))
        db = await Database.open(urls.app)
        stack.push_async_callback(db.close)
        await people.arrive(db)
        await people.open_hours(db, people.DR_BOB, people.soon(), 2)
        made = await booked(db)

        async def visitor(**_: Any) -> Any:
            context = await chromium.new_context(base_url=server.url, locale="de")
            stack.push_async_callback(context.close)
            return context

        alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
        await alice.locator("#note-text").fill(noted)
        await bob.locator("[data-act=admit]").click()
        await asyncio.gather(sees(alice, 10), sees(bob, 10))
        await linked(alice, bob)
        await alice.locator("#note-give").click()
        await write(alice, said)
        await chosen(alice, (f"{name}.bin", content))
        await bob.get_by_role("button", name="Annehmen", exact=True).click()
        await until_state(alice, name, "arrived")
        await bob.locator("#orders summary").click()
        await bob.locator("#orders-text").fill(ordered)
        await bob.locator("#orders-form .button:not([type=button])").click()
        await expect(alice.locator("#orders-text")).to_have_text(ordered)
        await expect(bob.locator("#orders-state")).to_contain_text("auf dem Bildschirm")
        await alice.locator("#line").fill(typed)
        await expect(bob.locator("#lines .text")).to_have_text([noted, said])
        await expect(bob.locator("#typing .text")).to_have_text(typed)
        assert await saved(bob, f"{name}.bin") == content
        await enter(alice, "weight", weight=weight)
        await alice.evaluate(CUFF, [cuff, 0x1810])
        await alice.locator("#reading-close").click()
        await alice.locator("#reading-open").click()
        await alice.locator("#reading-kind").select_option("pressure")
        await alice.locator("#reading-listen").click()
        await expect(alice.locator("#reading-state")).to_contain_text(cuff)
        await alice.evaluate("says('00 b6 00 5f 00 7c 00')")
        await alice.locator("#reading").get_by_role("button", name="Senden").click()
        await expect(bob.locator("#lines .reading .text")).to_contain_text([measured[2], cuff])
        await alice.evaluate("(text) => fetch('/health/live', { headers: { 'X-Control': text } })", control)

        places = {
            "memory": memory(server.pid), "database": everything(urls.owner), "log": server.log.read_bytes(),
            "files": b"".join(files(server.home).values()), "frames": await frames(alice) + await frames(bob),
        }  # fmt: skip
        for where, place in places.items():
            assert traces([said, typed, noted, name, ordered, content[:32], *measured], place) == [], where
        # And each of these searches finds what is there.
        assert traces([control], places["memory"]), "this is not the server's memory"
        assert traces(["Alice Ährenfeld"], places["database"]) and traces(["Alice Ährenfeld"], places["frames"])
        assert b"Serving on" in places["log"] and b"Serving on" in places["files"]


async def frames(page: Page) -> bytes:
    """All that went over the page's sockets, either way."""
    return "\n".join([text for _way, text in await page.evaluate("window.frames")]).encode()
