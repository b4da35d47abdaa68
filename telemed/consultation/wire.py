"""Frames on their way in and out, and how many may come in."""

from __future__ import annotations

import struct
import time

import msgspec
from aiohttp import WSMessage, WSMsgType

from telemed.consultation import messages as m
from telemed.consultation.refusals import BinaryRefused, FrameTooLarge, Malformed, TooManyMessages


def decoded(frame: WSMessage) -> m.ClientMessage:
    """What a frame says. Raises BinaryRefused, FrameTooLarge or Malformed."""
    if frame.type is WSMsgType.BINARY:
        raise BinaryRefused
    size = len(frame.data) if frame.data.isascii() else len(frame.data.encode())
    if size > m.SDP_LIMIT:
        raise FrameTooLarge
    try:
        message = m.decode(frame.data)
    except msgspec.DecodeError:
        raise Malformed from None
    if size > m.FRAME_LIMIT and not isinstance(message, m.Desc):
        raise FrameTooLarge
    return message


def text_frame(text: bytes) -> bytes:
    """A message in one frame, as servers send it: neither masked nor compressed (RFC 6455 section 5.2)."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    if size < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, size) + text
    return struct.pack("!BBQ", 0x81, 127, size) + text


class Bucket:
    """A token bucket: RATE messages a second on average, BURST at once."""

    def __init__(self) -> None:
        self._tokens, self._then = float(m.BURST), time.monotonic()

    def spend(self) -> None:
        """Takes one. Raises TooManyMessages."""
        now = time.monotonic()
        self._tokens = min(float(m.BURST), self._tokens + (now - self._then) * m.RATE) - 1
        self._then = now
        if self._tokens < 0:
            raise TooManyMessages
