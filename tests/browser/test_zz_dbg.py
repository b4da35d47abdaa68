import asyncio
from tests.browser.test_call_devices import browser, FAKE
from tests.browser.consulting import *
async def test_dbg(cast, visitor, site):
    made = await booked(cast)
    async with browser(f"{FAKE[0]}=device-count=2", FAKE[1]) as two:
        alice = await guest(await two.new_context(base_url=site, locale="de"), made)
        alice.on("console", lambda m: print("console", m.text))
        alice.on("pageerror", lambda m: print("error", m))
        await alice.goto("/appointment/room")
        await check_and_join(alice)
        bob = await on_call(visitor, made)
        await bob.locator("[data-act=admit]").click()
        await sees(bob)
        for select in ("#camera", "#microphone"):
            await alice.locator("#gear").click()
            options = await alice.locator(f"{select} option").evaluate_all("all => all.map((one) => one.value)")
            print(options)
            await alice.locator(select).select_option(options[1])
            await asyncio.sleep(1)
            await alice.keyboard.press("Escape")
            print(await alice.evaluate("window.connections[0].getTransceivers().map((t) => [t.mid, t.direction, t.currentDirection, t.sender.track && [t.sender.track.kind, t.sender.track.label, t.sender.track.readyState, t.sender.track.enabled, t.sender.track.muted]])"))
            for i in range(4):
                f=await bob.evaluate(FIGURES); print(f['video'], f['energy'])
                await asyncio.sleep(1)
            print(await alice.evaluate("document.querySelector('#talk video.self').currentTime"))
            print(await alice.evaluate("(async()=>[...(await window.connections[0].getStats()).values()].filter(s=>s.type=='outbound-rtp'||s.type=='media-source').map(s=>[s.type,s.kind,s.framesEncoded,s.frames,s.audioLevel,s.frameWidth,s.qualityLimitationReason,s.active]))()"))
