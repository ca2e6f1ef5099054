"""Lists reviews, shows them with both records side by side, answers them, and takes answers back.

What an answer does is in `domain.patron.review`. Each answer is one transaction with its audit entry. If two people
answer the same item, only one answer is accepted. Leaves out who may answer: every user who may run the program may.
Leaves out answers that need a preview first: see `previewed_answers`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.deciding.decide import ProtectionEnd, decide
from cprsync.domain.deciding.guard import guard
from cprsync.domain.deciding.reviews import HARMS, kinds_of_harm
from cprsync.domain.desk.access import Doing
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.review import (
    NET_MEDIA_KINDS,
    SAID_KINDS,
    TARGET_NOT_TAKEN,
    AcceptEffect,
    State,
    check_later,
)
from cprsync.domain.person.person import EMPTY, Person, Protection
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, Braked, NotConfirmed, ReviewChanged, ReviewClosed, ReviewUnknown
from cprsync.services.desk.access import make_sure_that_may, may_second
from cprsync.services.desk.set_cpr import leave_both_to_staff
from cprsync.services.desk.showing import patron_document
from cprsync.services.planning.steps import Evidence, renumber_step, step_of
from cprsync.services.ports.desk import REVIEW, GivenAnswer, Later, ReviewItem, has_number_by_now
from cprsync.services.ports.patrons import write_again_if_lost
from cprsync.services.ports.trust.audit import checked_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.store import Library

#: The message when an answer cannot be taken back. The error's kind ends in the state.
_NOT_TAKEN_BACK: Final = {
    State.WAITING: "nobody has answered review item {number} yet",
    State.ACCEPTED: "nothing follows from review item {number} that could be taken back",
    State.REJECTED: "review item {number} was rejected: nothing was done that could be taken back",
    State.SETTLED: "review item {number} fell away: nobody has answered it",
    State.UNDONE: "review item {number} has been taken back already",
}


@dataclass(frozen=True, slots=True)
class StaffReviews:
    """One library's reviews, and the user who answers them."""

    library: Library
    user: str

    def listed(self, *, all_states: bool = False) -> list[dict[str, Any]]:
        """The open items, or all of them."""
        items = self.library.store.review_desk.items(all_states=all_states)
        sides = self._sides(items)
        return [document_of(item) | sides.get(item.id, {}) for item in items]

    def answered(self, *, most: int) -> list[dict[str, Any]]:
        """The items that staff answered, the latest answer first."""
        return [document_of(item) for item in self.library.store.review_desk.answered(most=most)]

    def count_due(self) -> int:
        """How many items wait and are not put off."""
        return sum(
            not item.is_put_off(self.library.clock.today())
            for item in self.library.store.review_desk.items(all_states=False)
        )

    def waiting_about(self, patron_id: str) -> list[dict[str, Any]]:
        """The open items about a patron, the oldest first. Also those in which they are the other one of two."""
        return [document_of(item) for item in self.library.store.review_desk.waiting_about(patron_id)]

    def shown(self, number: int) -> dict[str, Any]:
        """One item with its record, or both records, as far as they may be shown. Raises ReviewUnknown."""
        item = self._item(number)
        for patron_id in filter(None, (item.patron_id, item.about)):
            self.library.store.access.note_view(patron_id, user=self.user, purpose=REVIEW)
        document = document_of(item) | self._sides([item]).get(item.id, {})
        document["record"] = self._record(item.patron_id)
        document["other"] = None if item.about is None else self._record(item.about)
        if item.kind in SAID_KINDS:
            document |= self._said(item, document["record"])
        if item.row.doing is AcceptEffect.GIVE_NUMBER and item.state is State.WAITING:
            document["numbers"] = self._numbers(item, document["record"])
        if item.row.doing is AcceptEffect.MERGE and item.about is not None and item.state is State.WAITING:
            document["plan"] = {
                "keeps": item.about,
                "closes": item.patron_id,
                "moves": dict(self.library.store.review_desk.circulation_counts(item.patron_id)),
            }
        if self._leaves_unverified(item):
            document["rejecting"] = {"unverified": item.patron_id}
        return document

    def _said(self, item: ReviewItem, record: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the patron said while the register was silent, as long as it is kept.

        A name of somebody protected is not shown beside another: the two may be one.
        """
        if record is None or record["protected"]:
            return {"said": {"sealed": True}}
        said = self.library.store.provisional.kept_of(item.patron_id)
        if said is None:
            return {}
        address = "sealed" in record["fields"]["address"]
        return {"said": {"sealed": False, "name": said.name, "address": [] if address else list(said.address)}}

    def _leaves_unverified(self, item: ReviewItem) -> bool:
        """Whether rejecting leaves the patron with a number about which the register will send nothing."""
        if item.state is not State.WAITING or not item.row.leaves_replaced:
            return False
        in_force = self.library.store.reviews.in_force([item.patron_id])
        if any(one.kind == item.kind and one.about is not None for one in in_force):
            return False  # the item is about an old number: the register is asked about the present one
        return not any(one.number.is_replacement for one in self.library.store.patrons.read([item.patron_id]))

    def _numbers(self, item: ReviewItem, record: dict[str, Any] | None) -> dict[str, str | None]:
        """The patron's number, and the one that the register names for their old number; masked as required."""
        new, (patron,) = (
            self.library.store.review_desk.named_number(item.id),
            self.library.store.patrons.read([item.patron_id]),
        )
        shut = record is None or record["protected"]
        return {"ours": patron.number.masked(shut=shut), "register": None if new is None else new.masked(shut=shut)}

    def _sides(self, items: Sequence[ReviewItem]) -> dict[int, dict[str, Any]]:
        """Our side and CULR's, for open items about the net media, and what other systems answered to ours."""
        waiting = [item for item in items if item.state is State.WAITING]
        about = [item for item in waiting if item.kind in NET_MEDIA_KINDS]
        sides = self.library.store.accounts.sides([item.patron_id for item in about])
        refused = [item for item in waiting if item.kind == TARGET_NOT_TAKEN]
        answers = self.library.store.queues.refused([item.patron_id for item in refused])
        told: dict[int, dict[str, Any]] = {item.id: {"targets": answers.get(item.patron_id, [])} for item in refused}
        return told | {item.id: {"net_media": asdict(sides[item.patron_id])} for item in about}

    def _record(self, patron_id: str) -> dict[str, Any] | None:
        view = self.library.store.views.patron(patron_id)
        if view is None:
            return None
        return patron_document(view, self.library.policy, agency=self.library.agency, on=self.library.clock.today())

    def _item(self, number: int) -> ReviewItem:
        item = self.library.store.review_desk.item(number)
        if item is None:
            raise ReviewUnknown("there is no review item {number}", number=number)
        return item

    def accept(self, number: int, *, about: str | None = None) -> dict[str, Any]:
        """Do what the item proposes. `about`: as for `waiting_item`.

        Raises ReviewUnknown, ReviewClosed, ReviewChanged or Braked; then nothing is changed. Raises BadInput if another
        patron has the number that the item would give; then a review about both patrons is opened.
        """
        item = self.waiting_item(number, about)
        self.make_sure_that_may(item, "accept")
        if item.row.needs_two:
            return self._accept_by_two(item)
        self.brake([item])
        if item.row.doing is AcceptEffect.GIVE_NUMBER:
            return self._give_number(item)
        return self._answer(GivenAnswer(item, State.ACCEPTED, self.user))

    def reject(self, number: int, *, reason: str, about: str | None = None) -> dict[str, Any]:
        """Reject the item with a reason. `about`: as for `waiting_item`.

        Raises ReviewUnknown, ReviewClosed, ReviewChanged, or BadInput for the reason; then nothing is changed.
        """
        item, why = self.waiting_item(number, about), checked_reason(reason)
        self.make_sure_that_may(item, "reject")
        return self._answer(GivenAnswer(item, State.REJECTED, self.user, why))

    def undo(self, number: int, *, reason: str = "", is_shown: bool = False) -> dict[str, Any]:
        """Take an acceptance back. A reason goes to the audit.

        `is_shown`: somebody has seen what becomes of the record, and confirmed it (decision 40).

        Raises ReviewUnknown or ReviewClosed. Raises NotConfirmed for a number whose preview nobody has seen.
        """
        item = self._item(number)
        if item.state is not State.ACCEPTED or not item.row.undoable:
            kind = f"{ReviewClosed.kind}.{item.state.value}"
            raise ReviewClosed(_NOT_TAKEN_BACK[item.state], number=number, kind=kind)
        if item.row.doing is AcceptEffect.NUMBER_SET and not is_shown:
            raise NotConfirmed("a number is taken back after its preview alone", kind="confirm.number")
        self.make_sure_that_may(item, "undo")
        return self._answer(GivenAnswer(item, State.UNDONE, self.user, reason or None))

    def reopen(self, number: int, *, reason: str) -> dict[str, Any]:
        """Reopen an item that was rejected or taken back.

        Raises ReviewUnknown, ReviewClosed, ReviewChanged, or BadInput for the reason; then nothing is changed.
        """
        item = self._item(number)
        if item.state not in {State.REJECTED, State.UNDONE}:
            raise ReviewClosed(
                "review item {number} ({state}) was neither rejected nor taken back",
                number=number,
                state=item.state.value,
            )
        why = checked_reason(reason)
        self.make_sure_that_may(item, "reopen")
        return self._answer(GivenAnswer(item, State.WAITING, self.user, why))

    def make_sure_that_may(self, item: ReviewItem, answer: str) -> None:
        """Refuse an answer about oneself or one's household, until a second person signs."""
        for patron_id in filter(None, (item.patron_id, item.about)):
            make_sure_that_may(self.library.store, Doing.REVIEW, patron_id, what=f"{answer}:{item.id}", user=self.user)

    def put_off(self, number: int, *, until: date, reason: str) -> dict[str, Any]:
        """Let the item wait until a day, for a reason. What settles it by itself still does.

        Raises ReviewUnknown, ReviewClosed, or BadInput for the day or the reason; then nothing is changed.
        """
        item, why = self.waiting_item(number), checked_reason(reason)
        self.make_sure_that_may(item, "later")
        later = Later(check_later(until, self.library.clock.today()), self.user)
        self.library.store.review_desk.put_off(item, later, user=self.user, reason=why)
        return document_of(self._item(number))

    def bring_back(self, number: int) -> dict[str, Any]:
        """Let an item that was put off wait now. Raises ReviewUnknown or ReviewClosed; then nothing is changed."""
        item = self.waiting_item(number)
        self.make_sure_that_may(item, "now")
        self.library.store.review_desk.put_off(item, None, user=self.user, reason="")
        return document_of(self._item(number))

    def waiting_item(self, number: int, about: str | None = None) -> ReviewItem:
        """One item that waits. Raises ReviewUnknown or ReviewClosed.

        `about`: the other patron, as somebody has seen the item. Raises ReviewChanged if it is about another by now:
        that patron was merged, or the register names somebody else.
        """
        item = self._item(number)
        if item.state is not State.WAITING:
            raise ReviewClosed(
                "review item {number} no longer waits: it is {state}", number=number, state=item.state.value
            )
        if about not in {None, item.about}:
            raise ReviewChanged("review item {id} is about another patron by now than the one you saw", id=number)
        return item

    def _give_number(self, item: ReviewItem) -> dict[str, Any]:
        """Give the patron the number that follows their old one, on the record as stored now."""
        new = self.library.store.review_desk.named_number(item.id)
        if new is None:
            raise ReviewClosed("review item {number}: the number that it names is forgotten: reject it", number=item.id)

        def write() -> dict[str, Any]:
            other = self.library.store.patrons.find(new)
            if other is not None and other != item.patron_id:
                raise leave_both_to_staff(self.library.store, item.patron_id, other)
            (patron,) = self.library.store.patrons.read([item.patron_id])
            if patron.number == new:
                raise has_number_by_now(item.id)
            step = renumber_step(self.library, patron, new, day=self.library.clock.today())
            return self._answer(GivenAnswer(item, State.ACCEPTED, self.user, write=step.write))

        return write_again_if_lost(write)

    def _accept_by_two(self, item: ReviewItem) -> dict[str, Any]:
        """Record the first yes. On a second yes, by another user, do what the item proposes."""
        if self.user == SERVICE:
            raise BadInput("this takes two people, and the program cannot tell who you are", kind="review.nobody")
        first = item.decided_by
        if first is not None and not may_second(self.library.store, self.user, first):
            raise BadInput("you have accepted already: a second person has to accept too", kind="review.same_person")
        if first is not None:
            return self._end_protection(item)
        self.library.store.review_desk.note_first_yes(item, user=self.user)
        return document_of(self._item(item.id))

    def _end_protection(self, item: ReviewItem) -> dict[str, Any]:
        """End a protection on the record as stored now. The sealed name and address are then open."""
        self.brake([item])

        def write() -> dict[str, Any]:
            (patron,) = self.library.store.patrons.read([item.patron_id])
            lifting = _without_protection(self.library, patron)
            if lifting is None:
                raise ReviewClosed("review item {number}: the patron is not protected any more", number=item.id)
            return self._answer(GivenAnswer(item, State.ACCEPTED, self.user, write=lifting))

        return write_again_if_lost(write)

    def brake(self, items: Sequence[ReviewItem]) -> None:
        """Hold a day's answers to the limit of a night: every writer passes the guard (decision 17). Raises Braked."""
        harms = Counter(HARMS[item.row.doing] for item in items if item.row.doing in HARMS)
        for harm, more in harms.items():
            self._brake(harm, more)

    def _brake(self, harm: Harm, more: int) -> None:
        midnight = datetime.combine(self.library.clock.today(), time(), tzinfo=COPENHAGEN)
        count = more + sum(self.library.store.review_desk.count(kind, since=midnight) for kind in kinds_of_harm(harm))
        excess = guard(
            [(harm,)] * count,
            parked=0,
            population=self.library.store.patrons.count(),
            limits=self.library.policy.limits,
        )
        if excess:
            raise Braked(_BRAKED[harm], count=count, limit=excess[0].limit)

    def _answer(self, answer: GivenAnswer) -> dict[str, Any]:
        self.library.store.review_desk.write(answer)
        return document_of(self._item(answer.item.id))


#: The message when a day's answers exceed a limit.
_BRAKED: Final = {
    Harm.MERGED: "{count} records merged today are more than the limit of {limit}",
    Harm.CHANGED: "{count} accounts told again today are more than the limit of {limit}",
    Harm.PROTECTION_LIFTED: "{count} protections ended today are more than the limit of {limit}",
}


def _without_protection(library: Library, patron: Patron) -> Write | None:
    """The write that ends a patron's protection. None: the patron has no protection."""
    # two people may do what no source may
    patron = replace(patron, is_held=False)
    if patron.register.protection is not Protection.NAME_AND_ADDRESS or patron.as_of is None:
        return None
    person = Person(patron.number, protection=EMPTY)
    decision = decide(person, patron, as_of=patron.as_of, protection_end=ProtectionEnd.CONFIRMED)
    return step_of(library, decision, Evidence(person, patron.as_of), patron).write


def document_of(item: ReviewItem) -> dict[str, Any]:
    """The JSON shape of an item, with names instead of words for why it waits and what each answer does."""
    row = item.row
    return {
        "id": item.id,
        "patron": item.patron_id,
        "about": item.about,
        "kind": item.kind,
        "since": item.since.isoformat(),
        "state": item.state.value,
        "why": row.kind,
        "accept": row.accept,
        "reject": row.reject,
        "undoable": row.undoable,
        "reopens": row.may_wait_again,
        "decided": None
        if item.decided_at is None
        else {"by": item.decided_by, "at": item.decided_at.isoformat(timespec="seconds")},
        "later": None if item.later is None else {"until": item.later.until.isoformat(), "by": item.later.by},
        "in_bulk": row.in_bulk,
    }
