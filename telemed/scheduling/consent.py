"""What a patient agrees to before a video consultation (Art. 9(2)(a) and 7 GDPR; Anlage 31b BMV-Ä), and its version."""

from __future__ import annotations

from typing import Final

from telemed.scheduling.types import CONSENT_VERSION
from telemed.text import Text, _

VERSION: Final = CONSENT_VERSION  # consents to an older one no longer count

SENTENCES: Final[tuple[Text, ...]] = (
    _("I want to talk with the doctor by video. Picture, sound and messages go encrypted from device to device."),
    _("Nothing is recorded, by nobody. The operator of this service cannot see or hear the consultation."),
    _("Who was connected and when is stored for at most 90 days, for technical reasons only."),
    _("I can take this consent back at any time, also during the consultation. It then ends."),
)
