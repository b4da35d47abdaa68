"""Camera and microphone that are missing, refused, busy or blocked: clear words, and a way on without them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect
from playwright.async_api import TimeoutError as NotInTime

from telemed.db import Database
from telemed.scheduling.types import Booking
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.consulting import Visitor, booked, check_and_join, guest, looked_at, on_call, sees

pytestmark = pytest.mark.browser
FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
BARE = [flag for flag in QUIET if flag not in FAKE]
REFUSING = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  if (wish.video) throw new DOMException("", "%s");
  return ask(wish);
};
"""
# What a phone does with its devices: two cameras, and a call that takes both away.
PHONE = """
window.taken = [];
window.facing = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  for (const track of stream.getVideoTracks()) {
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), facingMode: wish.video.facingMode });
    window.facing.push(wish.video.facingMode);
  }
  window.taken.push(...stream.getTracks());
  return stream;
};
window.happens = (name) => {
  const live = window.taken.filter(({ readyState }) => readyState === "live");
  for (const track of live) {
    if (name === "ended") track.stop();
    track.dispatchEvent(new Event(name));
  }
};
"""
REFUSES_TO_PLAY = """
window.play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = async () => { throw new DOMException("", "NotAllowedError"); };
document.querySelector("#tiles video").pause();
"""


@asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*BARE, *flags])
        yield launched
        await launched.close()


async def at_the_check(context: BrowserContext, made: Booking, script: str = "") -> Page:
    """The device check, camera and microphone asked for."""
    page = await guest(context, made)
    if script:
        await page.add_init_script(script)
    await page.goto("/appointment/room")
    await page.locator("#join:enabled").wait_for()
    if not await page.locator("#problems").is_visible():
        with suppress(NotInTime):  # it may have asked by itself meanwhile
            await page.locator("#open").click(timeout=2_000)
    await page.locator("#problems p").first.wait_for()
    return page


async def test_refused(cast: Database, site: str) -> None:
    made = await booked(cast)
    async with browser(FAKE[0]) as refusing:
        context = await refusing.new_context(base_url=site, locale="de")
        page = await at_the_check(context, made)
        await expect(page.locator("#problems")).to_contain_text("Kamera und Mikrofon wurden nicht erlaubt.")
        await expect(page.locator("#problems")).to_contain_text("So erlauben Sie es:")
        await expect(page.locator("#sound-only")).to_be_visible()
        await looked_at(page, "refused")
        await context.grant_permissions(["microphone"])
        await page.locator("#sound-only").click()
        await expect(page.locator("#problems")).not_to_contain_text("Ohne Mikrofon hört man Sie nicht.")
        await expect(page.locator("#microphone")).to_be_visible()
        await context.grant_permissions(["microphone", "camera"])
        await page.locator("#open").click()
        await expect(page.locator(".mirror .dark")).to_be_hidden()
        await expect(page.locator("#problems")).to_be_hidden()
        await looked_at(page, "allowed-after-all")


async def test_nothing_plugged_in_and_still_listening(cast: Database, visitor: Visitor, site: str) -> None:
    made = await booked(cast)
    async with browser(FAKE[1]) as empty:
        page = await at_the_check(await empty.new_context(base_url=site, locale="de"), made)
        await expect(page.locator("#problems")).to_contain_text("keine Kamera und kein Mikrofon gefunden")
        await expect(page.locator("#problems")).to_contain_text("Ohne Mikrofon hört man Sie nicht.")
        await looked_at(page, "nothing-plugged-in")
        await page.locator("#join").click()
        bob = await on_call(visitor, made)
        await bob.locator("[data-act=admit]").click()
        await sees(page)
        await expect(bob.locator(".tile .muted")).to_be_visible()
        await expect(bob.locator(".tile .veil")).to_be_visible()
        await expect(page.locator("#mic")).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotFoundError", "keine Kamera gefunden. Sie können auch ohne Bild sprechen."),
        ("NotReadableError", "Ein anderes Programm benutzt gerade die Kamera."),
        ("OverconstrainedError", "Diese Kamera lässt sich nicht benutzen."),
        ("AbortError", "Die Kamera ging nicht an."),
    ],
)
async def test_the_camera_fails_and_the_voice_does_not(cast: Database, visitor: Visitor, name: str, words: str) -> None:
    made = await booked(cast)
    page = await at_the_check(await visitor(), made, REFUSING % name)
    await expect(page.locator("#problems")).to_contain_text(words)
    await expect(page.locator("#problems p")).to_have_count(1)
    await expect(page.locator("#microphone")).to_be_visible()
    await page.locator("#join").click()
    await expect(page.locator("#waiting")).to_be_visible()


async def test_blocked_by_the_browser_itself(cast: Database, visitor: Visitor) -> None:
    page = await at_the_check(await visitor(), await booked(cast), REFUSING % "SecurityError")
    await expect(page.locator("#problems")).to_contain_text(
        "Dieser Browser sperrt Kamera und Mikrofon auf allen Seiten."
    )


async def test_not_a_secure_context(cast: Database, visitor: Visitor) -> None:
    """Over plain http our cookies do not even come; a page that gets there all the same says what is wrong."""
    alice = await guest(await visitor(), await booked(cast))
    page = await (await visitor()).new_page()

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://insecure.test")
        await route.fulfill(response=await alice.context.request.get(path))

    await page.route("http://insecure.test/**", answer)
    await page.goto("http://insecure.test/appointment/room")
    assert await page.evaluate("window.isSecureContext") is False
    await page.locator("#join:enabled").wait_for()
    await page.locator("#open").click()
    await expect(page.locator("#problems")).to_contain_text("Bitte öffnen Sie die Adresse mit https.")


async def test_another_camera_and_microphone_in_the_middle(cast: Database, visitor: Visitor, site: str) -> None:
    """Changed without a word of signalling: the connection does not even notice."""
    made = await booked(cast)
    async with browser(f"{FAKE[0]}=device-count=3", FAKE[1]) as several:
        alice = await guest(await several.new_context(base_url=site, locale="de"), made)
        await alice.goto("/appointment/room")
        await check_and_join(alice)
        bob = await on_call(visitor, made)
        await bob.locator("[data-act=admit]").click()
        await sees(bob)
        told = await alice.evaluate("window.frames.filter(([, text]) => text.includes('desc')).length")
        await alice.locator("#gear").click()
        for select in ("#camera", "#microphone"):
            options = await alice.locator(f"{select} option").evaluate_all("all => all.map((one) => one.value)")
            assert len(options) >= 3, select  # the second fake camera is one for depth
            await alice.locator(select).select_option(options[2])
            await expect(alice.locator(select)).to_have_value(options[2])
        await alice.keyboard.press("Escape")
        await sees(bob)
        assert await alice.evaluate("window.frames.filter(([, text]) => text.includes('desc')).length") == told


async def test_a_phone_with_two_cameras_is_called_in_the_middle(cast: Database, visitor: Visitor) -> None:
    """The other side sees what is missing, this side is told why; all comes back by itself, or is fetched."""
    context = await visitor(width=360, height=740)
    await context.add_init_script(PHONE)
    alice = await guest(context, made := await booked(cast))
    await alice.goto("/appointment/room")
    await check_and_join(alice)
    bob = await on_call(visitor, made)
    await bob.locator("[data-act=admit]").click()
    await sees(bob)

    await alice.locator("#turn").click()
    await expect(alice.locator("body")).to_have_class(re.compile("outward"))
    assert await alice.evaluate("window.facing") == ["user", "environment"]
    await sees(bob, 30)

    await alice.evaluate("window.happens('mute')")
    for page, part in ((alice, "#notices"), (bob, ".tile .muted"), (bob, ".tile .veil")):
        await expect(page.locator(part)).to_be_visible()
    await expect(alice.locator("#notices")).to_contain_text("vielleicht für einen Anruf")
    await expect(alice.locator("#mic")).to_have_attribute("aria-checked", "false")
    await looked_at(alice, "interrupted")
    await alice.evaluate("window.happens('unmute')")
    await expect(alice.locator("#notices")).to_be_empty()
    for part in (".tile .muted", ".tile .veil"):
        await expect(bob.locator(part)).to_be_hidden()

    # An iPhone that forgets to give them back, until the page is looked at again.
    await alice.evaluate("window.happens('mute')")
    await expect(bob.locator(".tile .veil")).to_be_visible()
    await alice.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(alice.locator("#notices")).to_be_empty()
    assert await alice.evaluate("window.taken.filter(({ readyState }) => readyState === 'live').length") == 2
    await sees(bob, 30)

    await alice.evaluate("window.happens('ended')")
    await sees(bob, 30)
    await expect(alice.locator("#notices")).to_be_empty()

    await alice.evaluate(REFUSES_TO_PLAY)
    await expect(alice.locator("#sound")).to_be_visible()
    await looked_at(alice, "no-sound-yet")
    await alice.evaluate("void (HTMLMediaElement.prototype.play = window.play)")
    await alice.locator("#sound").click()
    await expect(alice.locator("#sound")).to_be_hidden()
    await sees(alice, 30)
