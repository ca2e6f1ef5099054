"""What a patron may borrow and what they owe today, and the statement of it (opgørelse af mellemværende).

The standing answers for the desk: may they borrow, what do late loans cost, may they be written to, and why. Each
answer names the rule, the group and the table that it comes from. The statement has the envelope that it goes in
(decision 8); opening sealed data needs a reason, which the audit records first. A machine that has the patron's card
and PIN learns the least. Sends nothing and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.access import Doing
from cprsync.domain.lending.contacting import (
    About,
    ContactWay,
    Letter,
    NoLetter,
    contact_facts,
    letter_language,
    letter_to,
    may_contact,
    name_lines,
)
from cprsync.domain.lending.fees import overdue_fees, reminders_of
from cprsync.domain.lending.standing import BorrowRule, may_borrow, standing_of
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.responsible import why_no_letter
from cprsync.services.desk.access import make_sure_that_may
from cprsync.services.desk.responsibles import named
from cprsync.services.desk.showing import patron_document
from cprsync.services.desk.viewing import check_reason, living_view_of, sealed_fields
from cprsync.services.ports.desk import PatronView, Reveal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.lending.contacting import ContactFacts
    from cprsync.domain.lending.fees import LateLoan, Owing
    from cprsync.domain.lending.standing import Standing
    from cprsync.services.ports.desk import Opened
    from cprsync.services.ports.store import Library


@dataclass(frozen=True, slots=True)
class Standings:
    """Shows how a library's patrons stand."""

    library: Library

    def standing(self, patron_id: str, *, film_from_age: int | None = None) -> dict[str, Any]:
        """The JSON shape of `patron standing`, without the words of its rules.

        Raises BadInput if there is no such patron.
        """
        return self.standing_by(living_view_of(self.library.store, patron_id), film_from_age=film_from_age)

    def standing_by(self, view: PatronView, *, film_from_age: int | None = None) -> dict[str, Any]:
        """Same as `standing`, for a patron whose record was read already."""
        today = self.library.clock.today()
        owing, standing = _standing_of(self.library, view, today)
        borrows = may_borrow(standing, self.library.policy, on=today, film_from_age=film_from_age)
        reach = contact_facts(view.patron, view.local, self.library.policy, on=today, parked=view.parked)
        return {
            "patron": view.patron.id,
            "day": today.isoformat(),
            "group": standing.group,
            "debt_oere": owing.total_oere,
            "may_borrow": {"answer": borrows.allowed, "rules": _rules(borrows.rules)},
            "blocks": [
                {"since": block.since.isoformat(), "reason": block.reason}
                for block in standing.blocks
                if block.holds_on(today)
            ],
            "fees": list(self._fees(owing.loans, standing, today)),
            "may_contact": [self._contact(reach, channel, about) for channel in ContactWay for about in About],
        }

    def _fees(self, loans: Iterable[LateLoan], standing: Standing, today: date) -> Iterable[dict[str, Any]]:
        """What each late loan would still cost if all of them came back today.

        Leaves out what is on the balance already.

        For a loan that is given up as lost, the fee up to that day.
        """
        late = list(loans)
        raised = [loan.raised_oere for loan in late]
        fees = overdue_fees([loan.days for loan in late], standing, self.library.policy, returned=today, raised=raised)
        is_reminded = self.library.policy.group(standing.group).reminders and not standing.is_dead
        reminded = self.library.policy.letters.reminder_days if is_reminded else ()
        for loan, fee in zip(late, fees, strict=True):
            days = reminders_of(loan, reminded)
            yield {
                "title": loan.title,
                "due": loan.due.isoformat(),
                "days_late": fee.days_late,
                "oere": fee.oere,
                "raised_oere": fee.raised_oere,
                "lost": loan.lost and loan.lost.isoformat(),
                "billed": loan.billed,
                # by the library's policy: what its system has sent is among the messages
                "reminders": {
                    "due": [day.isoformat() for day in days if day <= today],
                    "next": next((day.isoformat() for day in days if day > today), None),
                },
                "tariff": fee.tariff and fee.tariff.isoformat(),
                "rule": fee.rule.value,
            }

    def _contact(self, reach: ContactFacts, channel: ContactWay, about: About) -> dict[str, Any]:
        ruling = may_contact(reach, channel, about, self.library.policy)
        return {
            "channel": channel.value,
            "about": about.value,
            "answer": ruling.allowed,
            "rules": _rules(ruling.rules),
        }


def _rules(rules: Iterable[Any]) -> list[dict[str, str]]:
    return [{"rule": rule.value} for rule in rules]


#: The purpose in the audit entry: a statement, or the envelope alone.
STATEMENT: Final = "statement"
LABEL: Final = "label"
#: The letter is sent to the lines of the envelope.
GOES: Final = "goes"


@dataclass(frozen=True, slots=True)
class Statements:
    """Makes statements: one library, its store and policy, and the user who asks."""

    library: Library
    #: what the library is called
    name: str
    user: str

    def statement(self, patron_id: str) -> dict[str, Any]:
        """The statement as anyone at the desk may print it. Raises BadInput if there is no such patron."""
        view = living_view_of(self.library.store, patron_id)
        self.library.store.access.note_view(patron_id, user=self.user, purpose=STATEMENT)
        return self._document(view, self._envelope(view, None), revealed=False)

    def revealed(self, patron_id: str, *, reason: str, purpose: str = STATEMENT) -> dict[str, Any]:
        """Same as `statement`, with a sealed address opened for a purpose.

        If nothing is sealed or no letter goes, the audit has it as a record that was shown.

        Raises:
            BadInput: there is no such patron, or the reason cannot be kept; nothing is opened.
            ConfigurationError: there is no reason.
            SecondPersonNeeded: it is the user's own record, of their household, or watched; nothing is opened.
        """
        why, view = check_reason(reason), living_view_of(self.library.store, patron_id)
        shut = self._envelope(view, None)
        if shut is not NoLetter.SEALED:
            self.library.store.access.note_view(patron_id, user=self.user, purpose=purpose)
            return self._document(view, shut, revealed=False)
        shown = patron_document(view, self.library.policy, agency=self.library.agency, on=self.library.clock.today())
        # the birth date is on no statement
        fields = tuple(name for name in sealed_fields(shown["fields"]) if name != "birth_date")
        make_sure_that_may(self.library.store, Doing.REVEAL, patron_id, what=purpose, user=self.user)
        opened = self.library.store.views.reveal(Reveal(patron_id, fields, self.user, why, purpose))
        return self._document(view, self._envelope(view, opened), revealed=True)

    def _envelope(self, view: PatronView, opened: Opened | None) -> Letter | NoLetter:
        patron, local, today = view.patron, view.local, self.library.clock.today()
        person, overrides = patron.register, patron.overrides
        sealed = view.is_sealed(self.library.policy)
        if opened is not None:
            local, overrides, sealed = opened.local, opened.overrides, False
        stopped, holding = patron.letters_stopped is not None, in_force(overrides, today)
        return letter_to(person, local, stopped=stopped, sealed=sealed, holding=holding, opened=opened)

    def _name(self, view: PatronView) -> str | None:
        """The patron's name, unless it is sealed. Shown also if the address is sealed to protect someone else."""
        if view.is_sealed(self.library.policy):
            return None
        held = in_force(view.patron.overrides, self.library.clock.today())
        return next(iter(name_lines(view.patron.register.name, held)), None)

    def _name_of(self, responsible_id: str) -> str | None:
        """The name of a person who answers. None: they are sealed, or nothing can be asked of them any more."""
        view = self.library.store.views.patron(responsible_id)
        if view is None:
            return None
        person, stopped = view.patron.register, view.patron.letters_stopped is not None
        sealed, name = named(view, self.library.policy)
        return name if why_no_letter(person, ended=False, stopped=stopped, sealed=sealed) is None else None

    def _document(self, view: PatronView, envelope: Letter | NoLetter, *, revealed: bool) -> dict[str, Any]:
        """The JSON shape of `statement`."""
        today, patron_id = self.library.clock.today(), view.patron.id
        owing, answering = (
            self.library.store.lending.owing(patron_id, today),
            list(self.library.store.lending.answering_for(patron_id)),
        )
        names = [self._name_of(one) for one in answering] if revealed or not view.is_sealed(self.library.policy) else []
        return {
            "patron": patron_id,
            "library": self.library.agency,
            "library_name": self.name,
            "day": today.isoformat(),
            "letter": GOES if isinstance(envelope, Letter) else envelope.value,
            "name": self._name(view),
            "envelope": list(envelope.lines) if isinstance(envelope, Letter) else None,
            "revealed": revealed,
            "loans": [
                {
                    "due": one.due.isoformat(),
                    "days_late": one.days_late(today),
                    "title": one.title,
                    "lost": one.lost and one.lost.isoformat(),
                }
                for one in owing.demanded
            ],
            "owed": [
                {
                    "raised": one.raised and one.raised.isoformat(),
                    "kind": one.kind,
                    "title": one.title,
                    "amount_oere": one.oere,
                    "loan": {
                        "title": one.loan_title,
                        "due": one.due and one.due.isoformat(),
                        "lost": one.lost and one.lost.isoformat(),
                    }
                    if one.loan_title or one.due
                    else None,
                }
                for one in owing.owed
            ],
            "total_oere": owing.total_oere,
            "note_to_patron": view.local.note_to_patron,
            "responsible_registered": bool(answering),
            "responsibles": answering,
            "responsible_names": [name for name in names if name is not None],
            "language": letter_language(view.local.language),
        }


def describe_borrower(library: Library, patron_id: str) -> dict[str, Any]:
    """The JSON shape of `machine/borrower`: whether they may borrow, and their rights.

    A self-service machine or a website needs no name, no address, no number and no reason, and gets none. Raises
    BadInput if there is no such patron, or they have left.
    """
    policy, today = library.policy, library.clock.today()
    view = living_view_of(library.store, patron_id)
    _, standing = _standing_of(library, view, today)
    borrows = may_borrow(standing, policy, on=today)
    facts = right_facts(view.patron, view.local, stage=view.stage)
    return {
        "may_borrow": borrows.allowed,
        "blocked": BorrowRule.BLOCKED in borrows.rules,
        "age_class": None if standing.born is None else policy.ladders.group_on(standing.born, today),
        "rights": [{"product": one.product, "answer": one.answer.value} for one in rights_of(facts, policy, today)],
    }


def _standing_of(library: Library, view: PatronView, today: date) -> tuple[Owing, Standing]:
    owing, leaving = library.store.lending.owing(view.patron.id, today), view.stage is not Stage.ACTIVE
    standing = standing_of(
        view.patron, view.local, library.policy, on=today, debt_oere=owing.total_oere, leaving=leaving
    )
    return owing, standing
