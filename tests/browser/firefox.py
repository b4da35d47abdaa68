"""Debian's Firefox with invented camera and microphone, driven over WebDriver BiDi (w3.org/TR/webdriver-bidi)."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

PROGRAM = Path("/usr/bin/firefox-esr")
PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,  # does not ask
    "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0,  # clicks made by a script are no taps
    "intl.accept_languages": "de",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",  # nothing is fetched
}


class Tab:
    """One page of a running Firefox."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._context = ""

    async def start(self, preload: str) -> None:
        """`preload` runs before the scripts of every page."""
        await self._ask("session.new", capabilities={})
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        await self._ask("script.addPreloadScript", functionDeclaration=f"() => {{ {preload} }}")

    async def goto(self, url: str) -> None:
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """What the page says it is, promises awaited, as JSON."""
        found = await self._ask(
            "script.evaluate", expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"].get("value", "null"))

    async def until(self, expression: str, seconds: float = 15) -> None:
        """Waits, also across pages, until it is true."""
        async with asyncio.timeout(seconds):
            while True:
                with suppress(LookupError):
                    if await self.evaluate(expression):
                        return
                await asyncio.sleep(0.1)

    async def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while (answer := await self._socket.receive_json()).get("id") != number:
            pass  # an event
        if answer["type"] == "error":
            raise LookupError(answer["error"], answer["message"])  # mostly: the page has gone meanwhile
        result: dict[str, Any] = answer["result"]
        return result


@asynccontextmanager
async def firefox(directory: Path, preload: str) -> AsyncIterator[Tab]:
    """A fresh one, its profile in `directory`."""
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items())
    (directory / "user.js").write_text("\n".join(lines))
    log = directory / "firefox.log"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "--headless", "--no-remote", "--profile", directory, "--remote-debugging-port", "0", "about:blank",
            env={"HOME": str(directory), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        address = await _address(log, process)
        async with ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            await tab.start(preload)
            yield tab
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _address(log: Path, process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(40):
        while not (found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text())):
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.1)
    return f"{found[1]}/session"
