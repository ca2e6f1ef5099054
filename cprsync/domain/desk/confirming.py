"""What a use case shows before it writes, whether a person has said yes to exactly that, and who that person is.

A preview holds no personal data, so its digest may appear in a script, a page or a log (decision 40). Who acts is the
person behind a command, never only the account that the program runs under (decision 36): only what the kernel knows
counts, because anyone can set an environment variable such as `SUDO_USER`.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.number import unspaced
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


#: The name used if no person is known.
SERVICE: Final = "the service"
#: Accounts of people begin with this number, as in login.defs (UID_MIN).
PERSON_FROM: Final = 1000
#: The longest name of a person, and how much of an account stands in brackets behind it: the audit's columns have room
#: for both.
NAME_MAX: Final = 40
_ACCOUNT_MAX: Final = 21


class WarningLevel(enum.Enum):
    """What a warning asks of the staff at the desk."""

    #: good to know
    NOTE = "note"
    #: ask the person at the desk before you say yes
    ASK = "ask"
    #: a yes needs a reason
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DeskWarning:
    """One warning before anything is written."""

    #: a stable name
    kind: str
    level: WarningLevel
    #: the key of its text in the catalogue `rules`: it names nobody
    text: str


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
    #: the patron number has to be typed once more with the yes, because what is written cannot be taken back
    is_final: bool = False

    @property
    def digest(self) -> str:
        """The hash of all that was shown, as `sha256:…`. It differs if anything shown differs."""
        shown = [self.what, self.patron_id, [[one.kind, one.level.value] for one in self.warnings], list(self.marks)]
        return f"sha256:{hashlib.sha256(json.dumps(shown).encode()).hexdigest()}"

    @property
    def needs_reason(self) -> bool:
        return any(one.level is WarningLevel.STOP for one in self.warnings)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's yes to one preview."""

    #: the digest of the preview that was shown
    digest: str
    #: in the person's own words; "": no reason was given
    reason: str = field(default="", repr=False)
    #: the patron number, typed once more
    again: str = ""


class WhyNotConfirmed(enum.Enum):
    """Why a confirmation does not count."""

    #: what would be written, or a warning about it, has changed since it was shown
    CHANGED = "changed"
    #: a warning of level stop needs a reason
    REASON = "reason"
    #: what cannot be taken back needs the patron number once more
    AGAIN = "again"


def why_not_confirmed(preview: Preview, confirmation: Confirmation) -> WhyNotConfirmed | None:
    """Why nothing may be written yet; None: a person has said yes to exactly this."""
    if confirmation.digest != preview.digest:
        return WhyNotConfirmed.CHANGED
    if preview.needs_reason and not confirmation.reason.strip():
        return WhyNotConfirmed.REASON
    return WhyNotConfirmed.AGAIN if preview.is_final and unspaced(confirmation.again) != preview.patron_id else None


#: In the order in which they are shown. They apply to every patron.
TAKING_BACK: Final = (
    DeskWarning("as_before", WarningLevel.ASK, "taking_back.as_before"),
    DeskWarning("staff_stays", WarningLevel.NOTE, "taking_back.staff_stays"),
)


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account of the operating system."""

    uid: int
    name: str


def who_acts(login: SystemUser | None, behind: Sequence[SystemUser], *, services: Collection[str]) -> str:
    """Names the person who acts.

    Args:
        login: the account of the session's log-in, which the kernel keeps through `sudo` and `su`.
        behind: the owners of this process and its parents: its own account first, then the nearest parent.
        services: names of accounts that belong to no person, although their number says so.
    """
    if login is not None:
        return login.name if _is_person(login, services) else SERVICE
    own, *others = behind
    person = next((one for one in others if one.uid != own.uid and _is_person(one, services)), None)
    return SERVICE if person is None else person.name


def named_by_service(name: str, account: SystemUser) -> str:
    """The person that a service names with `--as`. The audit also shows which account named them.

    Raises:
        ValueError: the name is empty, too long or not printable.
    """
    if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
        raise WrongValue("expected a name of at most 40 letters")
    # the account is cut, and not the whole: else a longer name would make it another account
    return f"{name.strip()} ({account.name[:_ACCOUNT_MAX]})"


def _is_person(account: SystemUser, services: Collection[str]) -> bool:
    return account.uid >= PERSON_FROM and account.name not in services
