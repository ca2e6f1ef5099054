"""Bind to the audit each row that opens, lifts or exempts: it counts only while an entry says what the row says.

Whoever has the database, and no key, can write such a row, and no entry. A kind of row has a stream of its own, and the
last entry about a row is its state; None: it is not there. A person who does a deed has an entry elsewhere too: these
entries only say what the rows then were. Where a row is used, and when the audit is verified, it is compared with its
entry. The retention renews the entries of rows that are still there before it deletes old ones.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, delete, exists, func, select, update

from cprsync.domain.desk.access import SETTLED_BY, AttemptOutcome
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.review import PARKED, State
from cprsync.services.ports.deliveries import InboxState
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.seals.failures import RowUnbound
from cprsync.store.seals.keys import Keyed, KeyPurpose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an entry that binds rows, and what the names of its streams begin with.
BOUND: Final = "bound"
#: The name under which an entry has its rows: by key what their columns say, or null.
_ROWS: Final = "rows"
#: So many rows are in one entry, and so many entries are read at a time.
_IN_ENTRY: Final = 100
_PAGE: Final = 500
#: What comes of an attempt at the desk that lets somebody do more than the rules, or less.
LETTING: Final = frozenset({AttemptOutcome.SIGNED, AttemptOutcome.USED, AttemptOutcome.STOPPED, AttemptOutcome.LIFTED})
_FIRST: Final = bytes(32)
#: What a row's columns say, as its entry has it.
Said: TypeAlias = "tuple[Any, ...]"
_ByPatron: TypeAlias = "defaultdict[str | None, dict[str, Said | None]]"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of row that is bound: which rows, what finds one, and what an entry says of it."""

    name: str
    table: Table
    keys: tuple[Column[Any], ...]
    says: tuple[Column[Any], ...]
    #: which rows of the table
    which: ColumnElement[bool] | None = None
    #: whose row it is; None: nobody's
    patron: Column[Any] | None = None
    #: a row that is gone opens nothing, so that nobody need say that it went
    may_go: bool = False
    #: entries are not about one patron each: so many rows are written at once that a hundred share an entry
    are_many: bool = False
    #: what is written in a row that has no entry when somebody accepts the audit: it does not become one that counts.
    #: Empty: it is deleted. None: it stays, because it lets nobody do more
    ended: Mapping[str, Any] | None = None

    @property
    def stream(self) -> str:
        return f"{BOUND}/{self.name}"

    def key_of(self, row: AnyRow) -> str:
        return "|".join(map(str, _values(row, self.keys)))

    def state_of(self, row: AnyRow) -> Said:
        return tuple(_values(row, self.says))

    def patron_of(self, row: AnyRow) -> str | None:
        return None if self.patron is None else getattr(row, self.patron.name)


_YES, _RUN, _OVERRIDE, _PATRON = (one.c for one in (tables.plan_yes, tables.run, tables.override, tables.patron))
_TARGET, _OUTCOME, _WATCHED = (one.c for one in (tables.target, tables.desk_outcome, tables.watched_number))
_ITEM, _BOX, _ROW, _ASKED = tables.review_item.c, tables.inbox.c, tables.audit.c, tables.follow_up.c
#: A yes to a held plan.
YES: Final = Kind("yes", tables.plan_yes, (_YES.run_id, _YES.ordinal), (_YES.who, _YES.at), may_go=True, ended={})
#: A run that has begun to write a plan that was approved.
BEGUN: Final = Kind(
    "begun",
    tables.run,
    (_RUN.id,),
    (_RUN.approved_run,),
    _RUN.approved_run.is_not(None),
    may_go=True,
    ended={"approved_run": None},
)
#: A correction by staff that is in force.
CORRECTION: Final = Kind(
    "correction",
    tables.override,
    (_OVERRIDE.id,),
    (_OVERRIDE.patron_id, _OVERRIDE.field, _OVERRIDE.by_user, _OVERRIDE.since, _OVERRIDE.until),
    _OVERRIDE.state == "live",
    _OVERRIDE.patron_id,
    ended={"state": "withdrawn"},
)
#: A patron whom an undone run holds.
HOLD: Final = Kind("hold", tables.patron, (_PATRON.id,), (_PATRON.held_by,), _PATRON.held_by.is_not(None), _PATRON.id)
#: A target that is stopped, or was let go on.
BRAKE: Final = Kind(
    "brake",
    tables.target,
    (_TARGET.name,),
    (_TARGET.stopped, _TARGET.stopped_why),
    _TARGET.stopped.is_not(None) | _TARGET.stopped_why.is_not(None),
)
#: A second person's signature and its use; a user who was stopped, or may go on.
SIGNATURE: Final = Kind(
    "signature",
    tables.desk_outcome,
    (_OUTCOME.seq, _OUTCOME.outcome),
    (_OUTCOME.who, _OUTCOME.at),
    _OUTCOME.outcome.in_(sorted(one.value for one in LETTING)),
    ended={},
)
#: What came of a look-up of somebody who is no patron, so that it counts no more. There are many: they have a stream of
#: their own, and signatures are still found among few.
SETTLED: Final = Kind(
    "settled",
    tables.desk_outcome,
    (_OUTCOME.seq, _OUTCOME.outcome),
    (_OUTCOME.who, _OUTCOME.at),
    _OUTCOME.outcome.in_(sorted(one.value for one in SETTLED_BY)),
    ended={},
)
#: A number whose look-ups a second person signs for.
WATCH: Final = Kind("watch", tables.watched_number, (_WATCHED.number_index,), (_WATCHED.since,))
#: The first of two people who accept what waits for a review.
FIRST_YES: Final = Kind(
    "first_yes",
    tables.review_item,
    (_ITEM.id,),
    (_ITEM.patron_id, _ITEM.kind, _ITEM.about, _ITEM.decided_by, _ITEM.decided_at),
    (_ITEM.state == State.WAITING.value) & _ITEM.decided_by.is_not(None),
    _ITEM.patron_id,
    may_go=True,
    ended={"decided_by": None, "decided_at": None},
)
#: A delivery that an operator accepts although it is out of chain.
ACCEPTED: Final = Kind(
    "accepted",
    tables.inbox,
    (_BOX.id,),
    (_BOX.name, _BOX.sha256),
    _BOX.accepted_reason.is_not(None),
    may_go=True,
    ended={"accepted_reason": None},
)
#: The day up to which deliveries have told of a protection: no look-up of that day or an earlier one ends it.
PROTECTED: Final = Kind(
    "protected", tables.patron, (_PATRON.id,), (_PATRON.protected_on,), _PATRON.protected_on.is_not(None), _PATRON.id
)
#: A patron in a window, who is unverified until the register has answered.
WINDOW: Final = Kind(
    "window",
    tables.patron,
    (_PATRON.id,),
    (_PATRON.unverified_since, _PATRON.unverified_why, _PATRON.unverified_until),
    _PATRON.unverified_since.is_not(None),
    _PATRON.id,
    are_many=True,
)
_IS_PARKED: Final = _ITEM.kind.startswith(PARKED)
#: A review item that keeps a patron parked until somebody answers it.
PARKING: Final = Kind(
    "parked",
    tables.review_item,
    (_ITEM.id,),
    (_ITEM.patron_id, _ITEM.kind, _ITEM.about),
    (_ITEM.state == State.WAITING.value) & _IS_PARKED,
    _ITEM.patron_id,
)
#: A question that keeps a patron parked until the register answers it, because somebody has accepted such an item.
QUESTION: Final = Kind(
    "question",
    tables.follow_up,
    (_ASKED.patron_id, _ASKED.kind),
    (_ASKED.since,),
    exists().where(
        *(_ITEM.agency == _ASKED.agency, _ITEM.patron_id == _ASKED.patron_id),
        *(_ITEM.state == State.ACCEPTED.value, _IS_PARKED),
    ),
    _ASKED.patron_id,
)
_LINKED, _AGREEMENT = tables.responsible.c, tables.agreement.c
#: The states of a delivery that was taken.
TAKEN: Final = (InboxState.ACCEPTED.value, InboxState.APPLIED.value)
#: A link in force between a minor and a responsible. One who is protected hides the minor's address too.
LINK: Final = Kind(
    "link",
    tables.responsible,
    (_LINKED.patron_id, _LINKED.responsible_id),
    (_LINKED.since, _LINKED.until),
    _LINKED.until.is_(None),
    _LINKED.patron_id,
    ended={},
)
#: Somebody who is to leave, so that a night closes their record and ends its subscription.
LEAVING: Final = Kind(
    "leaving",
    tables.patron,
    (_PATRON.id,),
    (_PATRON.leaves_since,),
    tables.NOT_ACTIVE & (_PATRON.standing == Stage.LEAVING.value),
    _PATRON.id,
    may_go=True,
    are_many=True,
    ended={"standing": Stage.ACTIVE.value, "leaves_since": None},
)
#: The day of the last delivery taken: with a later one, deliveries count as taken that never were.
CHAIN: Final = Kind(
    "chain",
    tables.agreement,
    (_AGREEMENT.id,),
    (_AGREEMENT.last_produced,),
    _AGREEMENT.last_produced.is_not(None),
    ended={
        "last_produced": select(func.max(_BOX.produced))
        .where(_BOX.agency == _AGREEMENT.agency, _BOX.agreement == _AGREEMENT.id, _BOX.state.in_(TAKEN))
        .scalar_subquery()
    },
)
KINDS: Final = (
    *(YES, BEGUN, CORRECTION, HOLD, BRAKE, SIGNATURE, WATCH, FIRST_YES, ACCEPTED),
    *(PROTECTED, WINDOW, PARKING, QUESTION, LINK, SETTLED, LEAVING, CHAIN),
)


def bind(
    transaction: Transaction,
    kind: Kind,
    keys: Mapping[Any, str | None],
    more: tuple[tuple[str, str], ...] = (),
) -> None:
    """Say in the audit what these rows are now, in the transaction that has written or deleted them.

    It is the last thing that the transaction adds to the audit, unless that holds the library.

    Args:
        transaction: the caller's.
        kind: what they are.
        keys: whose row it is, by what finds it: a value, or a tuple of values in the order of the kind's keys.
        more: what an entry says beside them.
    """
    if not keys:
        return
    wanted = {one if isinstance(one, tuple) else (one,): whose for one, whose in keys.items()}
    firsts = {one[0] for one in wanted}
    rows = transaction.fetch_rows(_select(kind), kind.keys[0], firsts, agency_=transaction.agency)
    now = {kind.key_of(row): kind.state_of(row) for row in rows}
    said: _ByPatron = defaultdict(dict)
    for one, whose in wanted.items():
        key = "|".join(map(str, map(_plain, one)))
        said[whose][key] = now.get(key)
    _append(transaction, kind, said, more)


def bind_outcomes(transaction: Transaction, keys: Collection[tuple[int, str]]) -> None:
    """Say the same of what came of attempts at the desk, if it lets or settles something.

    `keys`: the attempt's number, and the outcome's word.
    """
    for kind, outcomes in ((SIGNATURE, LETTING), (SETTLED, SETTLED_BY)):
        words = {one.value for one in outcomes}
        bind(transaction, kind, {key: None for key in keys if key[1] in words})


@contextmanager
def keeping_bound(transaction: Transaction, patron_ids: Collection[str]) -> Iterator[None]:
    """Say in the audit what becomes of the bound rows of these patrons, which the block may delete or end."""
    kinds = [kind for kind in KINDS if kind.patron is not None and not kind.may_go]
    found = [(kind, find_keys(transaction, kind, patron_ids)) for kind in kinds]
    yield
    for kind, keys in found:
        bind(transaction, kind, keys)


def find_keys(transaction: Transaction, kind: Kind, patron_ids: Collection[str]) -> dict[tuple[Any, ...], str | None]:
    """Return what finds each row of a kind that these patrons have, and whose row it is."""
    assert kind.patron is not None  # noqa: S101 -- only kinds of rows that somebody has are asked for
    rows = transaction.fetch_rows(_select(kind), kind.patron, patron_ids, agency_=transaction.agency)
    return {tuple(getattr(row, key.name) for key in kind.keys): kind.patron_of(row) for row in rows}


def find_unbound(
    transaction: Transaction, kind: Kind, rows: Sequence[AnyRow], entries: Entries | None = None
) -> set[str]:
    """Return the keys of those of these rows that have no entry in the audit that says what they say."""
    if not rows:
        return set()
    entries = entries or Entries(transaction, kind)
    said = entries.about([kind.key_of(row) for row in rows], [kind.patron_of(row) for row in rows])
    return {key for row in rows if _json(kind.state_of(row)) != _json(said.get(key := kind.key_of(row)))}


def find_lost(transaction: Transaction, kind: Kind) -> dict[str, Said]:
    """Return what the entries say of rows that are not there, or say something else, by key."""
    said = Entries(transaction, kind).all()
    if not said:
        return {}
    rows = transaction.execute(_select(kind), {"agency_": transaction.agency})
    there = {kind.key_of(row): _json(kind.state_of(row)) for row in rows}
    return {key: told for key, told in said.items() if told is not None and there.get(key) != _json(told)}


def check_bound(transaction: Transaction) -> Iterator[RowUnbound]:
    """Compare all rows that are bound with their entries. Yields those that do not fit, by kind and key."""
    for kind in KINDS:
        said = Entries(transaction, kind).all()
        for row in transaction.execute(_select(kind), {"agency_": transaction.agency}):
            key = kind.key_of(row)
            told = said.pop(key, None)
            if told is None:
                yield RowUnbound(kind.name, key, kind.patron_of(row), "added")
            elif _json(told) != _json(kind.state_of(row)):
                yield RowUnbound(kind.name, key, patron_in(kind, key, told), "altered")
        if not kind.may_go:
            for key, told in said.items():
                if told is not None:
                    yield RowUnbound(kind.name, key, patron_in(kind, key, told), "gone")
    yield from _uncounted(transaction)


def _uncounted(transaction: Transaction) -> Iterator[RowUnbound]:
    """Yield corrections that the patron's row does not count: nobody would read them."""
    rows = transaction.execute(_select(CORRECTION), {"agency_": transaction.agency}).all()
    nothing = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.overrides == 0)
    ids = {row.patron_id for row in rows}
    hidden = set(transaction.fetch_values(nothing, _PATRON.id, ids, agency_=transaction.agency))
    for row in rows:
        if row.patron_id in hidden:
            yield RowUnbound(CORRECTION.name, str(row.id), row.patron_id, "gone")


def renew_before_cut(transaction: Transaction, cut: dict[str, int]) -> None:
    """Say again what rows are whose last entry is about to be deleted, and what is missing that should be there.

    `cut`: the number of the last entry that goes, by stream.
    """
    for kind in KINDS:
        if kind.stream not in cut:
            continue
        entries = Entries(transaction, kind)
        said = {key: told for key, told in entries.all().items() if entries.at[key] <= cut[kind.stream]}
        still = {kind.key_of(row) for row in transaction.execute(_select(kind), {"agency_": transaction.agency})}
        renewed: _ByPatron = defaultdict(dict)
        for key, told in said.items():
            if told is not None and (key in still or not kind.may_go):
                renewed[patron_in(kind, key, told)][key] = told
        _append(transaction, kind, renewed, ())


def accept_bound(transaction: Transaction) -> None:
    """Say what all rows are now, because somebody has accepted the audit as it is. Ends what was let without entry."""
    for kind in KINDS:
        _end_unbound(transaction, kind)
        rows = list(transaction.execute(_select(kind), {"agency_": transaction.agency}))
        there = {kind.key_of(row) for row in rows}
        said: _ByPatron = defaultdict(dict)
        for key, told in Entries(transaction, kind).all().items():
            if told is not None and key not in there:
                said[patron_in(kind, key, told)][key] = None
        for row in rows:
            said[kind.patron_of(row)][kind.key_of(row)] = kind.state_of(row)
        _append(transaction, kind, said, ())


def _end_unbound(transaction: Transaction, kind: Kind) -> None:
    rows = transaction.execute(_select(kind), {"agency_": transaction.agency}).all()
    said = {} if kind.ended is None else Entries(transaction, kind).all()
    for row in rows:
        if kind.ended is not None and _json(said.get(kind.key_of(row))) != _json(kind.state_of(row)):
            this = and_(
                kind.table.c.agency == transaction.agency, *(key == getattr(row, key.name) for key in kind.keys)
            )
            ended = update(kind.table).values(**kind.ended) if kind.ended else delete(kind.table)
            transaction.execute(ended.where(this))


def read_entry(transaction: Transaction, stream: str, seq: int) -> dict[str, Any] | None:
    """Return what one entry of any stream says; None: there is none, or it is not one of ours in its own place."""
    asked = {"agency_": transaction.agency, "stream_": stream, "seq_": seq}
    row = transaction.execute(_this(), asked).one_or_none()
    return None if row is None else _Codes(transaction.tenant, stream).read(row)


def read_back(transaction: Transaction, stream: str) -> Iterator[tuple[AnyRow, dict[str, Any] | None]]:
    """Yield the entries of any stream from the last one back, each with what `read_entry` returns of it."""
    codes = _Codes(transaction.tenant, stream)
    for row in _pages(transaction, stream, downward=True):
        yield row, codes.read(row)


def is_accepted_since(transaction: Transaction, stamp: str) -> bool:
    """Return whether somebody has accepted the audit as it is, at this moment or later."""
    later = takewhile(lambda one: one[0].at >= stamp, read_back(transaction, audit.DESK))
    return any(told is not None and told["kind"] == audit.ACCEPT for _, told in later)


class _Codes:
    """Opens single entries of a stream: the code of one covers the code of the entry before it."""

    def __init__(self, tenant: Tenant, stream: str) -> None:
        self._tenant, self._stream = tenant, stream
        self._keys = {key.id: Keyed(key.secret) for key in tenant.keyring.keys[KeyPurpose.AUDIT]}
        self._begins: dict[int, bytes] | None = None

    def read(self, row: AnyRow) -> dict[str, Any] | None:
        """Return what an entry says; None: it is not one of ours in its own place."""
        keyed, before = self._keys.get(row.key), row.before
        if before is None:
            before = _FIRST if row.seq == 1 else self._begin_of(row.seq)
        if keyed is None or before is None:
            return None
        try:
            is_ours = hmac.compare_digest(keyed.digest(before + row.entry), row.mac)
        except TypeError:
            # somebody has written text in a column of bytes
            return None
        if not is_ours:
            return None
        told: dict[str, Any] = json.loads(row.entry)
        says = (told["agency"], told["stream"], told["seq"], told["patron"])
        return told if says == (self._tenant.agency, self._stream, row.seq, row.patron_id) else None

    def _begin_of(self, seq: int) -> bytes | None:
        """Return the code before the first entry that is left: where we cut the stream, or somebody accepted it."""
        if self._begins is None:
            on_file = self._tenant.heads.read(self._tenant.agency).streams.get(self._stream)
            self._begins = {} if on_file is None else dict(on_file.cuts)
            if on_file is not None and on_file.accepted is not None:
                self._begins |= [on_file.accepted]
        return self._begins.get(seq - 1)


class Entries:
    """The entries of one kind of row, each verified by itself: its code covers the code of the entry before it."""

    def __init__(self, transaction: Transaction, kind: Kind) -> None:
        self._transaction, self._kind = transaction, kind
        self._codes = _Codes(transaction.tenant, kind.stream)
        #: the number of the last entry about a row, and what the entry says beside its rows
        self.at: dict[str, int] = {}
        self.beside: dict[str, dict[str, Any]] = {}

    def all(self) -> dict[str, Said | None]:
        """Return the state of each row that an entry tells of."""
        found: dict[str, Said | None] = {}
        for row in _pages(self._transaction, self._kind.stream, downward=False):
            self._take(row, found)
        return found

    def about(self, keys: Collection[str], patron_ids: Collection[str | None]) -> dict[str, Said | None]:
        """Return the state of these rows, and of others that were met on the way.

        Entries about one patron each are found by the patron, others from the last one back.
        """
        found: dict[str, Said | None] = {}
        if self._kind.patron is not None and not self._kind.are_many:
            theirs = {one for one in patron_ids if one is not None}
            asked = {"agency_": self._transaction.agency, "stream_": self._kind.stream}
            rows = self._transaction.fetch_rows(_of_stream(), _ROW.patron_id, theirs, **asked)
            for row in sorted(rows, key=lambda row: row.seq):
                self._take(row, found)
            return found
        for row in _pages(self._transaction, self._kind.stream, downward=True):
            if found.keys() >= set(keys):
                break
            self._take(row, found, but=set(found))
        return found

    def _take(self, row: AnyRow, found: dict[str, Said | None], *, but: AbstractSet[str] = frozenset()) -> None:
        told = self._codes.read(row) or {_ROWS: "{}"}
        for key, state in json.loads(told[_ROWS]).items():
            if key not in but:
                found[key] = None if state is None else tuple(state)
                self.at[key], self.beside[key] = row.seq, told


def _pages(transaction: Transaction, stream: str, *, downward: bool) -> Iterator[AnyRow]:
    after = 1 << 62 if downward else 0
    wanted = _backward() if downward else _forward()
    while rows := transaction.execute(
        wanted, {"agency_": transaction.agency, "stream_": stream, "after_": after}
    ).all():
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def _append(
    transaction: Transaction,
    kind: Kind,
    said: Mapping[str | None, Mapping[str, Said | None]],
    more: tuple[tuple[str, str], ...],
) -> None:
    entries = []
    if kind.are_many:
        said = {None: {key: told for rows in said.values() for key, told in rows.items()}}
    for patron_id, rows in said.items():
        named = list(rows.items())
        for start in range(0, len(named), _IN_ENTRY):
            told = _json(dict(named[start : start + _IN_ENTRY]))
            entries.append(audit.Happened(BOUND, patron=patron_id, more=((_ROWS, told), *more)))
    audit.append(transaction, kind.stream, entries)


@cache
def _select(kind: Kind) -> Select[Any]:
    columns = dict.fromkeys((*kind.keys, *kind.says, *(() if kind.patron is None else (kind.patron,))))
    wanted = select(*columns).where(kind.table.c.agency == AGENCY_IS)
    return wanted if kind.which is None else wanted.where(kind.which)


@cache
def _of_stream() -> Select[Any]:
    last = tables.audit.alias("last").c
    same = and_(last.agency == _ROW.agency, last.stream == _ROW.stream, last.seq == _ROW.seq - 1)
    before = select(last.mac).where(same).scalar_subquery().label("before")
    wanted = select(_ROW.seq, _ROW.at, _ROW.patron_id, _ROW.entry, _ROW.mac, _ROW.key, before)
    return wanted.where(_ROW.agency == AGENCY_IS, _ROW.stream == bindparam("stream_"))


@cache
def _this() -> Select[Any]:
    return _of_stream().where(_ROW.seq == bindparam("seq_"))


@cache
def _forward() -> Select[Any]:
    return _of_stream().where(_ROW.seq > bindparam("after_")).order_by(_ROW.seq).limit(_PAGE)


@cache
def _backward() -> Select[Any]:
    return _of_stream().where(_ROW.seq < bindparam("after_")).order_by(_ROW.seq.desc()).limit(_PAGE)


def _values(row: AnyRow, columns: Sequence[Column[Any]]) -> list[Any]:
    return [_plain(getattr(row, column.name)) for column in columns]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, int | str) else str(value)


def patron_in(kind: Kind, key: str, told: Said) -> str | None:
    if kind.patron is None:
        return None
    if kind.patron in kind.keys:
        return key.split("|")[kind.keys.index(kind.patron)]
    whose: str = told[kind.says.index(kind.patron)]
    return whose


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
