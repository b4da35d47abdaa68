"""Refusals: what went wrong, said once, on the class, for machines (`code`) and for people (`sentence`).

Theirs (4xx, a `Refusal`), ours (500, any other exception), broken (503). `http.py` turns them into problem+json,
`html.py` into a page, the socket into a close code.
"""

from __future__ import annotations

from typing import ClassVar

from telemed.text import Text, _


class Refusal(Exception):
    """Something the caller can understand and act on. `data` becomes extra members of the problem (RFC 9457)."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    sentence: ClassVar[Text] = _("That is not possible.")
    close_code: ClassVar[int] = 4400

    def __init__(self, sentence: Text | None = None, **data: object) -> None:
        super().__init__(self.code)
        self.text = sentence or self.sentence
        self.data = data


class BadRequest(Refusal):
    status, code = 400, "bad_request"
    sentence = _("The request could not be read. Please reload the page and try again.")


class NotLoggedIn(Refusal):
    status, code, close_code = 401, "not_logged_in", 4401
    sentence = _("Please log in first, or enter your appointment code.")


class Forbidden(Refusal):
    status, code, close_code = 403, "forbidden", 4403
    sentence = _("Your login does not allow this.")


class NotFound(Refusal):
    status, code, close_code = 404, "not_found", 4404
    sentence = _("There is nothing here. Perhaps the address is misspelt.")


class Conflict(Refusal):
    status, code, close_code = 409, "conflict", 4409
    sentence = _("Somebody else was faster. Please look again.")


class Gone(Refusal):
    status, code, close_code = 410, "gone", 4410
    sentence = _("This is over and cannot be opened any more.")


class TooLarge(Refusal):
    status, code, close_code = 413, "too_large", 4413
    sentence = _("That is too large.")


class Invalid(Refusal):
    """Fields that cannot be accepted: `fields` maps a field's name to the sentence that says why."""

    status, code, close_code = 422, "invalid", 4422
    sentence = _("Please check the marked fields.")

    def __init__(self, sentence: Text | None = None, *, fields: dict[str, Text] | None = None, **data: object) -> None:
        super().__init__(sentence, **data)
        self.fields = fields or {}


class TooMany(Refusal):
    status, code, close_code = 429, "too_many", 4429
    sentence = _("That was too often in a short time. Please wait a moment and try again.")

    def __init__(self, sentence: Text | None = None, *, retry_after: int = 30, **data: object) -> None:
        super().__init__(sentence, **data)
        self.retry_after = retry_after  # seconds


class Unavailable(Refusal):
    status, code, close_code = 503, "unavailable", 4503
    sentence = _("The service is being restarted. Please try again in a moment; nothing is lost.")


CONSTRAINTS: dict[str, type[Refusal]] = {}
"""Constraint name -> the refusal it means. The database holds the rule; each domain registers its own names."""
