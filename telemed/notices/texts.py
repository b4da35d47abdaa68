"""The words of each notice, German and English, as plain text.

They name neither doctor, practice, specialty nor service (G-25): a message is read by others on a locked screen, many
practices carry their specialty in their name, and a doctor's can be looked up. Date, time, the town and the
practice's telephone number are enough to know which appointment is meant; the link shows the rest to who has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from telemed import wording
from telemed.notices.types import Kind, Letter, Wording
from telemed.scheduling.codes import Codes
from telemed.settings import Settings
from telemed.text import Text, _


def compose(letter: Letter, settings: Settings, codes: Codes) -> Wording:
    """The notice for its channel: an e-mail with a greeting and a signature, or a few sentences for an SMS."""
    say = wording.Wording(letter.language, ZoneInfo(letter.zone))
    moment, phone = say.moment(letter.start), say.phone(letter.practice_phone)
    # The code stands in the fragment, which no server and no log sees (G-32).
    own = f"{settings.origin}/appointment/code#{codes.code(letter.appointment)}"
    if letter.entry is not None:
        own = f"{settings.origin}/waitlist/code#{codes.code(letter.entry)}"
    sentences = [what(letter.kind, letter.cancelled_by, moment), *_more(letter, settings, own, say)]
    if letter.channel == "sms":
        sentences.append(_("Questions: %(phone)s", phone=phone))
        text = " ".join(sentence.render(letter.language) for sentence in sentences)
    else:
        sentences = [
            _("Good day,"), *sentences,
            _("Questions? The practice in %(town)s: %(phone)s", town=letter.town, phone=phone),
            _("This message was written by a machine. Nobody reads answers to it."),
        ]  # fmt: skip
        text = (
            "\n\n".join([*(sentence.render(letter.language) for sentence in sentences), settings.operator_name]) + "\n"
        )
    return Wording(_subject(letter, moment).render(letter.language), text)


def _subject(letter: Letter, moment: str) -> Text:
    if letter.kind == "cancelled":
        return _("Cancelled: your appointment on %(moment)s", moment=moment)
    if letter.kind == "moved":
        return _("Moved: your appointment is now on %(moment)s", moment=moment)
    if letter.kind == "offer":
        return _("A time has become free: %(moment)s", moment=moment)
    return _("Your appointment on %(moment)s", moment=moment)


def what(kind: Kind, cancelled_by: str | None, moment: str) -> Text:
    """The sentence that matters, also when the practice says it on the telephone."""
    match kind:
        case "booked":
            return _("Your appointment is booked: %(moment)s.", moment=moment)
        case "follow_up":
            return _("The practice has booked a further appointment for you: %(moment)s.", moment=moment)
        case "moved":
            return _("Your appointment was moved. It is now on %(moment)s.", moment=moment)
        case "cancelled" if cancelled_by == "practice":
            return _("We are sorry: the practice has to cancel your appointment on %(moment)s.", moment=moment)
        case "cancelled":
            return _("Your appointment on %(moment)s is cancelled.", moment=moment)
        case "offer":
            return _("A time has become free for you: %(moment)s.", moment=moment)
        case _other:
            return _("Do not forget your appointment: %(moment)s.", moment=moment)


def _more(letter: Letter, settings: Settings, own: str, say: wording.Wording) -> Iterator[Text]:
    if letter.message:
        yield _("The practice writes: %(words)s", words=letter.message)
    if letter.kind == "offer":
        if letter.address is not None:
            yield _("It is here: %(address)s.", address=letter.address)
        if letter.answer_by is not None:
            yield _("It is kept for you until %(moment)s.", moment=say.moment(letter.answer_by))
        yield _("Take it or decline it here: %(address)s", address=own)
        return
    if letter.kind == "cancelled":
        if letter.cancelled_by == "practice":
            yield _("Here you can book another one: %(address)s", address=settings.origin)
        return
    if letter.address is None:
        yield _("You talk by video, from wherever you are.")
    else:
        yield _("Please come to: %(address)s.", address=letter.address)
    if letter.mode == "assisted":
        if letter.channel == "email":
            yield _("There you sit at a screen, and somebody helps you.")
        yield _("Telephone there: %(phone)s.", phone=say.phone(letter.place_phone or ""))
    if letter.kind == "reminder_72h":
        yield _("If you cannot come, please cancel soon. Then somebody else can have the time.")
    if letter.mode == "in_person":
        yield _("Look at it, move it or cancel it: %(address)s", address=own)
        return
    yield _("To your appointment, also to move or cancel it: %(address)s", address=own)
    if letter.kind == "reminder_24h":
        yield _("Please check your device and your line there today. It takes two minutes.")
    elif letter.mode == "video" and letter.kind in ("booked", "moved", "follow_up"):
        yield _("There you can also check beforehand whether your device and your line are good enough.")
