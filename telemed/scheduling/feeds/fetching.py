"""Fetches a file from an address that somebody typed in, without being led into our own network (CWE-918).

Every address that a name stands for is checked at the moment of connecting, and those are what is connected to: a name
that answers differently the second time (DNS rebinding) gains nothing. Each redirect is checked like the first address.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from telemed import __version__
from telemed.scheduling.feeds.ics import Unreadable

TOTAL: Final = 20.0  # seconds, however slowly it drips
MOST: Final = 5 << 20  # bytes, packed and unpacked
REDIRECTS: Final = 3
_GONE: Final = {401, 403, 404, 410}
# IPv6 that stands for some IPv4 address: translated (RFC 6052), 6to4, Teredo. No calendar lives there.
_TUNNELS: Final = [ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]

Allowed = Callable[[IPv4Address | IPv6Address], bool]


class Fetched(NamedTuple):
    """A file, and its edition as the server calls it (ETag)."""

    content: bytes
    etag: str | None


class _NotPublic(Exception):
    pass


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the public internet: not private, link-local, multicast, reserved or a tunnel's."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or any(address in net for net in _TUNNELS):
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    )


def address_of(typed: str) -> URL:
    """The address of a calendar as typed; `webcal` is what calendar programs call https. Raises ValueError."""
    url = URL(typed.strip())
    if url.scheme in ("webcal", "webcals"):
        url = url.with_scheme("https")
    if url.scheme not in ("http", "https") or not url.host or len(str(url)) > 2000:
        raise ValueError("not an address")
    return url.with_fragment(None)


async def fetch(url: str, etag: str | None = None, allowed: Allowed = is_public) -> Fetched | None:
    """The file at an address; None if it is still the edition of `etag`. Raises Unreadable.

    `allowed` is there for tests, whose servers are on loopback.
    """
    try:
        async with asyncio.timeout(TOTAL), _session(allowed) as session:
            return await _follow(session, address_of(url), etag, allowed)
    except TimeoutError:
        raise Unreadable("too_slow") from None
    except _NotPublic:
        raise Unreadable("not_public") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise Unreadable("unreachable") from None


def _session(allowed: Allowed) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Checked(allowed), use_dns_cache=False, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # a bomb is to be unpacked by us, no further than MOST
        timeout=aiohttp.ClientTimeout(total=TOTAL),
        headers={"User-Agent": f"telemed/{__version__}", "Accept": "text/calendar", "Accept-Encoding": "gzip"},
    )


class _Checked(ThreadedResolver):
    """The addresses behind a name, if every single one is allowed."""

    def __init__(self, allowed: Allowed) -> None:
        super().__init__()
        self._allowed = allowed

    async def resolve(self, host: str, *args: object, **more: object) -> list[ResolveResult]:
        found = await super().resolve(host, *args, **more)  # type: ignore[arg-type]
        if not all(self._allowed(ip_address(one["host"])) for one in found):
            raise _NotPublic
        return found


async def _follow(session: aiohttp.ClientSession, url: URL, etag: str | None, allowed: Allowed) -> Fetched | None:
    for _hop in range(REDIRECTS + 1):
        _check_literal(url, allowed)
        asked = {"If-None-Match": etag} if etag else {}
        async with session.get(url, headers=asked, allow_redirects=False) as response:
            if response.status in (301, 302, 303, 307, 308):
                url = address_of(str(url.join(URL(response.headers.get("Location", "")))))
                continue
            if etag and response.status == 304:
                return None
            if response.status != 200:
                raise Unreadable("refused" if response.status in _GONE else "unreachable")
            return Fetched(await _content(response), response.headers.get("ETag"))
    raise Unreadable("redirects")


def _check_literal(url: URL, allowed: Allowed) -> None:
    """A numeric address is never looked up, so the resolver does not see it."""
    try:
        address = ip_address(url.host or "")
    except ValueError:
        return
    if not allowed(address):
        raise _NotPublic


async def _content(response: aiohttp.ClientResponse) -> bytes:
    packed = bytearray()
    async for piece in response.content.iter_any():
        packed += piece
        if len(packed) > MOST:
            raise Unreadable("too_large")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding == "identity":
        return bytes(packed)
    if coding not in ("gzip", "x-gzip"):
        raise Unreadable("unreachable")
    try:
        content = zlib.decompressobj(wbits=31).decompress(bytes(packed), MOST + 1)
    except zlib.error:
        raise Unreadable("unreachable") from None
    if len(content) > MOST:
        raise Unreadable("too_large")
    return content
