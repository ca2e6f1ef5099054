"""Keep the register's answers to open questions, sealed, until the night has decided on them.

A night that is stopped or killed therefore asks about nobody twice. Each night uses only its own answers. At its end
all are deleted, and the next night asks again. Who is asked about, and what an answer means, is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, select, update

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.errors import NoSuchPerson
from cprsync.services.ports.values import Found, KeptAnswer, NotFound
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading, writing
from cprsync.store.core.tenant import hold_fence
from cprsync.store.seals.codec import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.services.ports.values import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The owner under which an answer is sealed. The run's id is its version.
ANSWER: Final = "kept_answer"
#: The length of the day in front of an answer: 2027-03-22.
_DAY: Final = 10
#: Stands in front of a number that the register does not know. No record's canonical bytes begin with it.
_UNKNOWN: Final = b"?"
#: Stands in front of a person if the end of their protection is in doubt: the record itself does not say so.
_DOUBTED: Final = b"!"
_ROW = tables.follow_up.c
_KEEP: Final = (
    update(tables.follow_up)
    .where(_ROW.agency == bindparam("at_agency"), _ROW.patron_id == bindparam("at_patron"))
    .values(
        answer=bindparam("now_answer"),
        answer_key=bindparam("now_key"),
        answer_day=bindparam("now_day"),
        answer_run=bindparam("now_run"),
    )
)


def keep(tenant: Tenant, run: Run, answers: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
    """Keep the answers about these patrons, in one transaction.

    A failure (the register is down, or refuses) is not kept, so the question is asked again. The day that the answer
    has seen is sealed with it. It may be later than the day for which the answer is true.

    Raises:
        FenceLost: a newer run has taken over.
    """
    seen = as_of.seen.isoformat().encode()
    said = [(patron_id, _written(answer)) for patron_id, answer in answers]
    rows = [
        {
            "at_agency": tenant.agency,
            "at_patron": patron_id,
            "now_answer": tenant.vault.seal(seen + plain, place=patron_id, owner=ANSWER, version=run.id),
            "now_key": tenant.vault.seal_key,
            "now_day": as_of.day,
            "now_run": run.id,
        }
        for patron_id, plain in said
        if plain is not None
    ]
    if not rows:
        return
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        connection.execute(_KEEP, rows)


def _written(answer: Found | NotFound) -> bytes | None:
    if isinstance(answer, Found):
        return (_DOUBTED if answer.person.is_end_doubted else b"") + encode(answer.person)
    return _UNKNOWN + answer.number.digits.encode() if isinstance(answer.error, NoSuchPerson) else None


def kept(tenant: Tenant, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
    """Return the answers that this run got about these patrons before it was stopped."""
    theirs = (_ROW.agency == tenant.agency) & (_ROW.answer_run == run.id)
    found: dict[str, KeptAnswer] = {}
    with reading(tenant.engine) as connection:
        for part in parts(ids):
            rows = connection.execute(select(tables.follow_up).where(theirs, _ROW.patron_id.in_(part)))
            found |= {row.patron_id: _read(tenant, row) for row in rows}
    return found


def _read(tenant: Tenant, row: AnyRow) -> KeptAnswer:
    place = {"place": row.patron_id, "owner": ANSWER, "version": row.answer_run}
    dated = tenant.vault.unseal(row.answer, row.answer_key, **place)
    seen, plain = date.fromisoformat(dated[:_DAY].decode()), dated[_DAY:]
    as_of = AsOf(row.answer_day, Source.LOOKUP, seen)
    if plain.startswith(_UNKNOWN):
        number = CprNumber.parse(plain.removeprefix(_UNKNOWN).decode())
        return KeptAnswer(NotFound(number, NoSuchPerson("the register does not know the number")), as_of)
    person = replace(decode(plain.removeprefix(_DOUBTED)), is_end_doubted=plain.startswith(_DOUBTED))
    return KeptAnswer(Found(person.number, person), as_of)


def forget(connection: Connection, tenant: Tenant) -> None:
    """Delete all kept answers, in the transaction that ends the night."""
    had = (_ROW.agency == tenant.agency) & _ROW.answer_run.is_not(None)
    nothing = dict.fromkeys(("answer", "answer_key", "answer_day", "answer_run"))
    connection.execute(update(tables.follow_up).where(had).values(nothing))
