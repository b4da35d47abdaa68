"""Styles, scripts and pictures under one build hash: cached for ever by browsers, compressed once at start."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from telemed.errors import NotFound
from telemed.joining import joined

STATIC_DIR = Path(__file__).parent / "static"
_SMALL = 256  # bytes; below this gzip's header costs more than it saves
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


class Asset(NamedTuple):
    """One file as it goes out."""

    kind: str
    raw: bytes
    packed: bytes | None


class Assets:
    """All files of `static/`, in memory (a few hundred kilobytes)."""

    def __init__(self) -> None:
        files = {
            f.relative_to(STATIC_DIR).as_posix(): f.read_bytes() for f in sorted(STATIC_DIR.rglob("*")) if f.is_file()
        }
        files |= {
            "js/call.js": joined(files, "js/call/page.js"),
            "js/check.js": joined(files, "js/precheck/page.js"),
            "js/morning.js": joined(files, "js/precheck/morning.js"),
            "js/talk.js": joined(files, "js/talk/panel.js"),
            "js/parts.js": joined(files, "js/later/parts.js"),
        }
        digest = hashlib.sha256()
        for name, raw in files.items():
            digest.update(name.encode() + raw)
        self.build = digest.hexdigest()[:12]
        self._files = {name: _asset(name, raw) for name, raw in files.items()}

    def url(self, name: str) -> str:
        """Where a page finds the file; modules import each other relatively, so the hash covers them all."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.build}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """Another build's hash gets today's file too, uncached: a page left open over an upgrade goes on working."""
        asset = self._files.get(request.match_info["name"])
        if asset is None:
            raise NotFound
        current = request.match_info["build"] == self.build
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
            "Content-Type": asset.kind,
            "Vary": "Accept-Encoding",
        }
        if asset.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=asset.packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=asset.raw, headers=headers)


def _asset(name: str, raw: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    textual = kind.startswith("text/") or kind in ("image/svg+xml", "application/json")
    packed = gzip.compress(raw, 9, mtime=0) if textual and len(raw) > _SMALL else None
    return Asset(f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, raw, packed)
