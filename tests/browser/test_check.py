"""Device and line checked beforehand, by keyboard on a phone; and what the patient and the practice see of it."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

from telemed.db import Database
from telemed.identity.sessions import STATION
from telemed.settings import Settings
from tests import logins, netem, people
from tests.browser.checks import accessible, tab_to
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.consulting import Visitor, booked, guest, looked_at, staff
from tests.processes import Probe, free_port
from tests.turn import RELAYED_HERE, relay

pytestmark = pytest.mark.browser
WITHIN = 12  # s from the tap to the verdict
# What comes back of one's own voice, as loud as it is.
HEARD = """async () => {
  for (const pc of window.connections)
    for (const one of (await pc.getStats()).values())
      if (one.type === "inbound-rtp" && one.kind === "audio" && one.totalAudioEnergy > 0) return true;
  return false;
}"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """One that takes a relay on loopback, with a certificate that nobody vouches for."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*QUIET, "--allow-loopback-in-peer-connection", "--ignore-certificate-errors"],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[tuple[netem.Line, tuple[str, ...], str]]:
    """A line with a relay at its end; the relay's addresses, by UDP and by TLS, and its secret."""
    async with AsyncExitStack() as stack:
        coturn = await stack.enter_async_context(relay(tmp_path, "127.0.0.1", *RELAYED_HERE))
        made = await stack.enter_async_context(netem.udp((coturn.host, coturn.port), seed=7))
        yield made, (f"turn:127.0.0.1:{made.port}?transport=udp", coturn.streams[1]), coturn.secret


@pytest.fixture
def site_settings(settings: Settings, line: tuple[netem.Line, tuple[str, ...], str]) -> Settings:
    return msgspec.structs.replace(
        settings, port=free_port(), turn_urls=line[1], turn_secret=line[2],
        probe_url=f"http://localhost:{free_port()}/probe",
    )  # fmt: skip


@pytest.fixture
async def probe(site: str, site_settings: Settings, tmp_path: Path) -> AsyncIterator[Probe]:
    port = urlsplit(site_settings.probe_url).port
    assert port is not None
    async with Probe(site, tmp_path, port) as running:
        yield running


async def checked(page: Page, title: str) -> None:
    """Enter on the button; the verdict is there in time, and has the focus."""
    started = time.monotonic()
    await page.keyboard.press("Enter")
    await expect(page.locator("#progress")).to_be_visible()
    await expect(page.locator(".verdict:visible h3")).to_have_text(title, timeout=2 * WITHIN * 1000)
    took = time.monotonic() - started
    assert took <= WITHIN, f"{took:.1f} s"
    await expect(page.locator(".verdict:visible h3")).to_be_focused()
    await expect(page.locator("#progress")).to_be_hidden()


@pytest.mark.rule("V-03")
@pytest.mark.rule("V-05")
@pytest.mark.rule("A-02")
async def test_device_voice_and_line(
    cast: Database,
    visitor: Visitor,
    owner: asyncpg.Connection,
    line: tuple[netem.Line, tuple[str, ...], str],
    probe: Probe,
    site: str,
) -> None:
    made = await booked(cast)
    alice = await guest(await visitor(width=360, height=740), made)
    asked: set[str] = set()
    wrong: list[str] = []
    alice.on("request", lambda request: asked.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url))))
    alice.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    await tab_to(alice, "a[href='/appointment/check']")
    await alice.keyboard.press("Enter")

    # 1. The devices: her picture, and a bar that moves.
    await expect(alice.locator(".mirror .dark")).to_be_hidden(timeout=30_000)
    await expect(alice.locator("#heard")).to_have_text("Gut, Ihr Mikrofon geht.", timeout=30_000)
    await accessible(alice)
    # 2. Her own voice comes back out of the loudspeaker.
    await tab_to(alice, "#speak")
    await alice.keyboard.press("Enter")
    await expect(alice.locator("#voice-state")).to_have_text("Sprechen Sie jetzt …")
    await expect(alice.locator("#voice-state")).to_have_text("Jetzt hören Sie sich selbst …")
    await alice.wait_for_function(HEARD)
    await expect(alice.locator("#voice-state")).to_contain_text("Haben Sie sich gut gehört?")

    # 3. The line, over all three ways.
    await tab_to(alice, "#measure")
    await checked(alice, "Video geht gut")
    await tab_to(alice, "#figures summary")
    await alice.keyboard.press("Enter")
    rows = await alice.locator("#figures tbody tr").all_inner_texts()
    assert [("kbit/s" in row, "ms" in row) for row in rows] == [(True, True)] * 3, rows
    await looked_at(alice, "check-good")

    # Elsewhere, nothing gets through directly or by TLS, and what is left is slow.
    line[0].shape(kbit=60, delay=0.03)

    async def guarded(route: Route) -> None:
        ticket = await (answer := await route.fetch()).json()
        ticket["paths"] = [path for path in ticket["paths"] if path["name"] == "udp"]
        await route.fulfill(response=answer, json=ticket)

    await alice.route("**/api/v1/prechecks/tickets", guarded)
    await alice.locator("#measure").focus()
    await checked(alice, "Nur Ton geht")
    assert await alice.locator("#figures tbody tr").count() == 1
    await looked_at(alice, "check-weak")
    await accessible(alice)
    assert asked == {site, "{0.scheme}://{0.netloc}".format(urlsplit(probe.url))}, "nobody else was asked anything"
    assert not wrong, wrong

    # All that stays is what to expect: she finds it again, the practice sees it, both pages of the call begin there.
    [row] = await owner.fetch("SELECT * FROM precheck")
    assert (set(row.keys()), row["level"]) == ({"appointment", "level", "at"}, "audio")
    await alice.reload()
    await expect(alice.locator("main")).to_contain_text("Rechnen Sie mit Ton ohne Bild.")
    bob = await staff(await visitor())
    await bob.goto("/practice")
    await expect(bob.locator("main")).to_contain_text("nur Ton zu erwarten")
    await looked_at(bob, "check-practice")
    await bob.goto(f"/practice/appointments/{made.id}")
    await expect(bob.locator("main")).to_contain_text("nur Ton zu erwarten")
    for page, room in ((bob, f"/practice/appointments/{made.id}/room"), (alice, "/appointment/room")):
        await page.goto(room)
        await expect(page.locator("#call")).to_have_attribute("data-first-rung", "audio")
    await morning(await visitor(width=360, height=740), cast, site)
    [found] = await owner.fetch("SELECT * FROM station_check")
    assert (found["station"], found["microphone"], found["line"]) == (people.STATION, "ok", "ok")


async def morning(screen: BrowserContext, cast: Database, site: str) -> None:
    """A station looks at itself: one button on its screen, a few words said meanwhile."""
    await people.pair(cast)
    home = site.replace("http:", "https:")  # a cookie that is bound to its host can be set from nowhere else
    await screen.add_cookies([{"name": STATION, "value": logins.badge(people.SCREEN), "url": home, "secure": True}])
    page = await screen.new_page()
    await page.goto("/screen")
    await tab_to(page, "a[href='/screen/check']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/screen/check")
    await page.locator("#look:enabled").wait_for()
    await tab_to(page, "#look")
    await page.keyboard.press("Enter")
    await expect(page.locator("#look-state")).to_have_text(re.compile("Notiert"), timeout=4 * WITHIN * 1000)
    for item in ("microphone", "line"):
        await expect(page.locator(f"#found-{item}")).to_have_text("gut")
    await accessible(page)
    await looked_at(page, "check-station")
