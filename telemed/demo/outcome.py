"""How the played call can end other than well; apart, so that the command line need not load codecs to know it."""

from __future__ import annotations


class CallFailed(Exception):
    """The demo could not be played; the message says at which step."""
