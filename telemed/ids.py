"""Keys of rows: UUID version 7 (RFC 9562 section 5.7), so that new rows lie together in an index."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """48 bits of milliseconds, then randomness; the order of two ids of one millisecond is left to chance."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)
