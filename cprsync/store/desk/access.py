"""Attempts at the desk: written with their audit entry before they are made, and counted for the rules.

The rules are in `domain.desk.access`. They are asked inside the transaction, so that two requests at once cannot both
be the last that a cap allows. Leaves out what a supervisor sees afterwards: see `access_checks`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, text

from cprsync.domain.desk.access import (
    SETTLED_BY,
    SIGNED_FOR,
    Attempt,
    AttemptOutcome,
    Closeness,
    Doing,
    History,
    Look,
    counted_since,
    is_enumerating,
    is_sampled,
    looks_needed,
    why_refused,
)
from cprsync.domain.trust.moments import AHEAD
from cprsync.services.ports.access import Admission
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import SIGNATURE, Entries, bind_outcomes, find_unbound, read_entry
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.desk.staff import is_own_number
from cprsync.store.trust.attempt_checks import LOOK_UP, REFUSED, SECONDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.desk.access import Caps
    from cprsync.services.ports.access import WantedAccess
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kinds that say that a user was stopped, and may go on.
STOPPED, LIFTED = "stopped", "lifted"
#: How the audit names the person who signed.
SECOND = "second"
#: From how many of the latest attempts the library's pace is told.
_RECENT: Final = 50
_RANDOM_BYTES: Final = 6
_ROW, _OUTCOME, _PATRON = tables.desk_attempt.c, tables.desk_outcome.c, tables.patron.c
_WATCHED = tables.watched_number.c
#: By its word. A dictionary, because each look-up reads many and the enum's own lookup is slower.
_OUTCOMES: Final = {one.value: one for one in AttemptOutcome}

# Somebody waits at the desk while these are asked, so they are built once: building one takes longer than its query.
_DELETE_NUMBER: Final = tuple(
    delete(table).where(table.c.agency == AGENCY_IS, table.c.seq == bindparam("seq_"))
    for table in (tables.desk_outcome, tables.desk_attempt)
)
_USER_IS: Final[Any] = bindparam("user_")
_PATRON_IS: Final[Any] = bindparam("patron_")
_PROBES_ARE: Final[Any] = bindparam("probes_", expanding=True)
_IS_PATRON: Final = (_PATRON.agency == AGENCY_IS, _PATRON.id == _PATRON_IS)
_WATCHES: Final = exists().where(_WATCHED.agency == AGENCY_IS, _WATCHED.number_index.in_(_PROBES_ARE))
_WATCHES_ROW: Final = exists().where(_WATCHED.agency == _PATRON.agency, _WATCHED.number_index == _PATRON.number_index)
_IS_WATCHED: Final = select(_WATCHES)
_SUBJECT: Final = select(
    _PATRON.id, _PATRON.number_index, _PATRON.address_index, or_(_WATCHES, _WATCHES_ROW).label("watched")
).where(*_IS_PATRON)
_HOME: Final = select(_PATRON.address_index).where(*_IS_PATRON)
_LOOKS: Final = (
    select(_ROW.seq, _ROW.at, _ROW.purpose, _ROW.stranger, _ROW.follows)
    .where(_ROW.agency == AGENCY_IS, _ROW.who == _USER_IS, _ROW.refused == "", _ROW.doing == Doing.LOOK_UP.value)
    .order_by(_ROW.seq.desc())
    .limit(bindparam("most_"))
    .subquery("looks")
)
_SETTLING: Final = tables.desk_outcome.alias("settling").c
_IS_SETTLED: Final = exists().where(
    _SETTLING.agency == AGENCY_IS,
    _SETTLING.seq == _LOOKS.c.seq,
    _SETTLING.outcome.in_(sorted(one.value for one in SETTLED_BY)),
)
#: Each of a user's look-ups as often as something came of it, and once if nothing did.
_HISTORY: Final = (
    select(_LOOKS, _OUTCOME.outcome)
    .outerjoin_from(_LOOKS, tables.desk_outcome, (_OUTCOME.agency == AGENCY_IS) & (_OUTCOME.seq == _LOOKS.c.seq))
    .where(or_(_LOOKS.c.at >= bindparam("since_"), _LOOKS.c.stranger & ~_IS_SETTLED))
    .order_by(_LOOKS.c.seq.desc())
)
_STOPS: Final = (
    select(_OUTCOME.seq, _OUTCOME.outcome, _OUTCOME.at, _OUTCOME.who)
    .where(
        _OUTCOME.agency == AGENCY_IS,
        _OUTCOME.who == _USER_IS,
        _OUTCOME.outcome.in_([AttemptOutcome.STOPPED.value, AttemptOutcome.LIFTED.value]),
    )
    .order_by(_OUTCOME.seq.desc())
)
_USES: Final = tables.desk_outcome.alias("used").c
#: A signature for a user's attempt that holds and was not used; `by`: who signed.
_SIGNED: Final = (
    select(_ROW.seq, _OUTCOME.who.label("by"))
    .join(
        tables.desk_outcome,
        (_OUTCOME.agency == _ROW.agency)
        & (_OUTCOME.seq == _ROW.seq)
        & (_OUTCOME.outcome == AttemptOutcome.SIGNED.value)
        & _OUTCOME.at.between(bindparam("since_"), bindparam("until_")),
    )
    .where(
        _ROW.agency == AGENCY_IS,
        _ROW.who == _USER_IS,
        _ROW.doing == bindparam("doing_"),
        _ROW.purpose == bindparam("purpose_"),
        ~exists().where(_USES.agency == _ROW.agency, _USES.seq == _ROW.seq, _USES.outcome == AttemptOutcome.USED.value),
    )
    .order_by(_ROW.seq.desc())
    .limit(1)
)
_SIGNED_OF_PATRON: Final = _SIGNED.where(_ROW.patron_id == _PATRON_IS)
_SIGNED_OF_NUMBER: Final = _SIGNED.where(_ROW.number_index.in_(_PROBES_ARE))
#: The latest attempts of the library, each with the last number that anything came of.
_LATEST: Final = (
    select(
        _ROW.seq,
        _ROW.at,
        select(func.max(_OUTCOME.seq)).where(_OUTCOME.agency == AGENCY_IS).scalar_subquery().label("last_outcome"),
    )
    .where(_ROW.agency == AGENCY_IS)
    .order_by(_ROW.seq.desc())
    .limit(_RECENT)
)
_ADD_ATTEMPT: Final = insert(tables.desk_attempt)
_ADD_OUTCOME: Final = text(
    "INSERT INTO desk_outcome (agency, seq, outcome, at, who) VALUES (:agency, :seq, :outcome, :at, :who)"
    " ON CONFLICT DO NOTHING"
)


def is_bound(transaction: Transaction, wanted: WantedAccess, *, own: str | None) -> bool:
    """Whether a rule has to decide about what is no look-up: only if it is close, or the user is stopped."""
    return bool(_closeness(transaction, wanted, own)) or read_stop(transaction, wanted.user)[0]


def admit(transaction: Transaction, wanted: WantedAccess, *, own: str | None, caps: Caps | None) -> Admission:
    """Write an attempt and its audit entry, refused or not. `own`: the user's patron number. `caps` None: no rule."""
    # held first, so that attempts are decided one after the other
    end = audit.hold_stream(transaction, audit.DESK)
    closeness, signature = _closeness(transaction, wanted, own), _signature(transaction, wanted)
    attempt = Attempt(
        wanted.user,
        wanted.doing,
        transaction.clock.now(),
        closeness,
        is_stranger=wanted.doing is Doing.LOOK_UP and wanted.patron_id is None,
        follows=wanted.follows,
        is_signed=signature is not None,
    )
    refused = None
    if caps is not None:
        history = _history_for(transaction, wanted, caps)
        refused = why_refused(attempt, history, caps)
    happened = _happened(transaction.tenant, wanted, refused.value if refused else "", signature)
    seq = audit.append(transaction, audit.DESK, [happened], end=end)
    latest = transaction.execute(_LATEST, {"agency_": transaction.agency}).all()
    _make_room(transaction, seq, latest)
    row = _row(transaction.tenant, wanted, attempt)
    sampled = refused is None and _is_drawn(transaction.tenant, attempt, latest)
    row |= {"seq": seq, "refused": refused.value if refused else "", "sampled": sampled}
    transaction.execute(_ADD_ATTEMPT, row)
    if refused is None and signature is not None:
        write_outcome(transaction, signature.seq, AttemptOutcome.USED, wanted.user)
    return Admission(seq, refused, is_signed=attempt.is_signed, own=own)


def _happened(tenant: Tenant, wanted: WantedAccess, refused: str, signature: AnyRow | None) -> audit.Happened:
    kind, actions = (REFUSED, (wanted.doing.value, refused)) if refused else (SECONDED, (wanted.doing.value,))
    if not refused and wanted.doing is Doing.LOOK_UP:
        kind, actions = LOOK_UP, (wanted.purpose,)
    number = () if wanted.number is None else (("number", tenant.vault.number_index(wanted.number).hex()),)
    second = () if signature is None or refused else ((SECOND, str(signature.by)),)
    return audit.Happened(kind, patron=wanted.patron_id, actions=actions, user=wanted.user, more=(*number, *second))


def _row(tenant: Tenant, wanted: WantedAccess, attempt: Attempt) -> dict[str, Any]:
    number = wanted.number if wanted.patron_id is None else None
    return {
        "agency": tenant.agency,
        "at": tenant.stamp(),
        "who": wanted.user,
        "doing": wanted.doing.value,
        "purpose": wanted.purpose,
        "patron_id": wanted.patron_id,
        "number_index": None if number is None else tenant.vault.number_index(number),
        "number_key": None if number is None else tenant.vault.index_key,
        "closeness": ",".join(sorted(one.value for one in attempt.closeness)),
        "stranger": attempt.is_stranger,
        "follows": attempt.follows,
    }


def _make_room(transaction: Transaction, seq: int, latest: Sequence[AnyRow]) -> None:
    """Delete what stands under a number that is given again.

    That is so after entries were taken away past the program. The audit's check says so.
    """
    if latest and max(latest[0].seq, latest[0].last_outcome or 0) < seq:
        return
    for deletion in _DELETE_NUMBER:
        transaction.execute(deletion, {"agency_": transaction.agency, "seq_": seq})


def _is_drawn(tenant: Tenant, attempt: Attempt, latest: Sequence[AnyRow]) -> bool:
    """Whether the attempt becomes a sample, by the library's pace and a number that nobody can foresee."""
    span = attempt.at - moment_of(latest[-1].at) if latest else timedelta()
    drawn = int.from_bytes(tenant.random(_RANDOM_BYTES)) / 2 ** (8 * _RANDOM_BYTES)
    return is_sampled(attempt, drawn=drawn, recent=len(latest), span=span)


# -- what the rules have to know ----------------------------------------------------------------------------


def _history_for(transaction: Transaction, wanted: WantedAccess, caps: Caps) -> History:
    """No cap counts what is no look-up."""
    if wanted.doing is Doing.LOOK_UP:
        since = stamp_of(counted_since(transaction.clock.now()))
        return read_history(transaction, wanted.user, limit=looks_needed(caps), since=since)
    stopped, lifted = read_stop(transaction, wanted.user)
    return History(is_stopped=stopped, lifted=lifted)


def read_history(transaction: Transaction, user: str, *, limit: int, since: str = "") -> History:
    """What a user has looked up, the latest first, and whether they are stopped.

    Leaves out what is older than `since`, unless a reason may be owed for it.
    """
    asked = {"agency_": transaction.agency, "user_": user, "most_": limit, "since_": since}
    looks = list(_looks(transaction.execute(_HISTORY, asked)))
    stopped, lifted = read_stop(transaction, user)
    return History(looks, is_stopped=stopped, lifted=lifted)


def _looks(rows: Iterable[AnyRow]) -> Iterator[Look]:
    """The look-ups, each from its rows: one for each outcome."""
    made: dict[int, tuple[Any, ...]] = {}
    came: dict[int, list[AttemptOutcome]] = {}
    # unpacked, because an attribute of a row takes longer, and somebody may have made hundreds
    for seq, at, purpose, is_stranger, follows, outcome in rows:
        made[seq] = (at, purpose, is_stranger, follows)
        came.setdefault(seq, []).extend([] if outcome is None else [_OUTCOMES[outcome]])
    for seq, (at, purpose, is_stranger, follows) in made.items():
        yield Look(moment_of(at), purpose, is_stranger, follows=follows, outcomes=frozenset(came[seq]))


def read_stop(transaction: Transaction, user: str) -> tuple[bool, datetime | None]:
    """Whether a user is stopped, and when they were last allowed to go on."""
    found = transaction.execute(_STOPS, {"agency_": transaction.agency, "user_": user}).all()
    unbound = find_unbound(transaction, SIGNATURE, found)
    rows = [row for row in found if row.outcome == AttemptOutcome.STOPPED.value or SIGNATURE.key_of(row) not in unbound]
    lifted = next((moment_of(row.at) for row in rows if row.outcome == AttemptOutcome.LIFTED.value), None)
    return bool(rows) and rows[0].outcome == AttemptOutcome.STOPPED.value, lifted


def outcomes_of(transaction: Transaction, seqs: Iterable[int]) -> dict[int, frozenset[AttemptOutcome]]:
    """What came of attempts, by their numbers."""
    found: dict[int, set[AttemptOutcome]] = {}
    wanted = select(_OUTCOME.seq, _OUTCOME.outcome).where(_OUTCOME.agency == transaction.agency)
    for row in transaction.fetch_rows(wanted, _OUTCOME.seq, list(seqs)):
        found.setdefault(row.seq, set()).add(_OUTCOMES[row.outcome])
    return {seq: frozenset(outcomes) for seq, outcomes in found.items()}


def _closeness(transaction: Transaction, wanted: WantedAccess, own: str | None) -> frozenset[Closeness]:
    """What makes the person more than a stranger, as far as our records tell."""
    row, close = _subject(transaction, wanted), set()
    if own is not None and row is not None:
        if row.id == own:
            close.add(Closeness.OWN)
        elif row.address_index is not None and row.address_index == _home(transaction, own):
            close.add(Closeness.HOUSEHOLD)
    probes = _probes_of(transaction.tenant, wanted)
    # a patron who is to get a number has another one
    is_theirs = row is not None and row.number_index in probes
    if probes and not is_theirs and is_own_number(transaction, wanted.user, probes):
        close.add(Closeness.OWN)
    if row.watched if row is not None else _is_watched(transaction, probes):
        close.add(Closeness.WATCHED)
    return frozenset(close)


def _subject(transaction: Transaction, wanted: WantedAccess) -> AnyRow | None:
    """The patron whom it is about; None: it is about no patron of ours."""
    if wanted.patron_id is None:
        return None
    probes = _probes_of(transaction.tenant, wanted)
    asked = {"agency_": transaction.agency, "patron_": wanted.patron_id, "probes_": probes}
    return transaction.execute(_SUBJECT, asked).one_or_none()


def _home(transaction: Transaction, patron_id: str) -> bytes | None:
    """The index of the address at which a patron lives."""
    found: bytes | None = transaction.scalar(_HOME, {"agency_": transaction.agency, "patron_": patron_id})
    return found


def _is_watched(transaction: Transaction, probes: list[bytes]) -> bool:
    """Whether the number of somebody who is no patron is watched."""
    return bool(probes and transaction.scalar(_IS_WATCHED, {"agency_": transaction.agency, "probes_": probes}))


def _probes_of(tenant: Tenant, wanted: WantedAccess) -> list[bytes]:
    return [] if wanted.number is None else number_probes(tenant, wanted.number.digits)


def number_probes(tenant: Tenant, digits: str) -> list[bytes]:
    """The indexes under which a number may be found."""
    return tenant.vault.probes("number", digits)


def _signature(transaction: Transaction, wanted: WantedAccess) -> AnyRow | None:
    """A signature for this very attempt that holds and was not used; None: there is none. `by`: who signed."""
    now = transaction.clock.now()
    asked: dict[str, Any] = {
        "agency_": transaction.agency,
        "user_": wanted.user,
        "doing_": wanted.doing.value,
        "purpose_": wanted.purpose,
        "since_": stamp_of(now - SIGNED_FOR),
        # one from further ahead was given by a clock that was wrong
        "until_": stamp_of(now + AHEAD),
    }
    if wanted.patron_id is not None:
        row = transaction.execute(_SIGNED_OF_PATRON, asked | {"patron_": wanted.patron_id}).one_or_none()
    elif wanted.number is not None:
        row = transaction.execute(
            _SIGNED_OF_NUMBER, asked | {"probes_": _probes_of(transaction.tenant, wanted)}
        ).one_or_none()
    else:
        row = transaction.execute(_SIGNED, asked).one_or_none()
    return row if row is not None and _is_signed(transaction, row, wanted) else None


def _is_signed(transaction: Transaction, row: AnyRow, wanted: WantedAccess) -> bool:
    """Whether the audit has the signature, no use of it, and the attempt that it was given to."""
    of = (
        (_OUTCOME.agency == transaction.agency)
        & (_OUTCOME.seq == row.seq)
        & (_OUTCOME.outcome == AttemptOutcome.SIGNED.value)
    )
    signed = transaction.execute(select(tables.desk_outcome).where(of)).all()
    entries = Entries(transaction, SIGNATURE)
    if find_unbound(transaction, SIGNATURE, signed, entries):
        return False
    attempt = read_entry(transaction, audit.DESK, row.seq)
    if attempt is None or f"{row.seq}|{AttemptOutcome.USED.value}" in entries.at:
        return False
    # the number may be under another key by now, where there is a patron to compare
    same = wanted.patron_id is not None or attempt.get("number") == _hex_of(transaction.tenant, wanted)
    return same and (attempt.get("user"), attempt["patron"]) == (wanted.user, wanted.patron_id)


def _hex_of(tenant: Tenant, wanted: WantedAccess) -> str | None:
    return None if wanted.number is None else tenant.vault.number_index(wanted.number).hex()


# -- what came of it ----------------------------------------------------------------------------------------


def write_outcome(transaction: Transaction, seq: int, outcome: AttemptOutcome, who: str) -> bool:
    """Write an outcome, once. False: it was there."""
    values = {"agency": transaction.agency, "seq": seq, "outcome": outcome.value, "at": transaction.stamp(), "who": who}
    is_new = transaction.execute(_ADD_OUTCOME, values).rowcount == 1
    if is_new:
        bind_outcomes(transaction, [(seq, outcome.value)])
    return is_new


def note(tenant: Tenant, seq: int, outcome: AttemptOutcome, *, user: str) -> None:
    """Write what came of an attempt, once, and stop a user who seems to try numbers."""
    # what is lost with the power counts as not known, which is stricter than that somebody was found
    with tenant.writing(is_synced=outcome is not AttemptOutcome.FOUND) as transaction:
        if outcome is AttemptOutcome.NOT_FOUND:
            audit.hold_stream(transaction, audit.DESK)
        write_outcome(transaction, seq, outcome, user)
        if outcome is AttemptOutcome.NOT_FOUND:
            _stop_if_enumerating(transaction, user)


def _stop_if_enumerating(transaction: Transaction, user: str) -> None:
    history = read_history(transaction, user, limit=_RECENT)
    if is_enumerating(history) and not history.is_stopped:
        seq = audit.append(transaction, audit.DESK, [audit.Happened(STOPPED, user=user)])
        write_outcome(transaction, seq, AttemptOutcome.STOPPED, user)


def note_recorded(transaction: Transaction, index: bytes, user: str) -> None:
    """Write that the person of a user's look-ups is a record of ours now."""
    theirs = (
        (_ROW.agency == transaction.agency) & (_ROW.who == user) & (_ROW.number_index == index) & (_ROW.refused == "")
    )
    for seq in transaction.scalars(select(_ROW.seq).where(theirs, _ROW.stranger)).all():
        write_outcome(transaction, seq, AttemptOutcome.RECORDED, user)
