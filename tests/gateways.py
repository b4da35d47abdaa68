"""Where notices arrive in tests: a real SMTP server and an SMS gateway, each with the answers a test wants."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import free_port


class Mailbox:
    """What arrived, in order. `refuse`: answers to RCPT, used up one by one. `silent`: takes a mail, never says so."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: list[str] = []
        self.silent = False
        self.port = free_port()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.silent:
            await asyncio.sleep(60)
        return "250 OK"

    async def up(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, loop=loop, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", self.port
        )

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A running mail server."""
    box = Mailbox()
    await box.up()
    try:
        yield box
    finally:
        await box.down()


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def attached(mail: EmailMessage) -> EmailMessage:
    [calendar] = mail.iter_attachments()
    assert isinstance(calendar, EmailMessage)
    return calendar


class Gateway:
    """The SMS that arrived, with their headers. `statuses`: answers, used up one by one."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        self.taken.append((await request.json(), dict(request.headers)))
        return web.Response(status=202)


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """A running SMS gateway."""
    made = Gateway()
    app = web.Application()
    app.router.add_post("/messages", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
    made.url = f"http://127.0.0.1:{port}/messages"
    try:
        yield made
    finally:
        await runner.cleanup()
