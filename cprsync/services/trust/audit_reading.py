"""Lists who did what, as the audit may be read. No entry reveals on which day a sealed patron reached an age."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.rights import may_reveal_birth_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust import AuditFilter, Happening

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
