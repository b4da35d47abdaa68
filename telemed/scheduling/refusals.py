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


class KeptForNear(Conflict):
    """The start is kept for people who live near the practice (B-08); `opens` is when everybody can book it."""

    code = "kept_for_near"
    sentence = _("This time is still kept for people who live near the practice.")


class NotAdmitted(Conflict):
    """The service is not for this patient; its subclasses say why."""

    code = "not_admitted"
    sentence = _("This cannot be booked for this patient.")


class ForNewPatients(NotAdmitted):
    code = "for_new_patients"
    sentence = _("This is only for people who are new at the practice.")


class ForKnownPatients(NotAdmitted):
    code = "for_known_patients"
    sentence = _("This is only for people whom the practice knows. The practice can note this for you.")


class AssessmentFirst(NotAdmitted):
    """A new patient before the practice's own first assessment (B-09)."""

    code = "assessment_first"
    sentence = _("You are new at this practice. It talks to you on the telephone before the first video appointment.")


ADMISSIONS = {refusal.code: refusal for refusal in (ForNewPatients, ForKnownPatients, AssessmentFirst)}


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


class OfferGone(Gone):
    """The time to answer is over, or the time went to somebody else; `alternatives` are free now and would suit."""

    code = "offer_gone"
    sentence = _("This offer is over. Your place on the waiting list stays.")


class AlreadyExtended(Conflict):
    code = "already_extended"
    sentence = _("The time for filling in was already extended once. Please finish, or choose again.")


class TooLate(Conflict):
    """The practice's limit for changes has passed, or the appointment has begun."""

    code = "too_late"
    sentence = _("It is too late to change the appointment here. Please call the practice.")


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
