"""Attempts at the desk: written with their audit entry before they are made, and counted for the rules.

The rules are in `domain.desk.access`. They are asked inside the transaction, so that two requests at once cannot both
be the last that a cap allows. Leaves out what a supervisor sees afterwards: see `access_checks`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, exists, insert, select

from cprsync.domain.desk.access import (
    SIGNED_FOR,
    Attempt,
    Closeness,
    Doing,
    History,
    Look,
    Outcome,
    is_enumerating,
    is_sampled,
    looks_needed,
    why_refused,
)
from cprsync.services.ports.access import Admission
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import fetch_rows, moment_of, stamp_of, writing
from cprsync.store.desk.staff import is_own_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

    from cprsync.domain.desk.access import Caps
    from cprsync.services.ports.access import Wanted
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: Kinds of audit entries: a look-up; something that was refused; something close that a second person signed for.
LOOK_UP, REFUSED, SECONDED = "lookup", "refused", "seconded"
#: The kinds that say that a user was stopped, and may go on.
STOPPED, LIFTED = "stopped", "lifted"
#: How the audit names the attempt that an entry is about, and the person who signed.
ATTEMPT, SECOND = "attempt", "second"
#: From how many of the latest attempts the library's pace is told.
_RECENT: Final = 50
_RANDOM_BYTES: Final = 6
_ROW, _OUTCOME, _PATRON = tables.desk_attempt.c, tables.desk_outcome.c, tables.patron.c
_WATCHED = tables.watched_number.c


def is_bound(connection: Connection, tenant: Tenant, wanted: Wanted, *, own: str | None) -> bool:
    """Whether a rule has to decide. What is no look-up is bound only if it is close, or the user is stopped."""
    if wanted.doing is Doing.LOOK_UP:
        return True
    return bool(_closeness(connection, tenant, wanted, own)) or read_stop(connection, tenant, wanted.user)[0]


def admit(connection: Connection, tenant: Tenant, wanted: Wanted, *, own: str | None, caps: Caps | None) -> Admission:
    """Write an attempt and its audit entry, refused or not. `own`: the user's patron number. `caps` None: no rule."""
    # held first, so that attempts are decided one after the other
    audit.hold_stream(connection, tenant, audit.DESK)
    closeness, signature = _closeness(connection, tenant, wanted, own), _signature(connection, tenant, wanted)
    attempt = Attempt(
        wanted.user,
        wanted.doing,
        tenant.clock.now(),
        closeness,
        is_stranger=wanted.doing is Doing.LOOK_UP and wanted.patron_id is None,
        follows=wanted.follows,
        is_signed=signature is not None,
    )
    refused = None
    if caps is not None:
        history = _history_for(connection, tenant, wanted, caps)
        refused = why_refused(attempt, history, caps)
    happened = _happened(tenant, wanted, refused.value if refused else "", signature)
    seq = audit.append(connection, tenant, audit.DESK, [happened])
    row = _row(tenant, wanted, attempt)
    sampled = refused is None and _is_drawn(connection, tenant, attempt)
    row |= {"seq": seq, "refused": refused.value if refused else "", "sampled": sampled}
    # if entries were taken away past the program, their numbers are given again: the audit's check says so
    for table in (tables.desk_outcome, tables.desk_attempt):
        connection.execute(delete(table).where(table.c.agency == tenant.agency, table.c.seq == seq))
    connection.execute(insert(tables.desk_attempt).values(row))
    if refused is None and signature is not None:
        write_outcome(connection, tenant, signature.seq, Outcome.USED, wanted.user)
    return Admission(seq, refused, is_signed=attempt.is_signed)


def _happened(tenant: Tenant, wanted: Wanted, refused: str, signature: AnyRow | None) -> audit.Happened:
    kind, actions = (REFUSED, (wanted.doing.value, refused)) if refused else (SECONDED, (wanted.doing.value,))
    if not refused and wanted.doing is Doing.LOOK_UP:
        kind, actions = LOOK_UP, (wanted.purpose,)
    number = () if wanted.number is None else (("number", tenant.vault.number_index(wanted.number).hex()),)
    second = () if signature is None or refused else ((SECOND, str(signature.by)),)
    return audit.Happened(kind, patron=wanted.patron_id, actions=actions, user=wanted.user, more=(*number, *second))


def _row(tenant: Tenant, wanted: Wanted, attempt: Attempt) -> dict[str, Any]:
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


def _is_drawn(connection: Connection, tenant: Tenant, attempt: Attempt) -> bool:
    """Whether the attempt becomes a sample, by the library's pace and a number that nobody can foresee."""
    latest = select(_ROW.at).where(_ROW.agency == tenant.agency).order_by(_ROW.seq.desc()).limit(_RECENT)
    recent = list(connection.scalars(latest))
    span = attempt.at - moment_of(recent[-1]) if recent else timedelta()
    drawn = int.from_bytes(tenant.random(_RANDOM_BYTES)) / 2 ** (8 * _RANDOM_BYTES)
    return is_sampled(attempt, drawn=drawn, recent=len(recent), span=span)


# -- what the rules have to know ----------------------------------------------------------------------------


def _history_for(connection: Connection, tenant: Tenant, wanted: Wanted, caps: Caps) -> History:
    """No cap counts what is no look-up."""
    if wanted.doing is Doing.LOOK_UP:
        return read_history(connection, tenant, wanted.user, limit=looks_needed(caps))
    stopped, lifted = read_stop(connection, tenant, wanted.user)
    return History(is_stopped=stopped, lifted=lifted)


def read_history(connection: Connection, tenant: Tenant, user: str, *, limit: int) -> History:
    """What a user has looked up, the latest first, and whether they are stopped."""
    theirs = (_ROW.agency == tenant.agency) & (_ROW.who == user) & (_ROW.refused == "")
    wanted = select(tables.desk_attempt).where(theirs, _ROW.doing == Doing.LOOK_UP.value)
    rows = connection.execute(wanted.order_by(_ROW.seq.desc()).limit(limit)).all()
    came = outcomes_of(connection, tenant, [row.seq for row in rows])
    looks = [
        Look(moment_of(row.at), row.purpose, row.stranger, follows=row.follows, outcomes=came.get(row.seq, frozenset()))
        for row in rows
    ]
    stopped, lifted = read_stop(connection, tenant, user)
    return History(looks, is_stopped=stopped, lifted=lifted)


def read_stop(connection: Connection, tenant: Tenant, user: str) -> tuple[bool, datetime | None]:
    """Whether a user is stopped, and when they were last allowed to go on."""
    about = (_OUTCOME.agency == tenant.agency) & (_OUTCOME.who == user)
    about &= _OUTCOME.outcome.in_([Outcome.STOPPED.value, Outcome.LIFTED.value])
    rows = connection.execute(select(_OUTCOME.outcome, _OUTCOME.at).where(about).order_by(_OUTCOME.seq.desc())).all()
    lifted = next((moment_of(row.at) for row in rows if row.outcome == Outcome.LIFTED.value), None)
    return bool(rows) and rows[0].outcome == Outcome.STOPPED.value, lifted


def outcomes_of(connection: Connection, tenant: Tenant, seqs: Iterable[int]) -> dict[int, frozenset[Outcome]]:
    """What came of attempts, by their numbers."""
    found: dict[int, set[Outcome]] = {}
    wanted = select(_OUTCOME.seq, _OUTCOME.outcome).where(_OUTCOME.agency == tenant.agency)
    for row in fetch_rows(connection, wanted, _OUTCOME.seq, list(seqs)):
        found.setdefault(row.seq, set()).add(Outcome(row.outcome))
    return {seq: frozenset(outcomes) for seq, outcomes in found.items()}


def _closeness(connection: Connection, tenant: Tenant, wanted: Wanted, own: str | None) -> frozenset[Closeness]:
    """What makes the person more than a stranger, as far as our records tell."""
    row = None if wanted.patron_id is None else _patron_row(connection, tenant, wanted.patron_id)
    close = set()
    if own is not None and row is not None:
        if row.id == own:
            close.add(Closeness.OWN)
        elif row.address_index is not None:
            mine = _patron_row(connection, tenant, own)
            if mine is not None and mine.address_index == row.address_index:
                close.add(Closeness.HOUSEHOLD)
    numbers = [] if wanted.number is None else number_probes(tenant, wanted.number.digits)
    if row is None and numbers and is_own_number(connection, tenant, wanted.user, numbers):
        close.add(Closeness.OWN)
    numbers += [] if row is None else [row.number_index]
    watched = (_WATCHED.agency == tenant.agency) & _WATCHED.number_index.in_(numbers)
    if numbers and connection.scalar(select(exists().where(watched))):
        close.add(Closeness.WATCHED)
    return frozenset(close)


def number_probes(tenant: Tenant, digits: str) -> list[bytes]:
    """The indexes under which a number may be found."""
    return tenant.vault.probes("number", digits)


def _patron_row(connection: Connection, tenant: Tenant, patron_id: str) -> AnyRow | None:
    wanted = select(_PATRON.id, _PATRON.number_index, _PATRON.address_index)
    return connection.execute(wanted.where(_PATRON.agency == tenant.agency, _PATRON.id == patron_id)).one_or_none()


def _signature(connection: Connection, tenant: Tenant, wanted: Wanted) -> AnyRow | None:
    """A signature for this very attempt that holds and was not used; None: there is none. `by`: who signed."""
    since = stamp_of(tenant.clock.now() - SIGNED_FOR)
    same: ColumnElement[bool] = (_ROW.agency == tenant.agency) & (_ROW.who == wanted.user)
    same &= (_ROW.doing == wanted.doing.value) & (_ROW.purpose == wanted.purpose)
    if wanted.patron_id is not None:
        same &= _ROW.patron_id == wanted.patron_id
    elif wanted.number is not None:
        same &= _ROW.number_index.in_(number_probes(tenant, wanted.number.digits))
    signed = (_OUTCOME.agency == _ROW.agency) & (_OUTCOME.seq == _ROW.seq)
    signed &= (_OUTCOME.outcome == Outcome.SIGNED.value) & (_OUTCOME.at >= since)
    used = tables.desk_outcome.alias("used").c
    is_used = exists().where(used.agency == _ROW.agency, used.seq == _ROW.seq, used.outcome == Outcome.USED.value)
    wanted_rows = select(_ROW.seq, _OUTCOME.who.label("by")).join(tables.desk_outcome, signed)
    return connection.execute(wanted_rows.where(same, ~is_used).order_by(_ROW.seq.desc()).limit(1)).one_or_none()


# -- what came of it ----------------------------------------------------------------------------------------


def write_outcome(connection: Connection, tenant: Tenant, seq: int, outcome: Outcome, who: str) -> bool:
    """Write an outcome, once. False: it was there."""
    same = (_OUTCOME.agency == tenant.agency) & (_OUTCOME.seq == seq) & (_OUTCOME.outcome == outcome.value)
    if connection.scalar(select(exists().where(same))):
        return False
    values = {"agency": tenant.agency, "seq": seq, "outcome": outcome.value, "at": tenant.stamp(), "who": who}
    connection.execute(insert(tables.desk_outcome).values(values))
    return True


def note(tenant: Tenant, seq: int, outcome: Outcome, *, user: str) -> None:
    """Write what came of an attempt, once, and stop a user who seems to try numbers."""
    with writing(tenant.engine) as connection:
        if outcome is Outcome.NOT_FOUND:
            audit.hold_stream(connection, tenant, audit.DESK)
        write_outcome(connection, tenant, seq, outcome, user)
        if outcome is Outcome.NOT_FOUND:
            _stop_if_enumerating(connection, tenant, user)


def _stop_if_enumerating(connection: Connection, tenant: Tenant, user: str) -> None:
    history = read_history(connection, tenant, user, limit=_RECENT)
    if is_enumerating(history) and not history.is_stopped:
        seq = audit.append(connection, tenant, audit.DESK, [audit.Happened(STOPPED, user=user)])
        write_outcome(connection, tenant, seq, Outcome.STOPPED, user)


def note_recorded(connection: Connection, tenant: Tenant, index: bytes, user: str) -> None:
    """Write that the person of a user's look-ups is a record of ours now."""
    theirs = (_ROW.agency == tenant.agency) & (_ROW.who == user) & (_ROW.number_index == index) & (_ROW.refused == "")
    for seq in connection.scalars(select(_ROW.seq).where(theirs, _ROW.stranger)).all():
        write_outcome(connection, tenant, seq, Outcome.RECORDED, user)
