"""Messages and real-time text in the conversation: soon there, told apart, and in nobody's way."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from playwright.async_api import Error, Page, expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, check_and_join, talking
from tests.browser.talks import CUFF, SEEN, STALLED, TYPED, enter, lines, linked, three, write

pytestmark = pytest.mark.browser


@pytest.mark.rule("A-03")
async def test_every_letter_arrives_within_half_a_second(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await alice.locator("#write").click()
        await alice.evaluate(TYPED)
        await bob.evaluate(SEEN)
        await asyncio.gather(alice.evaluate(STALLED), bob.evaluate(STALLED))
        said = "Ich höre Sie nicht, aber ich kann schreiben 👍"
        await alice.locator("#line").press_sequentially(said, delay=90)
        await expect(bob.locator("#typing .text")).to_have_text(said)
        typed, seen = await alice.evaluate("window.typed"), await bob.evaluate("window.seen")
        assert len(typed) >= len(said) - 1 and len(seen) > 10
        stalled = await alice.evaluate(STALLED) + await bob.evaluate(STALLED)
        for text, when in typed:
            soonest = min(at for other, at in seen if len(other) >= len(text))
            assert soonest - when <= 500 + stalled, f"{text!r} took {soonest - when} ms, {stalled} of them the machine"
        assert not any("\ufffd" in text for text, _at in seen), "half a character was shown"


async def test_what_is_typed_is_told_apart_and_can_be_switched_off(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await alice.locator("#write").click()
        await alice.locator("#line").fill("Noch nicht fert")
        typing = bob.locator("#typing .line")
        await expect(typing).to_contain_text("Alice Ährenfeld schreibt gerade")
        assert await typing.evaluate("(line) => getComputedStyle(line).borderStyle") == "dashed"
        assert await typing.evaluate("(line) => line.closest('[role=log]')") is None, "read aloud letter by letter"
        assert await typing.evaluate("(line) => line.closest('[aria-live]').ariaLive") == "off"
        await alice.locator("#line").fill("Noch nicht fertig, aber gleich.")
        await alice.locator("#line").press("Enter")
        await expect(bob.locator("[role=log] .line")).to_have_count(1)
        await expect(typing).to_have_count(0)
        assert await lines(bob) == [["Alice Ährenfeld", "Noch nicht fertig, aber gleich."]]
        assert await lines(alice) == [["Sie", "Noch nicht fertig, aber gleich."]]

        await alice.locator("#line").fill("Ha")
        await expect(typing).to_have_count(1)
        await alice.locator("#live").uncheck()
        await expect(typing).to_have_count(0)
        await alice.locator("#line").fill("Hallo, lieber erst am Ende")
        await asyncio.sleep(0.7)
        await expect(typing).to_have_count(0)
        await alice.get_by_role("button", name="Senden").click()
        await expect(bob.locator("[role=log] .line")).to_have_count(2)


async def test_text_is_only_text(cast: Database, visitor: Visitor) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        texts = [
            "<img src=x onerror=\"document.title='broken'\"><b>fett</b>",
            "\u202egnp.exe\u2066 مرحبا \u202e",
            "👩‍⚕️👨‍👩‍👧‍👦🇩🇪",
            "zwei\nZeilen",
            "Wort" * 2_000,
        ]
        for text in texts:
            await write(alice, text)
        await expect(bob.locator("#lines .line")).to_have_count(len(texts))
        assert [said for _who, said in await lines(bob)] == texts
        assert await bob.locator("#lines").evaluate("(log) => log.querySelectorAll('img, script, .text *').length") == 0
        assert "broken" not in await bob.title()
        for page in (bob, alice):
            who = page.locator("#lines .line").nth(1).locator("p").first
            assert await who.evaluate("(line) => getComputedStyle(line).direction") == "ltr"
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, "a long word pushes the page aside"
        await alice.locator("#line").fill("x" * 10_001)
        await alice.locator("#line").press("Enter")
        await expect(alice.locator("#line-problem")).to_contain_text("zu lang")
        assert len(await alice.locator("#line").input_value()) == 10_001, "what was written is not lost"


@pytest.mark.rule("V-11")
async def test_nobody_loses_their_place(cast: Database, visitor: Visitor) -> None:
    """The panel opens beside whoever is written to; the focus stays; whoever closes it is only shown a number."""
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await bob.locator("#mic").focus()
        await write(alice, "Guten Morgen")
        await expect(bob.locator("#messages")).to_be_visible()
        await expect(bob.locator("#spoken")).to_have_text("Alice Ährenfeld schreibt Ihnen gerade.")
        assert await bob.evaluate("document.activeElement.id") == "mic"

        await bob.locator("#messages-close").click()
        assert await bob.evaluate("document.activeElement.id") == "write"
        await bob.locator("#cam").focus()
        for text in ("Sind Sie da?", "Hallo?"):
            await write(alice, text)
        await expect(bob.locator("#unread")).to_have_text("2")
        await expect(bob.locator("#write")).to_have_accessible_name("Schreiben 2 2 neu")
        await expect(bob.locator("#notices")).to_contain_text("Alice Ährenfeld hat Ihnen geschrieben.")
        await expect(bob.locator("#messages")).to_be_hidden()
        assert await bob.evaluate("document.activeElement.id") == "cam"
        await bob.locator("#write").press("Enter")
        assert await bob.evaluate("document.activeElement.id") == "line"
        await expect(bob.locator("#unread")).to_be_hidden()
        await expect(bob.locator("#notices")).not_to_contain_text("geschrieben")
        assert len(await lines(bob)) == 3


async def test_three_people_write_to_each_other(cast: Database, visitor: Visitor) -> None:
    async with three(visitor, cast) as pages:
        await linked(*pages)
        bob, alice, petra = pages
        # The patient is at home: nobody is beside them, and whoever assists elsewhere speaks and hears like everybody.
        await expect(petra.locator("#quiet")).to_be_hidden()
        await expect(petra.locator("#mic")).to_have_attribute("aria-checked", "true")
        await expect(bob.locator("#door [data-seat=patient] .where")).to_have_text(
            "im Gespräch – an einem eigenen Gerät"
        )
        await write(alice, "von Alice")
        await write(petra, "von Petra")
        await write(bob, "von Bob")
        for page in pages:
            await expect(page.locator("#lines .line")).to_have_count(3)
        by = {said: who for who, said in await lines(bob)}
        assert by == {"von Alice": "Alice Ährenfeld", "von Petra": "Petra Pohl", "von Bob": "Sie"}
        await petra.locator("#line").fill("ich auch")
        await alice.locator("#line").fill("ich schreibe")
        await expect(bob.locator("#typing .line")).to_have_count(2)
        await readings(bob, alice, petra)


async def readings(bob: Page, alice: Page, petra: Page) -> None:
    """Typed by the assistant, taken from a device, seen by the doctor alone and saved as one file."""
    there = bob.locator("#lines .reading .text")
    await enter(petra, "pressure", systolic="1820", diastolic="95", pulse="88")
    await expect(petra.locator("#reading-problem")).to_have_text(
        "Oberer Wert: 1820 kann nicht stimmen. Möglich ist 50 bis 300."
    )
    await expect(petra.locator("#reading-systolic")).to_be_focused()
    typed = [await petra.locator(f"#reading-{one}").input_value() for one in ("systolic", "diastolic", "pulse")]
    assert typed == ["1820", "95", "88"], "what was typed is lost"
    await petra.locator("#reading-systolic").fill("182")
    await petra.keyboard.press("Enter")
    await expect(there).to_have_count(2)
    await expect(there.first).to_contain_text("Blutdruck: 182/95 mmHg")
    await expect(there.first).to_contain_text("Oberer Wert: höher als üblich (90 bis 139)")
    await expect(there.last).to_contain_text("Puls: 88 pro Minute")
    await expect(there.last).to_contain_text("Puls: wie üblich (60 bis 100)")
    await expect(there.last).to_contain_text("von Hand eingegeben")

    await petra.evaluate(CUFF, ["Manschette\u202e 3", 0x1810])
    await petra.locator("#reading-close").click()
    await petra.locator("#reading-open").click()
    await petra.locator("#reading-listen").click()
    state = petra.locator("#reading-state")
    await expect(state).to_have_text("Verbunden mit dem Messgerät Manschette 3. Bitte messen Sie jetzt.")
    await petra.evaluate("says('00 ff 07 ff 07 ff 07')")
    await expect(state).to_contain_text("hat nichts Gültiges gemessen")
    await petra.evaluate("says('02 78 00 50 00 5d 00 e4 07 05 0b 09 00 00')")
    await expect(state).to_contain_text("nach der Uhr des Geräts wurde zu dieser Zeit gemessen: 11.5.2020")
    await petra.evaluate("says('00 8c 00 5f 00 6e 00')")
    await petra.evaluate("says('02 78 00 50 00 5d 00 e4 07 05 0b 09 00 00')")
    await expect(petra.locator("#reading-systolic")).to_have_value("140")
    await expect(there).to_have_count(2)  # a person sends, not the device
    await petra.locator("#reading").get_by_role("button", name="Senden").click()
    await expect(there).to_have_count(3)
    await expect(there.last).to_contain_text("Blutdruck: 140/95 mmHg")
    await expect(there.last).to_contain_text("vom Messgerät Manschette 3")
    await petra.locator("#reading-listen").click()
    await expect(state).to_contain_text("Bitte messen Sie jetzt")
    await petra.evaluate("says('02 78 00 50 00 5d 00 e4 07 05 0b 09 00 00')")
    await petra.locator("#reading").get_by_role("button", name="Senden").click()
    await expect(there).to_have_count(4)
    await expect(there.last).to_contain_text("Zeit: 11.5.2020")  # not measured now

    await expect(petra.locator("#lines .reading")).to_have_count(4)
    await expect(petra.locator("#lines")).not_to_contain_text("üblich")  # only a doctor judges

    # A page that is not ours sends what ours refuses.
    await petra.evaluate("""() => {
      const send = RTCDataChannel.prototype.send;
      RTCDataChannel.prototype.send = function (data) {
        send.call(this, `${data}`.replace('"value":37.1', '"value":371'));
      };
    }""")
    await enter(petra, "temperature", temperature="37,1")
    await expect(petra.locator("#lines .mark").last).to_have_text("noch nicht angekommen", timeout=10_000)
    await expect(there).to_have_count(4)
    await expect(alice.locator("#lines .reading")).to_have_count(0)

    async with bob.expect_download() as waiting_for:
        await bob.get_by_role("button", name="Alle Messwerte speichern").click()
    file = await waiting_for.value
    assert file.suggested_filename.startswith("Messwerte ") and file.suggested_filename.endswith(".json")
    bundle = json.loads((await file.path()).read_text("utf-8"))
    patient, *rest = [entry["resource"] for entry in bundle["entry"]]
    assert (bundle["resourceType"], bundle["type"], len(rest)) == ("Bundle", "collection", 4)
    assert (patient["name"][0]["text"], patient["birthDate"]) == ("Alice Ährenfeld", "1948-05-17")
    found = [[part["valueQuantity"]["value"] for part in one.get("component", [one])] for one in rest]
    assert found == [[182, 95], [88], [140, 95], [120, 80]]
    assert [one.get("device") for one in rest] == [None, None, *[{"display": "Manschette 3"}] * 2]
    assert {one["performer"][0]["display"] for one in rest} == {"Petra Pohl"}


async def test_a_line_survives_a_lost_page_and_nothing_survives_the_end(cast: Database, visitor: Visitor) -> None:
    """What could not be delivered is sent again, once, when the other side is back; a page that is left forgets all."""
    made = await booked(cast)
    async with talking(visitor, made) as (bob, alice):
        await linked(bob, alice)
        await write(alice, "vorher")
        await expect(bob.locator("#lines .line")).to_have_count(1)
        await asyncio.sleep(1)
        with suppress(Error):
            await bob.goto("chrome://crash", timeout=2_000)
        await write(alice, "Ampelrot")
        await expect(alice.locator("#lines .mark").last).to_have_text("noch nicht angekommen", timeout=10_000)
        again = await bob.context.new_page()
        await again.goto(f"/practice/appointments/{made.id}/room")
        await check_and_join(again)
        await expect(again.locator("#lines .text")).to_have_text(["Ampelrot"], timeout=30_000)
        await expect(alice.locator("#lines .mark").last).to_have_text("")
        await alice.locator("#hangup").click()
        await expect(alice.locator("#over-title")).to_be_visible()
        assert "Ampelrot" not in await alice.evaluate("document.documentElement.outerHTML")
        assert await alice.evaluate("localStorage.length + sessionStorage.length") == 0
