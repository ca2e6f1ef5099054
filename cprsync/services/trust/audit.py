"""Says whether all is well with one library, and lists who did what.

No entry of the list reveals on which day a sealed patron reached an age. An audit or an erase journal that is not whole
continues after an operator accepts it, with a reason.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.delivery import COPENHAGEN, last_loaded
from cprsync.domain.netmedia.rights import may_reveal_birth_date
from cprsync.domain.patron.provisional import is_late
from cprsync.errors import Exit
from cprsync.services.outward.targets import WAITS_MOST, targets_document, wrong_targets
from cprsync.services.ports.trust import AuditFilter, demanded_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust import AuditState, Happening

#: How many entries are checked together for sealed patrons.
_AT_A_TIME: Final = 200
#: The most entries about one patron that are read to find what was done to the record.
_READ_MOST: Final = 2_000
#: The most entries that one search of the log finds.
FOUND_MOST: Final = 500
#: The kinds of entries that say that somebody looked, and that change nothing.
_LOOKING: Final = frozenset({"lookup", "reveal", "own_view", "view", "search"})


#: Levels of a certificate that someone must act on.
ALARMING: Final = frozenset({"critical", "warn"})


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
            elif wanted.patron is None and wanted.number is None:
                # somebody's own words may name the patron
                yield replace(one, patron=None, reason=None, withheld=True)


def search_log(store: Store, policy: Policy, wanted: AuditFilter, *, user: str) -> Iterator[Happening]:
    """Same as `list_entries` with the reasons, for whoever watches over looking.

    Also what was done with people's data before they were patrons. The search itself is in the log, before it reads.
    """
    store.audit.note_reading(user=user, patron=wanted.patron, of="search")
    return list_entries(store, policy, replace(wanted, reasons=True, unregistered=True))


def moments_of(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The first moment of the first day, and the last of the last."""
    return (
        None if since is None else datetime.combine(since, time(), tzinfo=COPENHAGEN),
        None if until is None else datetime.combine(until, time.max, tzinfo=COPENHAGEN),
    )


def list_changes(store: Store, policy: Policy, patron_id: str, *, most: int) -> Iterator[Happening]:
    """What was done to a record, the latest first. Leaves out who looked: that is for who watches over looking."""
    wanted = AuditFilter(patron_id, limit=_READ_MOST, seen=False)
    done = (one for one in list_entries(store, policy, wanted) if one.what not in _LOOKING)
    return islice(done, most)


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
    why = demanded_reason(reason, of="say why you accept an audit that is not whole: --reason TEXT")
    with store.runs.lock():
        return store.audit.accept(user=user, reason=why)


def accept_journal(store: Store, *, agency: str, user: str, reason: str) -> dict[str, Any]:
    """Accept the journal as it is. Return the JSON shape of `db accept-journal`.

    Raises:
        BadInput: the journal is the one that the database has seen, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    why = demanded_reason(reason, of="say why you accept a journal with lost lines: --reason TEXT")
    with store.runs.lock():
        taken = store.journal.accept(user=user, reason=why)
    return {
        "library": agency,
        "patrons": taken.patrons,
        "seen": taken.seen,
        "again": taken.again,
        "set_aside": taken.set_aside,
    }


def status_of(
    store: Store, *, agency: str, name: str, now: datetime, certificates: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The JSON shape of `status` for one library."""
    document: dict[str, Any] = {
        "agency": agency,
        "name": name,
        "run": next(iter(store.runs.documents(most=1)), None),
        "deliveries": _deliveries(store, now),
        "waits": _waits(store),
        "targets": targets_document(store),
        "subscriptions": asdict(store.subscriptions.coverage()),
        "audit": store.audit.check().document(),
        "access": asdict(store.access.alarms()),
        "certificates": [dict(one) for one in certificates],
        "keys": [{"purpose": purpose, "id": key} for purpose, key in sorted(store.audit.keys_in_use())],
    }
    wrong = [*_wrong_run(document["run"]), *wrong_targets(document["targets"], now), *_wrong_rest(document, now)]
    return document | {"ok": not wrong, "wrong": wrong}


def _deliveries(store: Store, now: datetime) -> dict[str, Any]:
    last, due = store.inbox.last_produced(), last_loaded(now)
    late = last is not None and last < due
    return {"last": last and last.isoformat(), "due": due.isoformat(), "late": late}


def _waits(store: Store) -> dict[str, Any]:
    reviews, backlog = store.reviews.waiting(), store.outbox.backlog()
    oldest = None if backlog.oldest is None else backlog.oldest.isoformat(timespec="seconds")
    net_media = {"waiting": backlog.waiting, "failed": backlog.failed, "oldest": oldest}
    still = store.provisional.waiting()
    since = None if still.oldest is None else still.oldest.isoformat(timespec="seconds")
    provisional = {"register": still.register, "staff": still.staff, "oldest": since}
    return {
        "reviews": sum(reviews.values()),
        "kinds": dict(reviews),
        "net_media": net_media,
        "provisional": provisional,
    }


def _wrong_run(run: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if run is None:
        return [{"what": "no_run"}]
    if run["finished"] is None:
        return [{"what": "open_run"}]
    return [] if run["exit"] in {Exit.DONE, Exit.LEFT} else [{"what": "run", "exit": run["exit"]}]


def _wrong_rest(document: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    waits, deliveries, access = document["waits"]["net_media"], document["deliveries"], document["access"]
    old = waits["oldest"] is not None and waits["oldest"] < (now - WAITS_MOST).isoformat(timespec="seconds")
    provisional = document["waits"]["provisional"]
    since = provisional["oldest"]
    unheard = since is not None and is_late(datetime.fromisoformat(since), now)
    found = (
        (deliveries["late"], {"what": "late", "due": deliveries["due"]}),
        (waits["failed"] > 0, {"what": "failed", "failed": waits["failed"]}),
        (old, {"what": "old", "oldest": waits["oldest"]}),
        (unheard, {"what": "unheard", "oldest": provisional["oldest"], "count": provisional["register"]}),
        (not document["audit"]["whole"], {"what": "audit"}),
        (access["stopped"], {"what": "stopped", "users": ", ".join(access["stopped"])}),
        (access["capped"], {"what": "capped", "users": ", ".join(access["capped"])}),
        *((door in access["guessing"], {"what": f"guessing_{door}"}) for door in ("page", "machines")),
        (access["overdue"] > 0, {"what": "overdue", "count": access["overdue"]}),
        (any(map(_is_alarming, document["certificates"])), {"what": "certificate"}),
    )
    return [wrong for is_wrong, wrong in found if is_wrong]


def _is_alarming(certificate: Mapping[str, Any]) -> bool:
    # no revocation list is set up: each run warns about that, and it is not urgent
    unlisted = certificate.get("revocation") == "unknown"
    only_that = unlisted and certificate.get("step") is None and certificate.get("problem") is None
    return certificate["level"] in ALARMING and not only_that
