"""What the room and its socket refuse. Codes, close codes and whether the socket survives: PROTOCOL.md, *Errors*."""

from __future__ import annotations

from typing import ClassVar

from telemed.errors import Conflict, Forbidden, Gone, Refusal, TooLarge, TooMany, Unavailable
from telemed.text import _


class SocketRefusal(Refusal):
    """A refusal on the socket; `fatal` closes it with the close code."""

    fatal: ClassVar[bool] = True


class Malformed(SocketRefusal):
    code = "malformed"
    sentence = _("This page sent something the server does not understand. Please reload it.")


class BinaryRefused(SocketRefusal):
    code = "binary_refused"
    sentence = _("This page sent something the server does not understand. Please reload it.")


class FrameTooLarge(SocketRefusal, TooLarge):
    """A frame above 16 KiB, or a `desc` above 32 KiB."""


class HelloExpected(SocketRefusal):
    code = "hello_expected"
    sentence = _("This page has to introduce itself first. Please reload it.")


class HelloLate(SocketRefusal):
    code, close_code = "hello_late", 4408
    sentence = _("The connection was too slow. It is tried again.")


class TooSlow(SocketRefusal):
    code, close_code = "too_slow", 4408
    sentence = _("The connection was too slow. It is tried again.")


class UnsupportedVersion(SocketRefusal):
    code, close_code = "unsupported_version", 4406
    sentence = _("This page is out of date. Please reload it.")


class AlreadyJoined(SocketRefusal):
    code, fatal = "already_joined", False
    sentence = _("You are already in the room.")


class RoomFull(SocketRefusal, TooMany):
    code = "room_full"
    sentence = _("This consultation is open on too many devices. Please close one of them.")


class TooManySockets(SocketRefusal, TooMany):
    """From one address."""

    code = "too_many_sockets"
    sentence = _("Too many consultations are open from this place. Please close one of them.")


class TooManyMessages(SocketRefusal, TooMany):
    pass


class LogDown(SocketRefusal, Unavailable):
    """The rooms' log is away. The page comes back by itself; its media runs on."""

    sentence = _("The connection was interrupted. It is tried again.")


class OriginRefused(Forbidden):
    code = "origin_refused"
    sentence = _("This address may not open a consultation.")


# Decided by the room.


class GoneBy(SocketRefusal, Gone):
    """`resume` from a place the log does not reach back to."""

    code, fatal = "gone", False
    sentence = _("The connection was away for too long. It is built anew.")


class ReplacedBy(SocketRefusal, Conflict):
    code = "replaced"
    sentence = _("The consultation goes on in another window.")


class Over(SocketRefusal, Gone):
    code = "ended"
    sentence = _("The consultation is over.")


class Barred(SocketRefusal, Forbidden):
    code = "kicked"
    sentence = _("The practice has removed you from this consultation. Please call them.")


class Locked(SocketRefusal):
    """At hello. The page stays on the socket and says hello again, with a ticket, every few seconds."""

    status, code, fatal = 423, "locked", False
    sentence = _("The doctor lets nobody in at the moment. Please wait.")


class TokenSpent(SocketRefusal):
    """A resume token was used before, here or on another node."""

    status, code, close_code = 401, "token_spent", 4401
    sentence = _("The connection is built anew.")


class TooSoon(SocketRefusal, TooMany):
    code, fatal = "too_soon", False


class SeatRefused(SocketRefusal, Forbidden):
    fatal = False


class PractitionerOnly(SocketRefusal, Forbidden):
    fatal = False
    sentence = _("Only the doctor may do this.")


class NotAdmitted(SocketRefusal, Forbidden):
    code, fatal = "not_admitted", False
    sentence = _("Please wait until the doctor lets you in.")


class NotHere(SocketRefusal):
    status, code, fatal = 404, "not_here", False
    sentence = _("Nobody sits there.")


class Stale(SocketRefusal, Conflict):
    code, fatal = "stale", False
    sentence = _("That belongs to an earlier connection.")


class SdpInsecure(SocketRefusal):
    code, fatal = "sdp_insecure", False
    sentence = _("The connection would not have been encrypted and was refused.")


class SdpRefused(SocketRefusal):
    code, fatal = "sdp_refused", False
    sentence = _("The description of the connection could not be read.")


class CandidateRefused(SocketRefusal):
    code, fatal = "candidate_refused", False
    sentence = _("The description of the connection could not be read.")


class Internal(SocketRefusal):
    """Ours; the log says what."""

    status, code, close_code = 500, "internal", 4500
    sentence = _("Something went wrong on our side. The connection is tried again.")
