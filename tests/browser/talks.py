"""What tests of messages, files and words between call pages say again and again."""

from __future__ import annotations

import asyncio
import random
import struct
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
from playwright.async_api import FilePayload, Page, expect

from telemed.db import Database
from telemed.stations import intake
from tests import booking, people
from tests.browser.consulting import Visitor, check_and_join, on_call, sees, staff, waiting

# When each length of a line was typed here, and when each was seen there, by the one clock of this machine.
TYPED = """() => {
  window.typed = [];
  const told = ({ target }) => window.typed.push([target.value, Date.now()]);
  document.querySelector("#line").addEventListener("input", told);
}"""
SEEN = """() => {
  window.seen = [];
  const look = () => {
    const text = document.querySelector("#typing .text")?.textContent ?? "";
    if (text && window.seen.at(-1)?.[0] !== text) window.seen.push([text, Date.now()]);
  };
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document.querySelector("#typing"), all);
}"""
# The longest time, in ms, for which the machine did not let a page do anything since it was first asked.
STALLED = """() => {
  window.stalled ??= (() => {
    let [last, longest] = [performance.now(), 0];
    setInterval(() => {
      longest = Math.max(longest, performance.now() - last - 20);
      last = performance.now();
    }, 20);
    return () => longest;
  })();
  return window.stalled();
}"""
# How much sound was heard, and how much of it was made up because nothing came.
HEARD = """async () => {
  const found = { samples: 0, concealed: 0 };
  for (const pc of window.connections) {
    for (const one of (await pc.getStats()).values()) {
      if (one.type === "inbound-rtp" && one.kind === "audio") {
        found.samples += one.totalSamplesReceived ?? 0;
        found.concealed += (one.concealedSamples ?? 0) - (one.silentConcealedSamples ?? 0);
      }
    }
  }
  return found;
}"""
# A measuring device that is only played: the browser's list has it alone, and `says` is what it sends.
CUFF = """([name, service]) => {
  const source = Object.assign(new EventTarget(), { startNotifications: async () => source });
  const found = { getCharacteristic: async () => source };
  const gatt = { connect: async () => ({ getPrimaryService: async () => found }), disconnect: () => {} };
  const device = Object.assign(new EventTarget(), { name, gatt });
  window.says = (hex) => {
    source.value = new DataView(Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16)).buffer);
    source.dispatchEvent(new Event("characteristicvaluechanged"));
  };
  const requestDevice = async ({ filters }) => {
    if (filters[0].services[0] !== service) throw new DOMException("", "NotFoundError");
    return device;
  };
  Object.defineProperty(navigator, "bluetooth", { value: { requestDevice }, configurable: true });
}"""
LINES = """() => [...document.querySelectorAll("#lines .line")].map((line) => [
  line.querySelector(".by").textContent, line.querySelector(".text").textContent])"""


async def lines(page: Page) -> list[list[str]]:
    """[who, what] of every line in the log."""
    found: list[list[str]] = await page.evaluate(LINES)
    return found


async def kept(owner: asyncpg.Connection, appointment: UUID) -> dict[str, bool]:
    """By seat, whether the words were the same; the server is told a moment after the person."""
    async with asyncio.timeout(10):
        while True:
            rows = await owner.fetch("SELECT seat, match FROM verified WHERE appointment = $1", appointment)
            if len(rows) == 2:
                return {row["seat"]: row["match"] for row in rows}
            await asyncio.sleep(0.1)


async def linked(*pages: Page) -> None:
    """Waits until every page has its channels, and the part of the page that uses them: the words are there."""
    for page in pages:
        others = await page.locator("#who li").count()
        await expect(page.locator("#checks .three b")).to_have_count(3 * others, timeout=20_000)


async def write(page: Page, text: str) -> None:
    """Opens the panel if it is closed, and sends a line."""
    if await page.locator("#messages").is_hidden():
        await page.locator("#write").click()
    await page.locator("#line").fill(text)
    await page.locator("#line").press("Enter")


async def enter(page: Page, kind: str, **values: str) -> None:
    """Opens the form for readings if it is closed, and sends one as somebody who types."""
    if await page.locator("#messages").is_hidden():
        await page.locator("#write").click()
    if await page.locator("#reading").is_hidden():
        await page.locator("#reading-open").click()
    await page.locator("#reading-kind").select_option(kind)
    for quantity, value in values.items():
        await page.locator(f"#reading-{quantity}").fill(value)
    await page.locator("#reading").get_by_role("button", name="Senden").click()


def concealed(before: dict[str, int], after: dict[str, int]) -> float:
    """The share of the sound between two looks that was made up."""
    heard = after["samples"] - before["samples"]
    assert heard > 48_000
    return (after["concealed"] - before["concealed"]) / heard


def on_disk(place: Path, name: str, size: int) -> Path:
    """A file of that size in which no part is like another."""
    file = place / name
    file.write_bytes(random.Random(name).randbytes(size))
    return file


async def chosen(page: Page, file: Path | tuple[str, bytes]) -> None:
    """Sends a file as somebody does who picks it. Large ones had better lie on the disk."""
    if await page.locator("#messages").is_hidden():
        await page.locator("#write").click()
    picked = file if isinstance(file, Path) else FilePayload(name=file[0], mimeType="image/png", buffer=file[1])
    await page.locator("#chosen").set_input_files(picked)


async def saved(page: Page, name: str) -> bytes:
    """What the page hands over as that file."""
    row = page.locator("#lines .file", has_text=name)
    async with page.expect_download() as waiting_for:
        await row.get_by_role("link").click()
    download = await waiting_for.value
    assert download.suggested_filename == name
    return (await download.path()).read_bytes()


async def until_state(page: Page, name: str, state: str, seconds: float = 30) -> float:
    """Waits until a file of the list is in that state; the seconds it took."""
    started = time.monotonic()
    await expect(page.locator(f'#lines .file[data-state="{state}"]', has_text=name)).to_be_visible(
        timeout=seconds * 1000
    )
    return time.monotonic() - started


def png(width: int, height: int) -> bytes:
    """A red picture."""

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress((b"\0" + b"\xc0\x20\x20" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


@asynccontextmanager
async def three(visitor: Visitor, db: Database) -> AsyncIterator[tuple[Page, Page, Page]]:
    """Doctor, patient at a station, and the assistant on a device of their own, all talking."""
    petra = people.CALLERS["petra"]
    made = await booking.book(db, people.soon(), caller=petra, mode="assisted", station=people.STATION, assisting=True)
    await intake.take(db, petra, made.id, msgspec.convert(people.RECEIVED, intake.Received))
    alice, bob, helper = await asyncio.gather(
        waiting(visitor, made), on_call(visitor, made), staff(await visitor(), "petra")
    )
    await helper.goto(f"/station/appointments/{made.id}/assistance")
    await check_and_join(helper)
    for name in ("Alice", "Petra"):
        await bob.locator("#door li", has_text=name).locator("[data-act=admit]").click()
        await bob.locator("#introduced").click()
    pages = (bob, alice, helper)
    for page in pages:
        await expect(page.locator("#who li")).to_have_count(2, timeout=20_000)
    await asyncio.gather(*(sees(page, 10) for page in pages))
    yield pages
