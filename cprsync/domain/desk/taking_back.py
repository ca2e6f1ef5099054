"""The warnings before a number that was set at the desk is taken back (decision 40)."""

from __future__ import annotations

from typing import Final

from cprsync.domain.desk.confirming import DeskWarning, Level
from cprsync.domain.wording import Wording

#: In the order in which they are shown. They apply to every patron.
TAKING_BACK: Final = (
    DeskWarning(
        "as_before",
        Level.ASK,
        Wording(
            "Posten bliver, som den var, før nummeret blev skrevet: CPR's navn og adresse forsvinder, og CPR følges "
            "ikke mere.",
            "The record is again as it was before the number was written: the register's name and address go, and its "
            "changes come no more.",
        ),
    ),
    DeskWarning(
        "staff_stays",
        Level.NOTE,
        Wording(
            "Det, personalet har skrevet siden, bliver: kort, noter, rettelser og blokeringer. En blokering, der kom "
            "med nummeret, følger det igen.",
            "What staff have written since stays: cards, notes, corrections and blocks. A block that came with the "
            "number goes with it again.",
        ),
    ),
)
