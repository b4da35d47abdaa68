"""Why a booking is not possible, each with its stable code."""

from __future__ import annotations

from telemed.errors import CONSTRAINTS, Conflict, Gone, Invalid, Refusal
from telemed.text import _


class SlotTaken(Conflict):
    """Somebody was first. `taken` names the resources, `alternatives` are starts that were free a moment ago."""

    code = "slot_taken"
    sentence = _("This time has just been taken. Please choose another one.")


class NotASlot(Invalid):
    """Outside the opening hours, off the grid, too soon or too far ahead, or in a way the service does not offer."""

    code = "not_a_slot"
    sentence = _("This time cannot be booked. Please choose one of the times offered.")


class InThePast(Invalid):
    code = "in_the_past"
    sentence = _("This time is already over. Please choose a later one.")


class HoldGone(Gone):
    """Given back, or freed after its end and taken by somebody."""

    code = "hold_gone"
    sentence = _("The time is no longer reserved for you. Please choose again.")


class HoldDiffers(Conflict):
    code = "hold_differs"
    sentence = _("The reservation was made for another time. Please choose again.")


class AlreadyExtended(Conflict):
    code = "already_extended"
    sentence = _("The time for filling in was already extended once. Please finish, or choose again.")


class KeyReused(Invalid):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_key_reused"
    sentence = _("This request repeats another one with different contents. Please reload the page.")


class KeyMalformed(Invalid):
    """Idempotency-Key is 8 to 128 visible ASCII characters."""

    code = "idempotency_key_malformed"
    sentence = _("The Idempotency-Key must have 8 to 128 visible characters.")


class TooLate(Conflict):
    """The appointment has begun, or is over."""

    code = "too_late"
    sentence = _("The appointment has already begun. Please call the practice.")


class NotActive(Conflict):
    """Cancelled, over or never booked; `reason` says which."""

    code = "not_active"
    sentence = _("This appointment is no longer open, so it cannot be changed.")


class ChangedMeanwhile(Refusal):
    """If-Match names an older version, or somebody changed it in the same moment."""

    status, code, close_code = 412, "changed_meanwhile", 4412
    sentence = _("The appointment was changed in the meantime. Please look at it again.")


class ConsentOutdated(Conflict):
    """The text has changed since the page was opened; `current` is the version to show."""

    code = "consent_outdated"
    sentence = _("The text of the consent has changed. Please read it again.")


# ON CONFLICT DO NOTHING counts rows instead; these are for the day a plain write meets a constraint after all.
CONSTRAINTS.update(
    dict.fromkeys(("practitioner_taken", "station_taken", "assistant_taken", "patient_taken"), SlotTaken)
)
