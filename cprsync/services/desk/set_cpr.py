"""Turns a replacement number into a real one: shows both persons, asks for a yes, subscribes, makes the first copy.

The preview shows the register's person beside our record. If one of the two is protected, values and agreement reveal
no more than an age. If neither name nor birth date agrees, a reason is required, so that no record becomes another
person's by mistake (decision 40). If the register does not answer, nobody has seen whose number it is. Then a reason is
required, the record is "not yet verified", and subscription and first copy wait for the night.

Leaves out the change of a real number, which only the register makes, and taking a number back: see `reviewing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.deciding.decide import Change, Parked
from cprsync.domain.deciding.reviews import birth_match_changes
from cprsync.domain.desk.access import Doing
from cprsync.domain.desk.arrival import Agreement, Arrival, Likeness, ages_of, likeness_of, sealed_likeness_of
from cprsync.domain.desk.confirming import Preview
from cprsync.domain.desk.registering import warnings_about
from cprsync.domain.patron.kinds import shown_block
from cprsync.domain.patron.override import birth_in_force, in_force, stands_in
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS, PARKED
from cprsync.domain.person.number import NumberKind
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import Action
from cprsync.errors import BadInput, NumberTaken
from cprsync.services.desk.lookup import ask_about, read_patron, refuse_what_is_never_sent, show_person, subscribe_to
from cprsync.services.desk.registering import ANSWER_FRESH
from cprsync.services.desk.showing import (
    check_confirmed,
    preview_document,
    warning_documents,
)
from cprsync.services.desk.viewing import unmerged_view_of
from cprsync.services.planning.steps import Evidence, as_of_lookup, step_of, write_of
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.desk import SERVE, DeskEntry
from cprsync.services.ports.patrons import Batch, write_again_if_lost
from cprsync.services.ports.register import FIRST_COPY, FollowUp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cprsync.domain.desk.arrival import Ages
    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.patron.local import Block
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.register import Subscribed
    from cprsync.services.ports.store import Store

#: The purpose that the audit records for the question to the register, and what the preview is about.
PURPOSE: Final = "set_cpr"


_AGREES: Final = {Agreement.AGREES: True, Agreement.DIFFERS: False, Agreement.UNKNOWN: None, Agreement.SEALED: None}


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


def preview_number(desk: Desk, asked: SetNumber) -> NumberPreview:
    """Show the person who has the number beside our record. Nothing is written but the audit: the look-up, or the look.

    Raises:
        BadInput: there is no such patron, they were merged, or their number is real already. Or the new number is not
            one of the register's, or has been replaced itself.
        NoSuchPerson: the register does not know the number.
    """
    patron = read_patron(desk.store, asked.patron_id)
    # a shell would get the number, beside the record that it was merged into
    view = unmerged_view_of(desk.store, patron.id)
    if patron.number == asked.number:
        return _already(desk, asked, view)
    _refuse_what_is_real_or_never_will_be(patron, asked.number)
    other = _other(desk, asked)
    # no look-up is made that the audit would have
    for shown in () if other is None else (patron.id, other):
        desk.store.access.note_view(shown, user=asked.user, purpose=SERVE)
    return _previewed(desk, asked, _ask(desk, asked, patron), desk.clock.now())


def _ask(desk: Desk, asked: SetNumber, patron: Patron, *, again: bool = False) -> Person | None:
    """Ask the register, unless another patron of ours has the number; then it is not asked."""
    if _other(desk, asked) is not None:
        return None
    wanted = WantedAccess(asked.user, Doing.LOOK_UP, PURPOSE, patron.id, asked.number, follows=again)
    return ask_about(desk, asked.number, wanted)


def _previewed(desk: Desk, asked: SetNumber, person: Person | None, at: datetime) -> NumberPreview:
    patron, other = read_patron(desk.store, asked.patron_id), _other(desk, asked)
    pair = pair_of(desk, patron, person, other)
    batch = _batch(desk, patron, person, asked.number)
    kept = desk.store.kept_blocks.of(asked.number) if other is None else ()
    warnings = warnings_about(_arrival(desk, patron, batch, pair, kept=kept), writes=False)
    marks = (batch.writes[0].prepared.fingerprint.hex(), other or "", str(patron.version))
    preview = Preview(PURPOSE, patron.id, warnings, marks)
    document = {
        **number_document(asked.patron_id, "shown", verified=batch.writes[0].as_of is not None),
        "warnings": warning_documents(warnings),
        "written": False,
        "preview": preview_document(preview)
        | {"compared": compared_document(pair), "kept_blocks": [shown_block(block) for block in kept]},
    }
    return NumberPreview(asked, patron, person, at, preview, document, other=other)


def _already(desk: Desk, asked: SetNumber, view: PatronView) -> NumberPreview:
    patron, subscribed = view.patron, view.subscribed_since is not None
    document = number_document(asked.patron_id, "unchanged", verified=patron.verified, subscribed=subscribed) | {
        "written": False
    }
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


def leave_both_to_staff(store: Store, patron_id: str, other: str) -> NumberTaken:
    """Open a review about two patrons who claim one number. Return the error for the one who asked."""
    store.desk.ask_staff(patron_id, BOTH_PATRONS, about=other)
    return NumberTaken("another patron has that number: both now wait for a person")


def number_document(patron_id: str, outcome: str, *, verified: bool, subscribed: bool = False) -> dict[str, Any]:
    """The JSON shape of `patron set-cpr`, without what was shown."""
    return {
        "patron": patron_id,
        "outcome": outcome,
        "verified": verified,
        "subscribed": subscribed,
        "warnings": [],
    }


def confirm_number(desk: Desk, shown: NumberPreview, confirmation: Confirmation) -> dict[str, Any]:
    """Give the number as shown. Return the JSON shape of `patron set-cpr`.

    Raises:
        NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
        BadInput: the reason cannot be kept.
        NumberTaken: another patron has the number; a review about both is opened.
        NoSuchPerson: the register no longer knows the number.
    """
    if shown.is_set:
        return dict(shown.document)
    asked, person, at = shown.asked, shown.person, shown.at
    if desk.clock.now() - at > ANSWER_FRESH:
        person, at = _ask(desk, asked, shown.patron, again=True), desk.clock.now()
    subscribed: Subscribed | None = None

    def write() -> dict[str, Any]:
        nonlocal subscribed
        again = _previewed(desk, asked, person, at)
        reason = check_confirmed(again.preview, confirmation)
        if again.other is not None:
            raise leave_both_to_staff(desk.store, asked.patron_id, again.other)
        if person is not None and subscribed is None:
            subscribed = subscribe_to(desk, asked.number)
        batch = _batch(desk, again.patron, person, asked.number)
        entry = DeskEntry(asked.number, asked.patron_id, batch, asked.user, subscribed, sets_number=True, reason=reason)
        desk.store.desk.save(entry)
        verified = batch.writes[0].as_of is not None
        done = number_document(asked.patron_id, "set", verified=verified, subscribed=subscribed is not None)
        return done | {name: again.document[name] for name in ("warnings", "preview")} | {"written": True}

    return write_again_if_lost(write)


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


def _batch(desk: Desk, patron: Patron, person: Person | None, number: CprNumber) -> Batch:
    """The write of the number, with the first copy if the register answered and the answer can be decided."""
    # the library's own birth date gives way to the register's, or to the one in the number
    of_patron = replace(patron, register=replace(patron.register, number=number, birth=SILENT))
    # and so does the municipality that the patron has named
    patron, of_patron = (replace(one, overrides=_without_stand_ins(one)) for one in (patron, of_patron))
    if person is None:
        return Batch(writes=[_write(desk, patron, Change(of_patron.register, (Action.RENUMBER,)), None)])
    as_of = as_of_lookup(desk)
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


def _without_stand_ins(patron: Patron) -> tuple[Override, ...]:
    return tuple(one for one in patron.overrides if not stands_in(one))


def _write(desk: Desk, patron: Patron, change: Change, as_of: AsOf | None) -> Write:
    return replace(write_of(desk, change, patron, as_of), renumbered=desk.clock.today())


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """Our record and the person who has the number, as far as each may be shown, and how far they agree."""

    #: fields by name; None: nobody has said who has the number
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any] | None
    like: Likeness | None
    #: None: neither is protected, and birth dates are compared
    ages: Ages | None
    #: another patron has the number
    is_taken: bool


def pair_of(desk: Desk, patron: Patron, person: Person | None, other: str | None) -> Pair:
    today, taken = desk.clock.today(), other is not None
    ours = _shown_of(desk, patron)
    theirs = person if other is None else desk.store.patrons.read([other])[0].register
    if theirs is None:
        return Pair(ours, None, None, None, taken)
    told = show_person(desk, theirs) if other is None else _record(desk, other)
    if told["protected"] or ours["sealed"]:
        ages = ages_of(patron, theirs, today, desk.policy.ladders.leap)
        return Pair(ours, told, sealed_likeness_of(ages), ages, taken)
    return Pair(ours, told, likeness_of(patron, theirs, today), None, taken)


def compared_document(pair: Pair) -> dict[str, Any]:
    """Name and birth date in our record beside the register's, as far as each may be shown, and whether they agree.

    If one of the two is protected, only the ages are compared, and no agreement of name or birth date is shown.
    """
    like = pair.like or Likeness(Agreement.UNKNOWN, Agreement.UNKNOWN)
    of = {"name": like.name, "birth_date": like.birth if pair.ages is None else Agreement.SEALED}
    compared = {name: _side_by_side(pair, name, agreement) for name, agreement in of.items()}
    if pair.ages is not None:
        agrees = _AGREES[pair.ages.agreement]
        compared["age"] = {"ours": pair.ages.ours, "theirs": pair.ages.theirs, "agrees": agrees}
    return compared


def _side_by_side(pair: Pair, name: str, agreement: Agreement) -> dict[str, Any]:
    told = {} if pair.theirs is None else pair.theirs["fields"].get(name, {})
    sides = {"ours": pair.ours[name], "theirs": told.get("value"), "agrees": _AGREES[agreement]}
    sealed = [side for side, is_sealed in (("ours", pair.ours["sealed"]), ("theirs", told.get("sealed"))) if is_sealed]
    return {**sides, "sealed": sealed} if sealed else sides


def _record(desk: Desk, patron_id: str) -> dict[str, Any]:
    view = desk.store.views.patron(patron_id)
    if view is None:
        return {"fields": {}, "protected": True}
    return desk.document(view)


def _shown_of(desk: Desk, patron: Patron) -> dict[str, Any]:
    shown, today = _record(desk, patron.id), desk.clock.today()
    born = birth_in_force(patron.register, in_force(patron.overrides, today))
    # a number that a library made also contains a birth date, and the record may hold no other
    date = None if shown["protected"] or born is None else born.day.isoformat()
    name = shown["fields"].get("name", {}).get("value")
    return {"name": name, "birth_date": date, "sealed": shown["protected"]}
