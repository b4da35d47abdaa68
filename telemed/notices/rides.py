"""The words to the operator of a bus or taxi: place and time. Who goes, to whom and why, is nothing to them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from telemed import wording
from telemed.notices.types import RideLetter, Wording
from telemed.settings import Settings
from telemed.text import Text, _


def compose(letter: RideLetter, settings: Settings) -> Wording:
    """The mail about a ride, or about one that is off."""
    say = wording.Wording(letter.language, ZoneInfo(letter.zone))
    moment = say.moment(letter.at)
    off = letter.kind == "ride_off"
    subject = _("Called off: a ride on %(moment)s", moment=moment) if off else _("A ride on %(moment)s", moment=moment)
    sentences = [
        _("Good day,"),
        _("This ride is not needed any more:") if off else _("Somebody asks for a ride:"),
        *_where(letter, moment),
        _("Your direction: %(words)s", words=letter.direction),
        _("Questions, or no room? Please call: %(phone)s", phone=say.phone(letter.phone)),
        _("This message was written by a machine. Nobody reads answers to it."),
    ]
    lines = [*(sentence.render(letter.language) for sentence in sentences), settings.operator_name]
    return Wording(subject.render(letter.language), "\n\n".join(lines) + "\n")


def _where(letter: RideLetter, moment: str) -> list[Text]:
    if letter.leg == "there":
        return [
            _("From: %(address)s", address=letter.stop),
            _("To: %(address)s", address=letter.practice or letter.stop),
            _("To be there by: %(moment)s", moment=moment),
        ]
    found = [_("From: %(address)s", address=letter.practice or letter.stop)]
    if letter.practice is not None:
        found.append(_("To: %(address)s", address=letter.stop))
    return [*found, _("To be fetched at: %(moment)s", moment=moment)]
