"""Every state of messages, files and words, narrow and wide: axe finds nothing, controls stay in sight (A-02, V-20)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from tests.browser.checks import tab_to
from tests.browser.consulting import Visitor, booked, looked_at, on_call, sees, talking, waiting
from tests.browser.talks import chosen, enter, linked, on_disk, png, until_state, write

pytestmark = [pytest.mark.browser, pytest.mark.rule("A-02"), pytest.mark.rule("V-20")]
WIDE = "document.documentElement.scrollWidth - innerWidth"


async def looked_at_inside(page: Page, name: str) -> None:
    await looked_at(page, name, inside)


async def inside(page: Page, name: str) -> None:
    """Picture and controls are all in the window, with room for the picture."""
    size = page.viewport_size or {"width": 0, "height": 0}
    for selector in (".stage", "#mic", "#cam", "#people", "#write", "#gear", "#hangup"):
        box = await page.locator(selector).bounding_box()
        assert box is not None, selector
        assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"] + 1, (name, selector, box)
        assert box["y"] >= 0 and box["y"] + box["height"] <= size["height"] + 1, (name, selector, box)
        assert selector != ".stage" or box["height"] >= 0.15 * size["height"], (name, "the picture has no room", box)
    assert await page.evaluate(WIDE) <= 0, f"{name} is too wide"


@pytest.mark.rule("B-10")
async def test_every_state(cast: Database, visitor: Visitor, tmp_path: Path) -> None:
    made = await booked(cast)
    alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
    await alice.locator("#note-text").fill("Seit Montag Husten.\nNachts schlimmer.")
    await looked_at(alice, "note-waiting")
    await bob.locator("[data-act=admit]").click()
    await asyncio.gather(sees(alice, 20), sees(bob, 20))
    await linked(alice, bob)
    await looked_at_inside(alice, "note-talk")
    for page in (alice, bob):
        await page.locator("#introduced").click()
    if await alice.locator("#note-give").is_hidden():
        await alice.locator("#note summary").click()
    await looked_at_inside(alice, "note-open")
    await alice.locator("#note-give").click()
    await looked_at_inside(alice, "note-given")
    await alice.locator("#write").click()
    await looked_at_inside(alice, "messages")
    await write(alice, "Können Sie mich gut sehen?")
    await alice.locator("#line").fill("Ich halte jetzt den Arm vor die Ka")
    await write(bob, "Ja, sehr gut. Zeigen Sie mir bitte auch den Ellenbogen.")
    await chosen(alice, ("Ellenbogen.png", png(400, 300)))
    await expect(bob.locator("#lines .file")).to_be_visible()
    await looked_at_inside(bob, "messages-offered")
    await bob.get_by_role("button", name="Annehmen", exact=True).click()
    await until_state(bob, "Ellenbogen.png", "arrived")
    await chosen(alice, on_disk(tmp_path, "Röntgenbild vom Mai.dcm", 15_000_000))
    await bob.get_by_role("button", name="Annehmen", exact=True).click()
    await expect(bob.locator("#lines .file progress:visible")).to_be_visible()
    await looked_at_inside(bob, "messages-going")
    await looked_at_inside(alice, "messages-sent")
    await until_state(bob, "Röntgenbild", "arrived")
    await bob.locator("#lines .file .look:visible").click()
    await looked_at(bob, "messages-picture")
    await bob.keyboard.press("Escape")

    await enter(alice, "pressure", systolic="182", diastolic="95", pulse="7")
    await expect(alice.locator("#reading-problem")).to_contain_text("Puls: 7 kann nicht stimmen")
    await looked_at_inside(alice, "reading-refused")
    await alice.locator("#reading-pulse").fill("70")
    await alice.keyboard.press("Enter")
    await expect(bob.locator("#lines .reading")).to_have_count(2)
    await looked_at_inside(bob, "readings")
    await looked_at_inside(alice, "reading-sent")
    await alice.locator("#reading-close").click()

    await bob.locator("#messages-close").click()
    await write(alice, "Sehen Sie es?")
    await expect(bob.locator("#unread")).to_have_text("1")
    await looked_at_inside(bob, "messages-unread")
    await bob.locator("#people").click()
    await bob.locator("#verify").click()
    await looked_at_inside(bob, "words")
    await expect(bob.locator("#checks .three")).to_be_in_viewport(ratio=0.9)
    await looked_at_inside(alice, "words-and-messages")
    await bob.get_by_role("button", name="Ja, dieselben").click()
    await looked_at_inside(bob, "words-yes")
    await alice.get_by_role("button", name="Nein, andere").click()
    await looked_at_inside(alice, "words-no")
    await expect(alice.locator("#checks .result")).to_be_in_viewport()
    for page in (alice, bob):
        await page.locator("#checks-close").click()
    await alice.locator("#messages-close").click()
    await afterwards(alice, bob)


async def afterwards(alice: Page, bob: Page) -> None:
    """The next appointment is booked beside the call; what Alice should do stands on her screen until it is printed."""
    await bob.locator("#orders summary").click()
    async with bob.context.expect_page() as opened:
        await bob.locator("#follow-up").click()
    beside = await opened.value
    await beside.locator(".slots button").first.click()
    await expect(beside.locator("p.code-big")).to_be_visible()
    await beside.close()
    await bob.get_by_role("button", name="Ruhe", exact=True).click()
    await bob.get_by_role("button", name="Notfall", exact=True).click()
    await looked_at_inside(bob, "orders-written")
    for words in ("drei", "Sie Luft brauchen."):
        await bob.get_by_role("button", name="Dem Patienten zeigen").click()
        await expect(bob.locator("#orders-state")).to_contain_text("Lücke")
        await bob.keyboard.type(words)  # the gap is selected
    await bob.locator("#hangup").click()
    await expect(bob.locator("#orders-unshown")).to_be_visible()
    await looked_at(bob, "orders-ending")
    await bob.locator("#ending [value='']").click()
    await bob.get_by_role("button", name="Dem Patienten zeigen").click()
    await expect(bob.locator("#orders-state")).to_contain_text("auf dem Bildschirm")
    await expect(alice.locator("#orders-text")).to_have_text(re.compile(r"Ruhen Sie sich drei.*\n.*112.*Luft"))
    await sees(alice, 10)
    await looked_at_inside(alice, "orders-shown")
    await bob.locator("#hangup").click()
    await expect(bob.locator("#orders-unshown")).to_be_hidden()
    await bob.locator("#ending [value=end]").click()
    await expect(alice.locator("#over")).to_be_visible()
    await looked_at(alice, "orders-over")
    await alice.emulate_media(media="print")
    await expect(alice.locator("#sheet-text")).to_have_text(re.compile("112"))
    await expect(alice.locator("#sheet")).to_be_visible()
    await expect(alice.locator("#call")).to_be_hidden()
    await looked_at(alice, "orders-printed")


async def test_by_keyboard_alone(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast), locale="en") as (bob, alice):
        await linked(alice, bob)
        await tab_to(alice, "#verify")
        await alice.keyboard.press("Enter")
        await tab_to(alice, "[data-match=yes]")
        await alice.keyboard.press("Enter")
        await tab_to(alice, "#checks-close")
        await alice.keyboard.press("Enter")
        await tab_to(alice, "#write")
        await alice.keyboard.press("Enter")
        await alice.keyboard.type("Tastatur")
        await alice.keyboard.press("Shift+Enter")
        await alice.keyboard.type("allein")
        await alice.keyboard.press("Enter")
        await expect(bob.locator("#lines .text")).to_have_text(["Tastatur\nallein"])
        await chosen(alice, ("Arm.png", png(40, 30)))
        await bob.locator("#messages-close").focus()
        await tab_to(bob, "#lines .file [data-act=accept]")
        await bob.keyboard.press("Enter")
        await until_state(bob, "Arm.png", "arrived")
        await tab_to(bob, "#lines .file .look")
        await bob.keyboard.press("Enter")
        await bob.keyboard.press("Escape")
        await tab_to(bob, "#lines .file a")
        async with bob.expect_download() as saved:
            await bob.keyboard.press("Enter")
        assert (await saved.value).suggested_filename == "Arm.png"
        await tab_to(bob, "#messages-close", most=90)
        await bob.keyboard.press("Enter")
        assert await bob.evaluate("document.activeElement.id") == "write"
