"""Pictures and files between call pages: agreed to first, whole at the end, and never run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from telemed.db import Database
from tests.browser.consulting import Visitor, booked, sees, talking
from tests.browser.talks import HEARD, chosen, concealed, linked, on_disk, png, saved, three, until_state

pytestmark = pytest.mark.browser

# As what the browser is handed the files.
KINDS = """() => {
  window.kinds = [];
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => { window.kinds.push(blob.type); return make(blob); };
}"""
PROGRESS = """(name) => {
  window.progress = [];
  const row = [...document.querySelectorAll("#lines .file")].find((one) => one.textContent.includes(name));
  const bar = row.querySelector("progress");
  const look = () => {
    window.progress.push(bar.value);
    if (row.dataset.state !== "arrived") requestAnimationFrame(look);
  };
  look();
}"""


async def accept(page: Page, name: str) -> None:
    await page.locator("#lines .file", has_text=name).get_by_role("button", name="Annehmen", exact=True).click()


async def test_a_file_is_agreed_to_arrives_whole_and_can_be_saved(
    cast: Database, visitor: Visitor, tmp_path: Path
) -> None:
    file = on_disk(tmp_path, "Befund.pdf", 2_500_000)
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await bob.locator("#mic").focus()
        await chosen(alice, file)
        row = bob.locator("#lines .file")
        await expect(row).to_contain_text("2,5 MB")
        await expect(row).to_contain_text("Alice Ährenfeld möchte Ihnen diese Datei senden.")
        await expect(bob.locator("#spoken")).to_have_text("Alice Ährenfeld möchte Ihnen eine Datei senden.")
        await expect(alice.locator("#lines .file .state")).to_have_text(
            "Dr. med. Bob Buchfink hat sie noch nicht angenommen."
        )
        assert await bob.evaluate("document.activeElement.id") == "mic"
        await alice.evaluate(PROGRESS, "Befund.pdf")
        await accept(bob, "Befund.pdf")
        seconds = await until_state(alice, "Befund.pdf", "arrived")
        assert await saved(bob, "Befund.pdf") == file.read_bytes()
        parts = await alice.evaluate("window.progress")
        assert parts == sorted(parts) and any(0.1 < part < 0.9 for part in parts), "no progress was shown"
        assert seconds < 20


async def test_twenty_megabytes_while_they_go_on_talking(cast: Database, visitor: Visitor, tmp_path: Path) -> None:
    """The largest file that is allowed; sound goes on meanwhile as before, and one byte more is refused."""
    film = on_disk(tmp_path, "Film.dcm", 20 * 1_048_576 + 1)
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await chosen(alice, film)
        await expect(alice.locator("#line-problem")).to_have_text(
            "Film.dcm ist zu groß. Eine Datei darf höchstens 20 MB haben."
        )
        await expect(bob.locator("#lines .file")).to_have_count(0)
        start = await bob.evaluate(HEARD)
        on_disk(tmp_path, "Film.dcm", 20 * 1_048_576)
        await chosen(alice, film)
        await asyncio.sleep(5)
        before = await bob.evaluate(HEARD)
        await accept(bob, "Film.dcm")
        seconds = await until_state(alice, "Film.dcm", "arrived", 120)
        after = await bob.evaluate(HEARD)
        assert await saved(bob, "Film.dcm") == film.read_bytes()
        quiet, busy = concealed(start, before), concealed(before, after)
        print(f"20 MB in {seconds:.1f} s; of the sound {quiet:.2%} concealed before, {busy:.2%} meanwhile")
        assert busy <= quiet + 0.05
        await sees(bob, 10)


async def test_either_side_stops_it_and_several_go_at_once(cast: Database, visitor: Visitor, tmp_path: Path) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        for name in ("eins.jpg", "zwei.jpg", "drei.jpg"):
            await chosen(alice, on_disk(tmp_path, name, 300_000 if name == "drei.jpg" else 9_000_000))
            await expect(bob.locator("#lines .file", has_text=name)).to_be_visible()
        for name in ("eins.jpg", "zwei.jpg", "drei.jpg"):
            await accept(bob, name)
        await until_state(bob, "drei.jpg", "arrived")
        await alice.locator("#lines .file", has_text="eins.jpg").get_by_role("button", name="Abbrechen").click()
        await bob.locator("#lines .file", has_text="zwei.jpg").get_by_role("button", name="Nicht annehmen").click()
        for page in (alice, bob):
            for name in ("eins.jpg", "zwei.jpg"):
                await until_state(page, name, "cancelled")
        await chosen(bob, ("Rezept.pdf", b"Rezept"))
        await alice.locator("#lines .file", has_text="Rezept.pdf").get_by_role("button", name="Nicht annehmen").click()
        await until_state(bob, "Rezept.pdf", "refused")
        await bob.locator("#lines .file", has_text="Rezept.pdf").get_by_role("button", name="Ausblenden").click()
        await expect(bob.locator("#lines .file", has_text="Rezept.pdf")).to_have_count(0)


async def test_a_picture_is_shown_and_nothing_is_run(cast: Database, visitor: Visitor) -> None:
    harm = b"<svg xmlns='http://www.w3.org/2000/svg'><script>top.document.title='broken'</script></svg>"
    page_ = b"<!doctype html><script>document.title='broken'</script>"
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await bob.evaluate(KINDS)
        sent = {"Fleck.png": png(40, 30), "bild.svg": harm, "brief\u202egpj.html": page_, "foto.png": page_}
        for name, content in sent.items():
            await chosen(alice, (name, content))
        names = ["Fleck.png", "bild.svg", "briefgpj.html", "foto.png"]
        for name in names:
            await accept(bob, name)
            await until_state(bob, name, "arrived")
        looks = bob.locator("#lines .file .look:visible")
        await expect(looks).to_have_count(1)
        assert await looks.locator("img").evaluate("(one) => one.complete && one.naturalWidth") == 40
        await looks.click()
        await expect(bob.get_by_role("dialog").locator("img")).to_be_visible()
        await bob.keyboard.press("Escape")
        for name in names[1:]:
            row = bob.locator("#lines .file", has_text=name)
            assert await row.get_by_role("link").get_attribute("download") == name
        assert await saved(bob, "briefgpj.html") == page_
        for name in ("bild.svg", "briefgpj.html"):
            await expect(bob.locator("#lines .file", has_text=name)).to_contain_text("kann ein Programm enthalten")
        assert await bob.evaluate("window.kinds") == [
            "application/octet-stream",
            "image/png",
            *["application/octet-stream"] * 3,
        ]
        assert "broken" not in await bob.title()


async def test_a_lost_connection_says_so_and_offers_again(cast: Database, visitor: Visitor, tmp_path: Path) -> None:
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await chosen(alice, on_disk(tmp_path, "Arm.jpg", 15_000_000))
        await accept(bob, "Arm.jpg")
        await expect(alice.locator("#lines .file progress")).to_be_visible()
        await bob.reload()
        await until_state(alice, "Arm.jpg", "lost")
        again = alice.get_by_role("button", name="Noch einmal schicken")
        await again.click()
        await expect(alice.locator("#line-problem")).to_have_text("Dr. med. Bob Buchfink ist gerade nicht verbunden.")
        await bob.locator("#join:enabled").click()
        await sees(bob, 5)
        await linked(bob)
        await again.click()
        await accept(bob, "Arm.jpg")
        await until_state(alice, "Arm.jpg", "arrived", 60)


async def test_a_file_lives_through_an_ice_restart(cast: Database, visitor: Visitor, tmp_path: Path) -> None:
    file = on_disk(tmp_path, "Arm.jpg", 9_000_000)
    async with talking(visitor, await booked(cast)) as (bob, alice):
        await linked(bob, alice)
        await chosen(alice, file)
        before = await alice.evaluate("connections.at(-1).localDescription.sdp.match(/ice-ufrag:(.*)/)[1]")
        await accept(bob, "Arm.jpg")
        await expect(alice.locator("#lines .file progress")).to_be_visible()
        await alice.evaluate("connections.at(-1).restartIce()")
        await until_state(alice, "Arm.jpg", "arrived", 60)
        assert await saved(bob, "Arm.jpg") == file.read_bytes()
        after = await alice.evaluate("connections.at(-1).localDescription.sdp.match(/ice-ufrag:(.*)/)[1]")
        assert after != before, "ICE was not restarted"


async def test_with_three_people_one_chooses_who_gets_it(cast: Database, visitor: Visitor) -> None:
    async with three(visitor, cast) as pages:
        await linked(*pages)
        bob, alice, petra = pages
        await alice.locator("#write").click()
        await alice.locator("#whom").select_option(label="Dr. med. Bob Buchfink")
        await chosen(alice, ("Haut.jpg", b"x" * 50_000))
        await accept(bob, "Haut.jpg")
        await until_state(alice, "Haut.jpg", "arrived")
        await expect(petra.locator("#lines .file")).to_have_count(0)
        await alice.locator("#whom").select_option(label="alle")
        await chosen(alice, ("Ausweis.jpg", b"x" * 50_000))
        for page in (bob, petra):
            await accept(page, "Ausweis.jpg")
        await expect(alice.locator('#lines .file[data-state="arrived"]')).to_have_count(3, timeout=20_000)
