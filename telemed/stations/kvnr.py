"""The number of a German health insurance card: whether it was copied right. It is compared, never kept (V-21)."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"([A-Z])(\d{8})(\d)", re.ASCII)


def is_right(typed: str) -> bool:
    """A letter and nine digits, the last of which is a check digit (§ 290 SGB V, guideline of the GKV-SV).

    With the letter as two digits (A is 01), every second digit is doubled; all digits of that, added up, end in it.
    """
    found = _NUMBER.fullmatch("".join(typed.split()).upper())
    if found is None:
        return False
    digits = f"{ord(found[1]) - ord('A') + 1:02}{found[2]}"
    products = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in products) % 10 == int(found[3])
