"""What a use case shows before it writes, and whether a person has said yes to exactly that (decision 40).

A preview holds no personal data, so its digest may appear in a script, a page or a log. Leaves out who may confirm.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

from cprsync.domain.wording import Wording


class Level(enum.Enum):
    """What a warning asks of the staff at the desk."""

    #: good to know
    NOTE = "note"
    #: ask the person at the desk before you say yes
    ASK = "ask"
    #: a yes needs a reason
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DeskWarning:
    """One warning before anything is written. Its text names nobody."""

    #: a stable name
    kind: str
    level: Level
    text: Wording


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written for one patron, and the warnings to show first."""

    #: the use case: `registration`, `set_cpr`, `leave`, `erase`
    what: str
    #: None: the person is not a patron yet
    patron_id: str | None
    warnings: tuple[DeskWarning, ...] = ()
    #: what else was shown: keyed fingerprints, versions, counts; never a name, an address or a number
    marks: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The hash of all that was shown, as `sha256:…`. It differs if anything shown differs."""
        shown = [self.what, self.patron_id, [[one.kind, one.level.value] for one in self.warnings], list(self.marks)]
        return f"sha256:{hashlib.sha256(json.dumps(shown).encode()).hexdigest()}"

    @property
    def needs_reason(self) -> bool:
        return any(one.level is Level.STOP for one in self.warnings)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's yes to one preview."""

    #: the digest of the preview that was shown
    digest: str
    #: in the person's own words; "": no reason was given
    reason: str = field(default="", repr=False)


class WhyNotConfirmed(enum.Enum):
    """Why a confirmation does not count."""

    #: what would be written, or a warning about it, has changed since it was shown
    CHANGED = "changed"
    #: a warning of level stop needs a reason
    REASON = "reason"


def why_not_confirmed(preview: Preview, confirmation: Confirmation) -> WhyNotConfirmed | None:
    """Why nothing may be written yet; None: a person has said yes to exactly this."""
    if confirmation.digest != preview.digest:
        return WhyNotConfirmed.CHANGED
    return WhyNotConfirmed.REASON if preview.needs_reason and not confirmation.reason.strip() else None


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
