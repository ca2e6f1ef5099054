"""Turns a replacement number into a real one: shows both persons, asks for a yes, subscribes, makes the first copy.

The preview shows the register's person beside our record. If neither name nor birth date agrees, a reason is required,
so that no record becomes another person's by mistake (decision 40). If the register does not answer, nobody has seen
whose number it is. Then a reason is required, the record is "not yet verified", and subscription and first copy wait
for the night. A number that was given can be taken back, also after a preview and a yes.

Leaves out the change of a real number, which only the register makes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.deciding.decide import Change, Parked
from cprsync.domain.deciding.reviews import birth_match_changes
from cprsync.domain.desk.arrival import Arrival
from cprsync.domain.desk.confirming import TAKING_BACK, Preview
from cprsync.domain.desk.registering import warnings_about
from cprsync.domain.patron.kinds import shown_block
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS, NUMBER_SET, PARKED, State
from cprsync.domain.person.number import NumberKind
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import Action
from cprsync.errors import BadInput, LostCompare
from cprsync.services.desk.comparing import compared_document, pair_of
from cprsync.services.desk.confirming import check_confirmed, preview_document, warning_document, whose_document
from cprsync.services.desk.lookup import TRIES, ask_about, refuse_what_is_never_sent, subscribe_to
from cprsync.services.desk.registering import ANSWER_FRESH
from cprsync.services.planning.steps import Evidence, step_of, write_of
from cprsync.services.ports.desk import Entry
from cprsync.services.ports.patrons import Batch
from cprsync.services.ports.register import FIRST_COPY, FollowUp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.patron.local import Block
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.desk.comparing import Pair
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.reviewing import Reviews
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.register import Subscribed
    from cprsync.services.ports.reviews import ReviewItem

#: The purpose that the audit records for the question to the register, and what the preview is about.
PURPOSE: Final = "set_cpr"


@dataclass(frozen=True, slots=True, repr=False)
class SetNumber:
    """A request: which patron gets which number, and from which user."""

    patron_id: str
    number: CprNumber
    user: str


@dataclass(frozen=True, slots=True, repr=False)
class NumberPreview:
    """What giving a number would do, as shown to staff."""

    asked: SetNumber
    patron: Patron
    #: the register's answer; None: it does not answer, or was not asked
    person: Person | None
    #: when the register answered
    at: datetime
    preview: Preview
    #: the JSON shape of `patron set-cpr`
    document: Mapping[str, Any]
    #: the other patron who has the number; None: nobody else has it
    other: str | None = None
    #: the patron has the number already
    is_set: bool = False


# -- before the yes ------------------------------------------------------------------------------------------


def preview_number(desk: Desk, asked: SetNumber) -> NumberPreview:
    """Show the person who has the number beside our record. Nothing is written but the audit of the look-up.

    Raises:
        BadInput: there is no such patron, or their number is real already. Or the new number is not one of the
            register's, or has been replaced itself.
        NoSuchPerson: the register does not know the number.
    """
    patron = _patron(desk, asked)
    if patron.number == asked.number:
        return _already(desk, asked, patron)
    _refuse_what_is_real_or_never_will_be(patron, asked.number)
    return _previewed(desk, asked, _ask(desk, asked, patron), desk.clock.now())


def _ask(desk: Desk, asked: SetNumber, patron: Patron) -> Person | None:
    """Ask the register, unless another patron of ours has the number; then it is not asked."""
    if _other(desk, asked) is not None:
        return None
    desk.store.desk.intend(asked.number, purpose=PURPOSE, user=asked.user, patron_id=patron.id)
    return ask_about(desk, asked.number)


def _previewed(desk: Desk, asked: SetNumber, person: Person | None, at: datetime) -> NumberPreview:
    patron, other = _patron(desk, asked), _other(desk, asked)
    pair = pair_of(desk, patron, person, other)
    batch = _batch(desk, patron, person, asked.number)
    kept = desk.store.kept_blocks.of(asked.number) if other is None else ()
    warnings = warnings_about(_arrival(desk, patron, batch, pair, kept=kept), writes=False)
    marks = (batch.writes[0].prepared.fingerprint.hex(), other or "", str(patron.version))
    preview = Preview(PURPOSE, patron.id, warnings, marks)
    told = preview_document(preview) | {
        "compared": compared_document(pair),
        "kept_blocks": [shown_block(block) for block in kept],
    }
    del told["warnings"]  # the document has the warnings at the top level, as a look-up does
    document = {
        **_document(asked.patron_id, "shown", verified=batch.writes[0].as_of is not None),
        "warnings": [warning_document(one) for one in warnings],
        "written": False,
        "preview": told,
    }
    return NumberPreview(asked, patron, person, at, preview, document, other=other)


def _already(desk: Desk, asked: SetNumber, patron: Patron) -> NumberPreview:
    document = _document(asked.patron_id, "unchanged", verified=patron.verified, subscribed=True) | {"written": False}
    return NumberPreview(asked, patron, None, desk.clock.now(), Preview(PURPOSE, patron.id), document, is_set=True)


def _arrival(desk: Desk, patron: Patron, batch: Batch, pair: Pair, *, kept: tuple[Block, ...]) -> Arrival:
    """All the facts that a warning may be about."""
    (write,) = batch.writes
    after, view = write.after, desk.store.views.patron(patron.id)
    answered = pair.theirs is not None and not pair.is_taken
    parked = next((kind.removeprefix(PARKED) for _, kind in batch.reviews if kind.startswith(PARKED)), None)
    shares = answered and after.address is not SILENT and not after.is_shut
    household = shares and after.address is not SILENT and desk.store.views.in_household(after.address, but=patron.id)
    silent = answered and desk.policy.silent_is_sealed and after.protection is SILENT
    return Arrival(
        patron=replace(patron, register=after) if answered else patron,
        purpose=Purpose.CORRECTION,
        is_known=view is not None,
        kept_blocks=kept,
        in_household=household,
        is_sealed_by_silence=silent,
        changes_birth_date=answered and birth_match_changes(write.patron.register, after),
        parked=parked,
        like=pair.like,
        is_unanswered=pair.like is None,
        is_taken=pair.is_taken,
    )


def _document(patron_id: str, outcome: str, *, verified: bool, subscribed: bool = False) -> dict[str, Any]:
    return {
        "patron": patron_id,
        "outcome": outcome,
        "verified": verified,
        "subscribed": subscribed,
        "warnings": [],
    }


# -- after it ------------------------------------------------------------------------------------------------


def confirm_number(desk: Desk, shown: NumberPreview, confirmation: Confirmation) -> dict[str, Any]:
    """Give the number as shown. Return the JSON shape of `patron set-cpr`.

    Raises:
        NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
        BadInput: the reason cannot be kept. Or another patron has the number; then a review about both is opened.
        NoSuchPerson: the register no longer knows the number.
    """
    if shown.is_set:
        return dict(shown.document)
    asked, person, at = shown.asked, shown.person, shown.at
    if desk.clock.now() - at > ANSWER_FRESH:
        person, at = _ask(desk, asked, shown.patron), desk.clock.now()
    subscribed: Subscribed | None = None
    for left in reversed(range(TRIES)):
        again = _previewed(desk, asked, person, at)
        reason = check_confirmed(again.preview, confirmation)
        if again.other is not None:
            desk.store.desk.ask_staff(asked.patron_id, BOTH_PATRONS, about=again.other)
            raise BadInput("another patron has that number: both now wait for a person", kind="number.both_patrons")
        if person is not None and subscribed is None:
            subscribed = subscribe_to(desk, asked.number)
        batch = _batch(desk, again.patron, person, asked.number)
        entry = Entry(asked.number, asked.patron_id, batch, asked.user, subscribed, sets_number=True, reason=reason)
        try:
            desk.store.desk.save(entry)
        except LostCompare:
            if not left:
                raise
            continue
        verified = batch.writes[0].as_of is not None
        done = _document(asked.patron_id, "set", verified=verified, subscribed=subscribed is not None)
        told = {name: again.document[name] for name in ("warnings", "preview")}
        return done | told | {"written": True}
    raise AssertionError("the last try returns or raises")


# -- refusing ----------------------------------------------------------------------------------------------


def _patron(desk: Desk, asked: SetNumber) -> Patron:
    patrons = desk.store.patrons.read([asked.patron_id])
    if not patrons:
        raise BadInput("there is no such patron", kind="patron.unknown")
    return patrons[0]


def _refuse_what_is_real_or_never_will_be(patron: Patron, number: CprNumber) -> None:
    if number.kind is not NumberKind.REAL:
        raise BadInput("a replacement number: only one of the register's takes the place of another", kind="input")
    refuse_what_is_never_sent(number)
    if patron.number.kind is NumberKind.REAL:
        raise BadInput("the number is real already: only the register replaces it", kind="number.real")


def _other(desk: Desk, asked: SetNumber) -> str | None:
    """The other patron who has the number, or had it."""
    other = desk.store.patrons.find(asked.number)
    return None if other == asked.patron_id else other


# -- writing ---------------------------------------------------------------------------------------------------


def _batch(desk: Desk, patron: Patron, person: Person | None, number: CprNumber) -> Batch:
    """The write of the number, with the first copy if the register answered and the answer can be decided."""
    # the library's own birth date gives way to the register's, or to the one in the number
    of_patron = replace(patron, register=replace(patron.register, number=number, birth=SILENT))
    if person is None:
        return Batch(writes=[_write(desk, patron, Change(of_patron.register, (Action.RENUMBER,)), None)])
    as_of = desk.as_of()
    evidence = Evidence(person, as_of)
    decision = evidence.decide_on(of_patron)
    step = step_of(desk, decision, evidence, of_patron)
    reviews = [] if step.review is None else [step.review]
    told = step.change or Change(of_patron.register, ())
    change = replace(told, actions=(Action.RENUMBER, *told.actions))
    if isinstance(decision, Parked) or step.change is None:
        # undecided except for protection: the patron gets the number all the same, and the night asks again
        write = _write(desk, patron, change, None)
        return Batch(writes=[write], asks=[FollowUp(patron.id, FIRST_COPY)], reviews=reviews)
    asks = [] if step.asks is None else [step.asks]
    return Batch(writes=[_write(desk, patron, change, as_of)], asks=asks, reviews=reviews)


def _write(desk: Desk, patron: Patron, change: Change, as_of: AsOf | None) -> Write:
    return replace(write_of(desk, change, patron, as_of), renumbered=desk.clock.today())


#: What the preview is about.
UNDO: Final = "set_cpr_undo"


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What taking back a number would do to one record, as shown to staff."""

    patron_id: str
    #: the review item under which the number was given
    item: int
    preview: Preview
    #: the JSON shape of `patron set-cpr`
    document: Mapping[str, Any]


def preview_taking_back(reviews: Reviews, patron_id: str) -> TakingBack:
    """Show whose number would be taken back. Nothing is written.

    Raises:
        BadInput: no number was given at the desk, or it has been taken back already.
    """
    given = [one for one in reviews.store.review_desk.items(all_states=True) if _is_given(one, patron_id)]
    view = reviews.store.views.patron(patron_id)
    if view is None:
        raise BadInput("there is no such patron", kind="patron.unknown")
    if not given:
        raise _nothing_to_take_back(reviews, patron_id)
    marks = (str(given[-1].id), str(view.patron.version))
    preview = Preview(UNDO, patron_id, TAKING_BACK, marks)
    whose = whose_document(view, reviews.policy, on=reviews.clock.today())
    told = preview_document(preview) | {"whose": whose}
    del told["warnings"]  # the document has the warnings at the top level, as a look-up does
    document = {
        **_document(patron_id, "shown", verified=view.patron.verified),
        "warnings": [warning_document(one) for one in TAKING_BACK],
        "written": False,
        "preview": told,
    }
    return TakingBack(patron_id, given[-1].id, preview, document)


def take_back(reviews: Reviews, shown: TakingBack, confirmation: Confirmation) -> dict[str, Any]:
    """Take the number back as shown, so that the record is as before. Return the JSON shape of `patron set-cpr`.

    Raises:
        NotConfirmed: the record differs from the one that was shown; nothing is changed.
        BadInput: the number has been taken back since, or the reason cannot be kept; nothing is changed.
        ReviewClosed: the register has given another number since, or the data that this needs is deleted; nothing is
            changed.
    """
    again = preview_taking_back(reviews, shown.patron_id)
    reason = check_confirmed(again.preview, confirmation)
    reviews.undo(again.item, reason=reason, is_shown=True)
    (patron,) = reviews.store.patrons.read([shown.patron_id])
    told = {name: again.document[name] for name in ("warnings", "preview")}
    return {**_document(shown.patron_id, "undone", verified=patron.verified), **told, "written": True}


def _nothing_to_take_back(reviews: Reviews, patron_id: str) -> BadInput:
    items = reviews.store.review_desk.items(all_states=True)
    if any(_is_given(one, patron_id, state=State.UNDONE) for one in items):
        return BadInput("the number has been taken back already", kind="number.taken_back")
    return BadInput("no number was set for that patron that can be taken back", kind="number.not_set")


def _is_given(item: ReviewItem, patron_id: str, *, state: State = State.ACCEPTED) -> bool:
    return item.patron_id == patron_id and item.kind == NUMBER_SET and item.state is state
