"""Lists who did what, and continues with an audit or an erase journal that an operator accepts, with a reason.

No entry of the list reveals on which day a sealed patron reached an age.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.netmedia.rights import may_reveal_birth_date
from cprsync.errors import ConfigurationError
from cprsync.services.ports.reason import checked_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust import AuditFilter, AuditState, Happening

#: How many entries are checked together for sealed patrons.
_AT_A_TIME: Final = 200


def list_entries(store: Store, policy: Policy, wanted: AuditFilter) -> Iterator[Happening]:
    """The entries that match, the latest first.

    An entry that may reveal a sealed patron's birthday is shown without the patron. It is left out if one patron's
    entries are asked for, because the patron would be known.
    """
    entries = store.audit.entries(wanted)
    while part := list(islice(entries, _AT_A_TIME)):
        whose = {one.patron for one in part if one.patron is not None and _may_tell(one)}
        sealed = store.patrons.sealed_among(whose, silent_is_sealed=policy.silent_is_sealed)
        for one in part:
            if not (_may_tell(one) and one.patron in sealed):
                yield one
            elif wanted.patron is None:
                yield replace(one, patron=None, withheld=True)


def _may_tell(entry: Happening) -> bool:
    by_night = entry.run is not None and entry.who is None
    return may_reveal_birth_date(entry.what, entry.actions, by_night=by_night)


def accept_audit(store: Store, *, user: str, reason: str) -> AuditState:
    """Accept the audit as it is. Return what was wrong with it.

    Raises:
        BadInput: nothing is wrong, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError("say why you accept an audit that is not whole: --reason TEXT", kind="usage.reason")
    why = checked_reason(reason)
    with store.runs.lock():
        return store.audit.accept(user=user, reason=why)


def accept_journal(store: Store, *, agency: str, user: str, reason: str) -> dict[str, Any]:
    """Accept the journal as it is. Return the JSON shape of `db accept-journal`.

    Raises:
        BadInput: the journal is the one that the database has seen, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    if not reason.strip():
        raise ConfigurationError("say why you accept a journal with lost lines: --reason TEXT", kind="usage.reason")
    why = checked_reason(reason)
    with store.runs.lock():
        taken = store.journal.accept(user=user, reason=why)
    return {
        "library": agency,
        "patrons": taken.patrons,
        "seen": taken.seen,
        "again": taken.again,
        "set_aside": taken.set_aside,
    }
