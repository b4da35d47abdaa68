"""Every page of the patient's and the practice's way at 360 and 1280 px, to be looked at: `make screenshots`.

Writes `docs/pages/<width>-<name>.png`, and `docs/pages.png`, the row of phones that README.md shows.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from base64 import b64encode
from contextlib import AsyncExitStack

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from telemed.demo.region import DEMO_LOGINS, PASSWORD
from tests.processes import ROOT, free_port

PAGES = ROOT / "docs" / "pages"
QUIET = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
DOCTOR = DEMO_LOGINS[0]
ROW = ("home", "results", "times", "confirmed", "waiting", "call")


async def main() -> None:
    PAGES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    async with AsyncExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        demo = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telemed", "demo", "--data-dir", data, "--port", str(port), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert demo.stdout is not None
            async for line in demo.stdout:
                if b"Ctrl-C stops" in line:
                    break
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=QUIET)
            stack.push_async_callback(browser.close)
            for width in (1280, 360):
                await tour(browser, f"http://localhost:{port}", width)
            await row(browser)
        finally:
            demo.terminate()
            await demo.wait()


async def tour(browser: Browser, origin: str, width: int) -> None:
    """Both ways, from the search to the call."""
    patient, doctor = [await context(browser, origin, width) for _ in range(2)]
    alice = await patient.new_page()

    async def shot(page: Page, name: str) -> None:
        await page.screenshot(path=PAGES / f"{width}-{name}.png", full_page=name not in ("call", "doctor-call"))

    await alice.goto("/")
    await shot(alice, "home")
    await alice.get_by_label("Wo wohnen Sie?").fill("17268 Gerswalde")
    await alice.locator("main form button").first.click()
    await shot(alice, "results")
    await alice.locator("main").get_by_text(DOCTOR.name).first.wait_for()
    await alice.locator("li, article, section").filter(has_text=DOCTOR.name).last.locator("a.button").click()
    await shot(alice, "times")
    await alice.locator("form[action='/holds'] button").first.click()
    await alice.wait_for_url(re.compile("/holds/"))
    await shot(alice, "details")
    await alice.locator("main form button.button").filter(has_text="buchen").click()
    await shot(alice, "details-wrong")
    await alice.locator("[name=name]").fill(f"Alice Ährenfeld{'-Wiesengrund' if width < 500 else ''}")
    await alice.locator("[name=birth_date]").fill("17.5.1948")
    await alice.locator("main form button.button").filter(has_text="buchen").click()
    await alice.wait_for_url("**/appointment/confirmed**")
    await shot(alice, "confirmed")
    for path in (
        "/appointment",
        "/appointment/move",
        "/appointment/cancel",
        "/appointment/consent",
        "/appointment/check",
        "/privacy",
        "/imprint",
    ):
        await alice.goto(path)
        await shot(alice, path.rpartition("/")[2])
    await alice.goto("/appointment/consent?next=room")
    await alice.locator("#agree").check()
    await alice.locator("main form button").first.click()
    await alice.goto("/appointment/room")
    await alice.locator("#join:enabled").wait_for()
    await shot(alice, "room-check")
    await alice.locator("#join").click()
    await alice.locator("#waiting").wait_for()
    await shot(alice, "waiting")

    bob = await doctor.new_page()
    await bob.goto("/practice")
    await shot(bob, "login")
    await bob.locator("#login").fill(DOCTOR.login)
    await bob.locator("#password").fill(PASSWORD)
    await bob.locator("main form button").click()
    await bob.wait_for_url("**/practice")
    await shot(bob, "practice")
    await bob.get_by_role("link", name=re.compile("ufrufen")).first.click()
    await bob.locator("#join:enabled").wait_for()
    await bob.locator("#join").click()
    await bob.locator("[data-act=admit]").click()
    await expect(alice.locator("#talk")).to_be_visible()
    await alice.wait_for_timeout(3000)
    await shot(alice, "call")
    await shot(bob, "doctor-call")
    await bob.locator("#hangup").click()
    await bob.locator("#ending [value=end]").click()
    await alice.wait_for_url("**/appointment/after")
    await shot(alice, "after")
    for one in (patient, doctor):
        await one.close()


async def context(browser: Browser, origin: str, width: int) -> BrowserContext:
    made = await browser.new_context(
        base_url=origin, locale="de", timezone_id="Europe/Berlin", viewport={"width": width, "height": 740}
    )
    made.set_default_timeout(20_000)
    return made


async def row(browser: Browser) -> None:
    """Six phones side by side."""
    pictures = "".join(
        f'<img src="data:image/png;base64,{b64encode((PAGES / f"360-{name}.png").read_bytes()).decode()}">'
        for name in ROW
    )
    page = await browser.new_page(viewport={"width": 1500, "height": 560})
    style = "body{margin:0;background:#e7ece9;display:flex;gap:14px;padding:14px;height:532px;overflow:hidden}"
    style += "img{width:231px;height:532px;object-fit:cover;object-position:top;border-radius:10px}"
    await page.set_content(f"<style>{style}</style>{pictures}")
    await page.screenshot(path=ROOT / "docs" / "pages.png")


if __name__ == "__main__":
    asyncio.run(main())
