"""Three words that both read: the same for two honest pages, other ones as soon as somebody sits between them."""

from __future__ import annotations

import asyncpg
import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, talking
from tests.browser.talks import kept, linked, three

pytestmark = [pytest.mark.browser, pytest.mark.rule("V-01")]


async def words(page: Page, name: str = "") -> list[str]:
    return await page.locator("#checks .pair", has_text=name).locator(".three b").all_text_contents()


async def test_both_read_the_same_and_it_is_kept_as_a_yes(
    cast: Database, visitor: Visitor, owner: asyncpg.Connection
) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await linked(bob, alice)
        await bob.locator("#mic").focus()
        await alice.get_by_role("button", name="Verbindung prüfen").click()
        assert await alice.evaluate("document.activeElement.id") == "checks-title"
        await expect(bob.locator("#checks")).to_be_visible()
        await expect(bob.locator("#spoken")).to_contain_text("Alice Ährenfeld möchte mit Ihnen die Verbindung prüfen")
        assert await bob.evaluate("document.activeElement.id") == "mic"
        assert len(set(await words(alice))) in (2, 3) and await words(alice) == await words(bob)
        for page in (bob, alice):
            await page.get_by_role("button", name="Ja, dieselben").click()
            await expect(page.locator("#checks .result")).to_contain_text("hört niemand sonst mit")
        await alice.locator("#checks-close").click()
        await expect(alice.locator("#checks")).to_be_hidden()
        said = " ".join(await words(alice))
        told = [text for page in (bob, alice) for _way, text in await page.evaluate("window.frames")]
        assert sum('"sas"' in text for text in told) == 2
        assert not any(word in text for text in told for word in said.split()), "the words stay in the pages"
    assert await kept(owner, made.id) == {"patient": True, "practitioner": True}


async def test_a_new_connection_has_to_be_compared_again(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await alice.get_by_role("button", name="Verbindung prüfen").click()
        before = await words(alice)
        await alice.get_by_role("button", name="Ja, dieselben").click()
        await bob.reload()
        await bob.locator("#join:enabled").click()
        await expect(alice.locator("#checks .result")).to_contain_text("neu aufgebaut", timeout=30_000)
        await expect(alice.locator("#checks .pair")).to_have_count(1)
        await expect(alice.get_by_role("button", name="Ja, dieselben")).to_be_visible()
        assert await words(alice) != before and await words(alice) == await words(bob)


async def test_a_no_says_what_to_do(cast: Database, visitor: Visitor, owner: asyncpg.Connection) -> None:
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await linked(bob, alice)
        await alice.get_by_role("button", name="Verbindung prüfen").click()
        await alice.get_by_role("button", name="Nein, andere").click()
        await expect(alice.locator("#checks .result")).to_contain_text("Legen Sie auf und rufen Sie an: +49 3984")
        await bob.get_by_role("button", name="Nein, andere").click()
        await expect(bob.locator("#checks .result")).to_contain_text("rufen Sie die Patientin oder den Patienten an")
        await expect(bob.locator("#checks .three")).to_be_hidden()
    assert await kept(owner, made.id) == {"patient": False, "practitioner": False}


async def test_each_pair_of_three_has_its_own_words(cast: Database, visitor: Visitor) -> None:
    async with three(visitor, cast) as pages:
        await linked(*pages)
        bob, alice, petra = pages
        await bob.locator("#people").click()
        await bob.locator("#verify").click()
        for page in pages:
            await expect(page.locator("#checks")).to_be_visible()
            await expect(page.locator("#checks .pair")).to_have_count(2)
        assert await words(bob, "Alice") == await words(alice, "Bob")
        assert await words(bob, "Petra") == await words(petra, "Bob")
        assert await words(alice, "Petra") == await words(petra, "Alice")
        assert (
            len({tuple(await words(page, name)) for page, name in ((bob, "Alice"), (bob, "Petra"), (alice, "Petra"))})
            == 3
        )
