"""SMS through a gateway that speaks HTTP; docs/sms.md says what it has to understand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from telemed.notices.email import TIMEOUT, Send
from telemed.notices.types import Letter, Never, NotNow, RideLetter, Wording
from telemed.settings import Settings

# Wrong token, address or pace: nothing that this one letter can help, so it is tried again.
_NOT_FOR_GOOD = {401, 403, 404, 405, 408, 409, 425, 429}


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Send]:
    """A function that hands a letter over. It raises NotNow and Never."""
    headers = {"Authorization": f"Bearer {settings.sms_token}"} if settings.sms_token else {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT), headers=headers) as http:

        async def send(letter: Letter | RideLetter, words: Wording, _message_id: str) -> None:
            if isinstance(letter, RideLetter):
                raise Never("operators are written to")
            try:
                async with http.post(
                    settings.sms_url, json={"to": letter.phone, "text": words.text, "reference": letter.name},
                    headers={"Idempotency-Key": letter.name}, allow_redirects=False,
                ) as answer:  # fmt: skip
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise NotNow(f"gateway {type(error).__name__}") from None
            if 400 <= status < 500 and status not in _NOT_FOR_GOOD:
                raise Never(f"gateway {status}")
            if not 200 <= status < 300:
                raise NotNow(f"gateway {status}")

        yield send
