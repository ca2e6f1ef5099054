"""What an error of ours is answered with in HTTP, on a page and in the API, and who was not let in.

What an error says is in the catalogues.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from cprsync.errors import (
    AccessRefused,
    BadAnswer,
    BadInput,
    Braked,
    CardRefused,
    ConfigurationError,
    CprsyncError,
    NetMediaUnavailable,
    NoSuchPerson,
    NotConfirmed,
    QuotaReached,
    RegisterRefused,
    RegisterUnavailable,
    RunBusy,
)
from cprsync.language.errors import TRY_LATER, advice_for, error_text, find_advice, with_parents
from cprsync.language.words import desk_word, has_desk_word
from cprsync.web.memory.places import DeskBusy

if TYPE_CHECKING:
    from cprsync.catalogues import Language


class NotAdmitted(CprsyncError):
    """A request without a session, of another site, or beyond a role."""

    kind = "session.role"


class WorkerLost(CprsyncError):
    """The worker that was answering has ended. What was sent is kept whole, or not at all."""

    kind = "desk.worker"


#: The status of an error page, the most specific first.
STATUSES: Final[tuple[tuple[type[CprsyncError], int], ...]] = (
    (NotConfirmed, 409),
    (NotAdmitted, 403),
    (CardRefused, 403),
    (QuotaReached, 429),
    (BadInput, 422),
    (NoSuchPerson, 422),
    (Braked, 409),
    (AccessRefused, 403),
    (WorkerLost, 502),
    (RegisterUnavailable, 503),
    (NetMediaUnavailable, 503),
    (DeskBusy, 503),
    (RunBusy, 503),
    (RegisterRefused, 502),
    (BadAnswer, 502),
    (ConfigurationError, 500),
)
#: The status by the kind of an error, where it is another than its class has.
_KINDS: Final = {
    **dict.fromkeys(
        ("patron.unknown", "patron.gone", "review.unknown", "run.unknown", "confirm.key", "access.unknown"), 404
    ),
    # what waits is another plan, or this yes is not needed
    **dict.fromkeys(("plan.none", "plan.unknown", "plan.approved", "plan.changed", "plan.same_person"), 409),
    "plan.nobody": 403,
    "session.ended": 401,
    "machine.unknown": 401,
    "reader.unknown": 401,
    "cursor.gone": 410,
    "card.busy": 503,
    "request.media": 415,
    "request.size": 413,
    "usage.reason": 422,
}
#: The first words of our commands, which `tests/language/test_plain_pages.py` compares with the commands themselves.
_NAMES: Final = """
    access accounts alarms audit backup certs circulation compare db demo doctor drill entitlements export feed fees
    fields forecast guide init keys lookup metrics mock openapi patron plan restore retention review rules runs serve
    statement statistics status subscriptions sync targets
"""
COMMANDS: Final = frozenset(_NAMES.split())
_SPEAKS: Final = re.compile(
    # as in `cprsync sync`, --reason, policy.toml, [library.feed], [[library]], a value between bars
    rf"`|(?<![\w-])--[a-z]|\.toml\b|\[\[?[a-z_]+[\].]|\bcprsync (?:{'|'.join(sorted(COMMANDS))})\b"
    r"|\bkommando|\bcommand|\bpolicy\b|(?:\baf|\bby) \|",
    re.IGNORECASE,
)


#: What somebody of ours has to look into.
OURS: Final = frozenset({500, 502})


def status_of(error: CprsyncError) -> int:
    """The status of HTTP that an error of ours is answered with."""
    if error.kind in _KINDS:
        return _KINDS[error.kind]
    # what the commands answer with "try later", such as a database that is down
    rest = 503 if advice_for(error).exit == TRY_LATER else 500
    return next((code for of, code in STATUSES if isinstance(error, of)), rest)


def is_of_store(error: CprsyncError) -> bool:
    return error.kind.startswith("store.")


def speaks_of_commands(text: str) -> bool:
    """Whether a text names a command, an option or a setting. Who reads a page types no command."""
    return _SPEAKS.search(text) is not None


def next_step(error: CprsyncError, language: Language) -> str:
    """What to do next, for who reads it on a page or in a program: no command and no setting.

    The advice of the command line, where it names neither. Else the words for the desk, by kind.
    """
    if is_of_store(error):
        # who looks after a database is not at the desk
        return desk_word("store_next", language)
    code, advice = find_advice(error)
    for kind in (*with_parents(error.kind), advice):
        if has_desk_word(f"next_{kind}"):
            return desk_word(f"next_{kind}", language)
        told = advice_for(error).next.text(language) if kind == advice else ""
        if told and not speaks_of_commands(told):
            return told
    return desk_word("next_later" if code == TRY_LATER else "next_operator", language)


def tell_staff(error: CprsyncError, language: Language) -> tuple[str, str]:
    """What a page of the desk says of an error, and what to do next."""
    why = error_text(error, language)
    if isinstance(error, RegisterUnavailable):
        # what a connection or an answer lacks is for those who run the program: the librarian passes it on
        return desk_word("register_silent", language), desk_word("register_silent_next", language, why=why)
    if isinstance(error, RegisterRefused | BadAnswer) and not isinstance(error, NoSuchPerson):
        return desk_word("register_unusable", language), desk_word("register_unusable_next", language, why=why)
    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR and speaks_of_commands(why):
        # how it is set up is the operators': the log has the kind
        why = desk_word("set_up_wrong", language, kind=error.kind)
    return why, next_step(error, language)
