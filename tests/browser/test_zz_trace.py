import asyncio, pytest
import tests.browser.consulting as cc
ORIG = cc.WATCHED
from tests.browser.consulting import *
TIMED = """
{
const t0 = () => performance.timeOrigin + performance.now();
window.log = [];
const push = (what) => window.log.push([t0(), what]);
const N = window.RTCPeerConnection;
window.RTCPeerConnection = class extends N {
  constructor(...a) { super(...a); push("pc made"); this.addEventListener("connectionstatechange", () => push(this.connectionState)); this.addEventListener("icegatheringstatechange", () => push("gather " + this.iceGatheringState)); this.addEventListener("icecandidate", (e) => push("cand " + (e.candidate ? e.candidate.candidate.slice(0,90) : "end")));
    const look = async () => { for (const one of (await this.getStats()).values()) if (one.type === "inbound-rtp" && one.kind === "video" && one.framesDecoded > 0) return push("FRAME"); setTimeout(look, 10); }; look(); }
  async setLocalDescription(...a) { push("SLD start"); const r = await super.setLocalDescription(...a); push("SLD done"); return r; }
  async setRemoteDescription(...a) { push("SRD start"); const r = await super.setRemoteDescription(...a); push("SRD done"); return r; }
  async addIceCandidate(...a) { push("add"); const r = await super.addIceCandidate(...a); push("added"); return r; }
};
const s = WebSocket.prototype.send; WebSocket.prototype.send = function (d) { push("out " + d.slice(0, 40)); return s.call(this, d); };
const W = window.WebSocket; window.WebSocket = class extends W { constructor(...a) { super(...a); this.addEventListener("message", ({data}) => push("in " + data.slice(0, 60))); } };
document.addEventListener("click", () => push("CLICK"), true);
}
"""
@pytest.mark.parametrize("n", range(4))
async def test_trace(n, cast, visitor, site):
    import tests.browser.consulting as c
    c.WATCHED = ORIG + TIMED
    made = await booked(cast)
    alice, bob = await asyncio.gather(waiting(visitor, made), on_call(visitor, made))
    await bob.locator("[data-act=admit]").wait_for()
    pass
    await bob.evaluate("window.log.length=0"); await alice.evaluate("window.log.length=0")
    await bob.evaluate("document.querySelector('[data-act=admit]').click()")
    await asyncio.gather(sees(alice), sees(bob))
    rows=[(t,"bob",w) for t,w in await bob.evaluate("window.log")]+[(t,"   alice",w) for t,w in await alice.evaluate("window.log")]
    rows.sort(); t0=rows[0][0]
    for t,who,w in rows: print(f"{t-t0:7.0f} {who} {w}")
