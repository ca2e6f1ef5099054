"""Rotate a key while nights and the desk go on, and destroy one that nothing names any more.

A new key is added first and does not write. Every process looks at the key folder when a transaction begins, so after a
short while each can read what the key will write. Only then it writes, and the rows are brought to it in shares. A
rotation that was killed goes on when it is run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.services.night.approving import list_waiting
from cprsync.services.ports.trust.keys import PURPOSES, KeyState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.keys import KeyUse, RotatedShare, SharePlace

#: How long an added key waits before it writes: longer than any transaction that began without it may take. A writer
#: waits five seconds for another one at most, and a share takes less than one.
TAKING_SECONDS: Final = 10.0
#: A plan's hash is made with this key.
_OF_PLANS: Final = "fingerprint"


@dataclass(frozen=True, slots=True)
class Rotating:
    """What a rotation is given from outside."""

    user: str
    #: waits until every process has taken an added key
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    #: gives the time, in UTC
    now: Callable[[], datetime]
    #: how many rows, or patrons, one transaction brings: others wait for it, some hundredths of a second
    share_rows: int = 300
    #: is told of each share: the purpose, and the rows so far
    progress: Callable[[str, int], None] = lambda _purpose, _rows: None


def is_any_lost(uses: Iterable[KeyUse]) -> bool:
    """Tells whether anything names a key that is not in the key folder."""
    return any(one.state is KeyState.LOST for one in uses)


def rotate_keys(libraries: Sequence[Store], purposes: Collection[str], how: Rotating) -> dict[str, Any]:
    """Give each purpose a new key, for all libraries, which share the key folder. Returns what was done.

    Goes on with a rotation that was begun and not finished, and adds no further key to it.

    Raises:
        BadInput: no such purpose, or people have approved a plan, whose hash is made with the key.
        RunBusy: somebody else changes the keys.
    """
    _make_sure_that_known(purposes)
    with libraries[0].keys.rotating():
        begun = {one for one in purposes if any(library.keys.is_unfinished(one) for library in libraries)}
        if _OF_PLANS in {*purposes} - begun:
            _make_sure_that_none_approved(libraries, how.now())
        _let_new_keys_write(libraries, [one for one in purposes if one not in begun], how)
        done = [_bring_rows(libraries, one, how) | {"resumed": one in begun} for one in purposes]
        uses = libraries[0].keys.uses()
    return {"rotated": [one | {"older": _older(uses, one["purpose"])} for one in done]}


def _older(uses: Iterable[KeyUse], purpose: str) -> list[dict[str, Any]]:
    """The older keys of a purpose, with what still names each: rows of all libraries, and lines."""
    older = [one for one in uses if one.purpose == purpose and one.state is KeyState.READS]
    return [{"id": one.id, "named": {**one.rows, **one.lines}} for one in older]


def _make_sure_that_known(purposes: Collection[str]) -> None:
    if not purposes or not set(purposes) <= set(PURPOSES):
        raise BadInput("name a purpose: {purposes}", purposes=", ".join(PURPOSES), kind="keys.purpose")


def _make_sure_that_none_approved(libraries: Iterable[Store], now: datetime) -> None:
    for library in libraries:
        for plan in list_waiting(library, now):
            if plan.approved_by:
                raise BadInput(
                    "somebody has approved the plan of run {run}, which a new fingerprint key would void",
                    run=plan.run,
                    kind="keys.approved",
                )


def _let_new_keys_write(libraries: Sequence[Store], purposes: Sequence[str], how: Rotating) -> None:
    for purpose in purposes:
        for library in libraries:
            library.keys.add(purpose, user=how.user)
    if purposes:
        how.sleep(TAKING_SECONDS)
    for purpose in purposes:
        for library in libraries:
            library.keys.note_writing(purpose, user=how.user)
        libraries[0].keys.let_write(purpose)
    if purposes:
        # what began before that ends under the older key; after this, nothing is written with it
        how.sleep(TAKING_SECONDS)


def _bring_rows(libraries: Sequence[Store], purpose: str, how: Rotating) -> dict[str, Any]:
    began, rows, left = how.monotonic(), 0, 0
    for library in libraries:
        ours = 0
        for share in shares_of(library, purpose, most=how.share_rows):
            ours, left = ours + share.done, left + share.left
            how.progress(purpose, rows + ours)
        library.keys.finish(purpose, rows=ours, user=how.user)
        rows += ours
    seconds = how.monotonic() - began
    return {"purpose": purpose, "rows": rows, "left": left, "seconds": round(seconds, 2)}


def shares_of(library: Store, purpose: str, *, most: int) -> Iterator[RotatedShare]:
    """Apply the shares of one library, each a transaction of its own, until none is left."""
    place: SharePlace | None = None
    while True:
        share = library.keys.apply_share(purpose, place, most=most)
        yield share
        if share.place is None:
            return
        place = share.place


def destroy_key(library: Store, purpose: str, key_id: str, *, user: str, backups_expired: bool) -> dict[str, Any]:
    """Destroy a key that nothing names any more.

    Raises:
        BadInput: something names it, it writes, there is no such key, or nobody said that no backup needs it.
        RunBusy: somebody else changes the keys.
    """
    _make_sure_that_known([purpose])
    if not backups_expired:
        raise BadInput(
            "a copy of the database from before the rotation needs the {purpose} key {id}, unless it holds its keys",
            purpose=purpose,
            id=key_id,
            kind="keys.backups",
        )
    with library.keys.rotating():
        library.keys.destroy(purpose, key_id, user=user)
    return {"destroyed": {"purpose": purpose, "id": key_id}}
