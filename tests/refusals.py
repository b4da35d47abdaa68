"""What a clear refusal looks like, to a program and to a person."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from telemed.errors import Refusal

Client = TestClient[Any, Any]


def codes(kind: type[Refusal] = Refusal) -> set[str]:
    """Every code there is."""
    return {kind.code}.union(*(codes(special) for special in kind.__subclasses__()))


async def problem(answer: ClientResponse) -> tuple[int, str]:
    """Status and code of a refusal (RFC 9457), after a look at the rest of it."""
    text = await answer.text()
    assert answer.content_type == "application/problem+json", (answer.status, answer.content_type, text[:300])
    told: dict[str, Any] = await answer.json()
    assert 400 <= answer.status < 500, told
    assert answer.headers["Cache-Control"] == "no-store"
    assert (told["status"], told["type"]) == (answer.status, f"urn:telemed:problem:{told['code']}")
    assert told["title"] and told["detail"] and told["code"] in codes(), told
    return answer.status, str(told["code"])


async def refusing_page(answer: ClientResponse) -> int:
    """The status of a page that says what is wrong and offers a way on."""
    text = await answer.text()
    assert answer.content_type == "text/html" and 400 <= answer.status < 500, (answer.status, text[:300])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<h1" in text and 'href="/"' in text and "Traceback" not in text
    return answer.status
