"""The status of one library: the last night, what waits, deliveries, the audit, and what someone must look after."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.delivery import last_loaded
from cprsync.services.night.report import audit_document
from cprsync.services.ports.runs import DONE, LEFT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cprsync.services.ports.store import Store

#: How long something may wait for the net media: the next night makes up for one failed night.
WAITS_MOST: Final = timedelta(hours=26)
#: Levels of a certificate that someone must act on.
ALARMING: Final = frozenset({"critical", "warn"})


def status_of(
    store: Store, *, agency: str, name: str, now: datetime, certificates: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The JSON shape of `status` for one library."""
    document: dict[str, Any] = {
        "agency": agency,
        "name": name,
        "run": next(iter(store.runs.documents()), None),
        "deliveries": _deliveries(store, now),
        "waits": _waits(store),
        "audit": audit_document(store.audit.check()),
        "certificates": [dict(one) for one in certificates],
        "keys": [{"purpose": purpose, "id": key} for purpose, key in sorted(store.audit.keys_in_use())],
    }
    wrong = [*_wrong_run(document["run"]), *_wrong_rest(document, now)]
    return document | {"ok": not wrong, "wrong": wrong}


def _deliveries(store: Store, now: datetime) -> dict[str, Any]:
    last, due = store.inbox.last_produced(), last_loaded(now)
    late = last is not None and last < due
    return {"last": last and last.isoformat(), "due": due.isoformat(), "late": late}


def _waits(store: Store) -> dict[str, Any]:
    reviews, backlog = store.reviews.waiting(), store.outbox.backlog()
    oldest = None if backlog.oldest is None else backlog.oldest.isoformat(timespec="seconds")
    net_media = {"waiting": backlog.waiting, "failed": backlog.failed, "oldest": oldest}
    return {"reviews": sum(reviews.values()), "kinds": dict(reviews), "net_media": net_media}


def _wrong_run(run: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if run is None:
        return [{"what": "no_run"}]
    if run["finished"] is None:
        return [{"what": "open_run"}]
    return [] if run["exit"] in {DONE, LEFT} else [{"what": "run", "exit": run["exit"]}]


def _wrong_rest(document: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    waits, deliveries = document["waits"]["net_media"], document["deliveries"]
    old = waits["oldest"] is not None and waits["oldest"] < (now - WAITS_MOST).isoformat(timespec="seconds")
    found = (
        (deliveries["late"], {"what": "late", "due": deliveries["due"]}),
        (waits["failed"] > 0, {"what": "failed", "failed": waits["failed"]}),
        (old, {"what": "old", "oldest": waits["oldest"]}),
        (not document["audit"]["whole"], {"what": "audit"}),
        (any(map(_is_alarming, document["certificates"])), {"what": "certificate"}),
    )
    return [wrong for is_wrong, wrong in found if is_wrong]


def _is_alarming(certificate: Mapping[str, Any]) -> bool:
    # no revocation list is set up: each run warns about that, and it is not urgent
    unlisted = certificate.get("revocation") == "unknown"
    only_that = unlisted and certificate.get("step") is None and certificate.get("problem") is None
    return certificate["level"] in ALARMING and not only_that
