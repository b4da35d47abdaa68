"""What every page must keep: WCAG 2.2 AA as far as a program can tell, no sideways scrolling, large type."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = ((360, 740, 1), (360, 740, 2), (640, 480, 1))  # width, height, type size: a phone, at 200 %, and V-20
_SIDEWAYS = """size => {
    document.documentElement.style.fontSize = size === 1 ? '' : '36px';
    const over = document.documentElement.scrollWidth - innerWidth;
    const wide = [...document.querySelectorAll('main *, header *, footer *')].filter(
        it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest('.visually-hidden, .skip'));
    const told = wide.slice(0, 3).map(it => it.outerHTML.slice(0, 100));
    document.documentElement.style.fontSize = '';
    return over > 0 ? `${over} px: ${told}` : '';
}"""


async def accessible(page: Page, *, where: str = "") -> None:
    """Axe finds nothing, and nothing scrolls sideways on a phone, at double size, or at 640 x 480."""
    found = (await Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})).response["violations"]
    told = [f"{one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes'][:3]]}" for one in found]
    assert not told, f"{where or page.url}: {told}"
    before = page.viewport_size
    for width, height, size in NARROW:
        await page.set_viewport_size({"width": width, "height": height})
        over = await page.evaluate(_SIDEWAYS, size)
        assert not over, f"{where or page.url} is too wide at {width} px, size {size}: {over}"
    if before is not None:
        await page.set_viewport_size(before)


async def tab_to(page: Page, wanted: str, *, most: int = 80) -> None:
    """Presses Tab until an element that matches is focused; every stop on the way must show it (WCAG 2.4.7, 2.4.11)."""
    for _stop in range(most):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(
            """wanted => {
                const it = document.activeElement, style = getComputedStyle(it);
                const box = it.getClientRects()[0] ?? it.getBoundingClientRect(); // of words on two lines, the first
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return {
                    there: it.matches(wanted), outline: parseFloat(style.outlineWidth),
                    what: it.outerHTML.slice(0, 120),
                    shown: box.width > 0 && (top === null || it.contains(top) || top.contains(it)),
                };
            }""",
            wanted,
        )
        assert seen["outline"] >= 3 and seen["shown"], f"focus not seen on {seen['what']}"
        if seen["there"]:
            return
    raise AssertionError(f"{wanted} was not reached by keyboard on {page.url}")
