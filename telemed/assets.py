"""Styles, scripts and pictures under one build hash: cached for ever by browsers, compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import brotli
from aiohttp import web

from telemed.errors import NotFound
from telemed.joining import joined

STATIC_DIR = Path(__file__).parent / "static"
_SMALL = 256  # bytes; below this the header of an encoding costs more than it saves
_TEXTUAL = ("text/", "image/svg+xml", "application/json")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class Asset:
    """One file as it goes out."""

    kind: str
    raw: bytes

    @cached_property
    def packed(self) -> dict[str, bytes]:
        """By content encoding, the smallest first; made when it is asked for first (a tenth of a second at most)."""
        if not self.kind.startswith(_TEXTUAL) or len(self.raw) < _SMALL:
            return {}
        # Brotli takes an eighth off a script; browsers ask for it over TLS alone, and on their own machine.
        return {"br": brotli.compress(self.raw, mode=brotli.MODE_TEXT), "gzip": gzip.compress(self.raw, 9, mtime=0)}


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
        accepted = request.headers.get("Accept-Encoding", "")
        for encoding, body in asset.packed.items():
            if re.search(rf"\b{encoding}\b", accepted):
                return web.Response(body=body, headers={**headers, "Content-Encoding": encoding})
        return web.Response(body=asset.raw, headers=headers)


def _asset(name: str, raw: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, raw)
