"""The CPR number that a scanner reads from a Danish health card (sundhedskort), from its bar code or its stripe.

The stripe's second track has eight digits of prefix, then the number, then doctor, region, municipality and a day. Its
first track has name and address: they are never used, because only the register tells those. A reader that is set to
another keyboard sends other signs around the digits, so the signs are not looked at.
"""

from __future__ import annotations

import re
from typing import Final

#: The second track: card type, Denmark's code 208, use and issuer, then the number and at least the insurance group.
_STRIPE: Final = re.compile(r"(?<![0-9])9208[0-9]{4}(?P<number>[0-9]{10})[0-9]{1,22}(?![0-9])", re.ASCII)
#: The bar code: the number, perhaps with the kind of code before it, or with the signs that begin and end a Code 39.
_BARS: Final = re.compile(r"(?:\][A-Za-z][0-9])?(?P<sign>\*?)(?P<number>[0-9]{10})(?P=sign)", re.ASCII)


def read_health_card(scanned: str) -> str | None:
    """The ten digits of the card's number. None: the text is no scanned health card."""
    stripe = _STRIPE.search(scanned)
    found = stripe or _BARS.fullmatch(scanned.strip())
    return None if found is None else found["number"]
