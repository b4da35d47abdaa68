"""The wire: every message has a sample in tests/data/messages, and nothing else is understood."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from telemed.consultation import messages as m
from telemed.consultation import refusals as r
from telemed.consultation.types import AppointmentOver, ConsentMissing
from telemed.identity.tokens import TokenRefused

DATA = Path(__file__).parent.parent / "data" / "messages"
CLIENT: list[dict[str, Any]] = json.loads((DATA / "client.json").read_text())
SERVER: list[dict[str, Any]] = json.loads((DATA / "server.json").read_text())
REFUSED: dict[str, str] = json.loads((DATA / "refused.json").read_text())


@pytest.mark.parametrize("sample", CLIENT, ids=lambda sample: sample["type"])
def test_what_a_page_sends_is_understood(sample: dict[str, Any]) -> None:
    assert json.loads(m.encode(m.decode(json.dumps(sample)))) == sample


@pytest.mark.parametrize("sample", SERVER, ids=lambda sample: sample["type"])
def test_what_a_server_sends_is_understood(sample: dict[str, Any]) -> None:
    assert json.loads(m.encode(m.decode_server(json.dumps(sample)))) == sample


@pytest.mark.parametrize("frame", REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(frame: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        m.decode(frame)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        m.decode(b'{"type": "\xff"}')


def test_every_message_has_a_sample() -> None:
    def tags(union: object) -> set[str]:
        return {msgspec.inspect.type_info(kind).tag for kind in get_args(union)}  # type: ignore[attr-defined]

    assert tags(m.ClientMessage) == {sample["type"] for sample in CLIENT}
    assert tags(m.ServerMessage) == {sample["type"] for sample in SERVER}


def test_every_message_and_error_is_documented() -> None:
    page = (Path(m.__file__).parent / "PROTOCOL.md").read_text()
    for sample in CLIENT + SERVER:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{sample['type']}` |"))
        if "from" not in sample and sample["type"] not in ("err", "joined"):
            rows = [line for line in page.splitlines() if line.startswith(f"| `{sample['type']}` |")]
            named = " ".join(rows)
            assert all(f"`{field}`" in named or field in ("type", "seq") for field in sample), row


def test_every_refusal_is_documented() -> None:
    page = (Path(m.__file__).parent / "PROTOCOL.md").read_text()
    rows = {
        code: line
        for line in page.partition("## Errors")[2].splitlines() if line.startswith("| `")
        for code in re.findall(r"`(\w+)`", line.split("|")[1])
    }  # fmt: skip
    refusals = [kind for kind in vars(r).values() if isinstance(kind, type) and issubclass(kind, r.SocketRefusal)]
    for kind in (*refusals, AppointmentOver, ConsentMissing, TokenRefused):
        if kind is not r.SocketRefusal:
            closes = str(kind.close_code) if getattr(kind, "fatal", True) else "no"
            assert closes in rows[kind.code].split("|")[2], kind
