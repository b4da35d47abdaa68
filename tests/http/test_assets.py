"""What goes out of `static/`: small, kept for ever, and still there for a page of an older build."""

from __future__ import annotations

import gzip

import brotli
import pytest

from telemed.assets import STATIC_DIR, Assets
from tests.refusals import Client

STYLE = (STATIC_DIR / "css" / "app.css").read_bytes()


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("deflate, gzip;q=1.0", "gzip"), ("identity", None),
        ("zebra", None),
    ],
)  # fmt: skip
async def test_as_small_as_the_browser_can_read(api: Client, accepts: str, encoding: str | None) -> None:
    address = Assets().url("css/app.css")
    async with api.get(address, headers={"Accept-Encoding": accepts}, auto_decompress=False) as answer:
        body = await answer.read()
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "immutable" in answer.headers["Cache-Control"]
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert unpack(body) == STYLE


async def test_a_page_of_another_build_gets_todays(api: Client) -> None:
    answer = await api.get("/static/000000000000/css/app.css")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert (await api.get("/static/000000000000/css/nothing.css")).status == 404
