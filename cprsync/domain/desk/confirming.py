"""What a use case says before it writes, and whether someone has said yes to exactly that (decision 40).

A preview holds no personal data: its digest may stand in a script, a page or a log. Leaves out who may confirm.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cprsync.domain.wording import Wording


class Level(enum.Enum):
    """What a warning asks of whoever sits at the desk."""

    #: worth knowing
    NOTE = "note"
    #: worth a question to the person at the desk before the yes
    ASK = "ask"
    #: a yes needs a reason
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DeskWarning:
    """One thing that is seen before anything is written; its text names nobody."""

    #: a stable name
    kind: str
    level: Level
    text: Wording


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written of one patron, and what is to be seen about it first."""

    #: the use case: `registration`, `set_cpr`, `leave`, `erase`
    what: str
    #: None: someone who is no patron yet
    patron_id: str | None
    warnings: tuple[DeskWarning, ...] = ()
    #: what else was shown: keyed fingerprints, versions, counts; never a name, an address or a number
    marks: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Differs as soon as anything differs that was shown, `sha256:…`."""
        shown = [self.what, self.patron_id, [[one.kind, one.level.value] for one in self.warnings], list(self.marks)]
        return f"sha256:{hashlib.sha256(json.dumps(shown).encode()).hexdigest()}"

    @property
    def needs_reason(self) -> bool:
        return any(one.level is Level.STOP for one in self.warnings)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The yes to one preview."""

    #: of what was shown
    digest: str
    #: in their own words; "": none was given
    reason: str = field(default="", repr=False)


class NoYes(enum.Enum):
    """Why a confirmation is not enough."""

    #: what would be written, or what is to be seen about it, is no longer what was shown
    CHANGED = "changed"
    #: a warning of level stop needs a reason
    REASON = "reason"


def why_not_confirmed(preview: Preview, confirmation: Confirmation) -> NoYes | None:
    """Why nothing may be written yet; None: someone has said yes to exactly this."""
    if confirmation.digest != preview.digest:
        return NoYes.CHANGED
    return NoYes.REASON if preview.needs_reason and not confirmation.reason.strip() else None
