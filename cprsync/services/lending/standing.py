"""What a patron may borrow and what they owe today, and the statement of it (opgørelse af mellemværende).

The standing answers for the desk: may they borrow, what do late loans cost, may they be written to, and why. Each
answer names the rule, the group and the table that it comes from. The statement has the envelope that it goes in
(decision 8); opening sealed data needs a reason, which the audit records first. A machine that has the patron's card
and PIN learns the least. Sends nothing and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from cprsync.catalogues import command_words
from cprsync.domain.desk.access import Doing
from cprsync.domain.lending.contacting import (
    About,
    ContactWay,
    Letter,
    LetterLanguage,
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
from cprsync.domain.netmedia.right_rule import RightByRule
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
    from collections.abc import Iterable, Iterator

    from cprsync.domain.lending.contacting import ContactFacts, ContactRule
    from cprsync.domain.lending.fees import LateLoan, Owed, Owing
    from cprsync.domain.lending.standing import Ruling, Standing
    from cprsync.services.ports.desk import Opened
    from cprsync.services.ports.store import Library


@dataclass(frozen=True, slots=True)
class GivenRule:
    """A rule that gives an answer, and what it says."""

    rule: str
    da: str
    en: str

    def text(self, language: str) -> str:
        """What it says in `da` or `en`."""
        return self.da if language == "da" else self.en


@dataclass(frozen=True, slots=True)
class RuledAnswer:
    """Yes or no, and each rule that says so."""

    answer: bool
    rules: tuple[GivenRule, ...]


@dataclass(frozen=True, slots=True)
class ContactAnswer(RuledAnswer):
    """Whether the library may write to the patron about something, in a way."""

    channel: ContactWay
    about: About


@dataclass(frozen=True, slots=True)
class Reminders:
    """The days on which a late loan's reminders were due by the library's rules, and the next."""

    due: tuple[date, ...]
    next: date | None


@dataclass(frozen=True, slots=True)
class ShownFee(GivenRule):
    """What a late loan would still cost if it came back today: without what is on the balance already."""

    title: str
    due: date
    #: for a loan that is given up as lost, up to that day
    days_late: int
    oere: int
    raised_oere: int
    lost: date | None
    #: a compensation is demanded instead of the loan
    billed: bool
    reminders: Reminders
    #: the first day of the table that it comes from
    tariff: date | None


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block that holds today."""

    since: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStanding:
    """Whether the patron may borrow, what they owe, and how they may be written to."""

    patron: str
    day: date
    group: str
    debt_oere: int
    may_borrow: RuledAnswer
    blocks: tuple[ShownBlock, ...]
    fees: tuple[ShownFee, ...]
    may_contact: tuple[ContactAnswer, ...]


@dataclass(frozen=True, slots=True)
class Standings:
    """Shows how a library's patrons stand."""

    library: Library

    def standing(self, patron_id: str, *, film_from_age: int | None = None) -> ShownStanding:
        """How a patron stands today. Raises BadInput if there is no such patron."""
        return self.standing_by(living_view_of(self.library.store, patron_id), film_from_age=film_from_age)

    def standing_by(self, view: PatronView, *, film_from_age: int | None = None) -> ShownStanding:
        """Same as `standing`, for a patron whose record was read already."""
        today = self.library.clock.today()
        owing, standing = _standing_of(self.library, view, today)
        borrows = may_borrow(standing, self.library.policy, on=today, film_from_age=film_from_age)
        reach = contact_facts(view.patron, view.local, self.library.policy, on=today, parked=view.parked)
        return ShownStanding(
            patron=view.patron.id,
            day=today,
            group=standing.group,
            debt_oere=owing.total_oere,
            may_borrow=RuledAnswer(borrows.allowed, tuple(_said("borrow.", rule.value) for rule in borrows.rules)),
            blocks=tuple(ShownBlock(block.since, block.reason) for block in standing.blocks if block.holds_on(today)),
            fees=tuple(self._fees(owing.loans, standing, today)),
            may_contact=tuple(
                _contact(self._ruling(reach, way, about), way, about) for way in ContactWay for about in About
            ),
        )

    def _fees(self, loans: Iterable[LateLoan], standing: Standing, today: date) -> Iterator[ShownFee]:
        """What each late loan would still cost if all of them came back today."""
        late = list(loans)
        raised = [loan.raised_oere for loan in late]
        fees = overdue_fees([loan.days for loan in late], standing, self.library.policy, returned=today, raised=raised)
        is_reminded = self.library.policy.group(standing.group).reminders and not standing.is_dead
        reminded = self.library.policy.letters.reminder_days if is_reminded else ()
        for loan, fee in zip(late, fees, strict=True):
            days, said = reminders_of(loan, reminded), _said("fee.", fee.rule.value)
            yield ShownFee(
                rule=said.rule,
                da=said.da,
                en=said.en,
                title=loan.title,
                due=loan.due,
                days_late=fee.days_late,
                oere=fee.oere,
                raised_oere=fee.raised_oere,
                lost=loan.lost,
                billed=loan.billed,
                reminders=Reminders(
                    tuple(day for day in days if day <= today), next((day for day in days if day > today), None)
                ),
                tariff=fee.tariff,
            )

    def _ruling(self, reach: ContactFacts, way: ContactWay, about: About) -> Ruling[ContactRule]:
        return may_contact(reach, way, about, self.library.policy)


def _contact(ruling: Ruling[ContactRule], way: ContactWay, about: About) -> ContactAnswer:
    return ContactAnswer(ruling.allowed, tuple(_said("contact.", rule.value) for rule in ruling.rules), way, about)


def _said(about: str, rule: str) -> GivenRule:
    words = command_words(about + rule)
    return GivenRule(rule, words.da, words.en)


#: The purpose in the audit entry: a statement, or the envelope alone.
STATEMENT: Final = "statement"
LABEL: Final = "label"


@dataclass(frozen=True, slots=True)
class DemandedLoan:
    """A loan that is demanded back."""

    due: date
    days_late: int
    title: str
    lost: date | None


@dataclass(frozen=True, slots=True)
class OwedLoan:
    """The loan that an amount is owed for."""

    title: str
    #: None: a renewal has moved that day since
    due: date | None
    lost: date | None


@dataclass(frozen=True, slots=True)
class OwedAmount:
    """A fee or a compensation that is not paid."""

    raised: date | None
    kind: str
    title: str
    amount_oere: int
    loan: OwedLoan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the patron owes, and the envelope it goes in."""

    patron: str
    library: str
    library_name: str
    day: date
    #: or why no letter goes
    letter: Literal["goes"] | NoLetter
    #: None: it is sealed, or there is none
    name: str | None = field(repr=False)
    envelope: tuple[str, ...] | None = field(repr=False)
    revealed: bool
    loans: tuple[DemandedLoan, ...]
    owed: tuple[OwedAmount, ...]
    total_oere: int
    note_to_patron: str = field(repr=False)
    responsible_registered: bool
    responsibles: tuple[str, ...]
    #: of those who are not sealed
    responsible_names: tuple[str, ...] = field(repr=False)
    language: LetterLanguage


@dataclass(frozen=True, slots=True)
class Statements:
    """Makes statements: one library, its store and policy, and the user who asks."""

    library: Library
    #: what the library is called
    name: str
    user: str

    def statement(self, patron_id: str) -> Statement:
        """The statement as anyone at the desk may print it. Raises BadInput if there is no such patron."""
        view = living_view_of(self.library.store, patron_id)
        self.library.store.access.note_view(patron_id, user=self.user, purpose=STATEMENT)
        return self._statement(view, self._envelope(view, None), revealed=False)

    def revealed(self, patron_id: str, *, reason: str, purpose: str = STATEMENT) -> Statement:
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
            return self._statement(view, shut, revealed=False)
        shown = patron_document(view, self.library.policy, agency=self.library.agency, on=self.library.clock.today())
        # the birth date is on no statement
        fields = tuple(name for name in sealed_fields(shown["fields"]) if name != "birth_date")
        make_sure_that_may(self.library.store, Doing.REVEAL, patron_id, what=purpose, user=self.user)
        opened = self.library.store.views.reveal(Reveal(patron_id, fields, self.user, why, purpose))
        return self._statement(view, self._envelope(view, opened), revealed=True)

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

    def _statement(self, view: PatronView, envelope: Letter | NoLetter, *, revealed: bool) -> Statement:
        today, patron_id = self.library.clock.today(), view.patron.id
        owing = self.library.store.lending.owing(patron_id, today)
        answering = tuple(self.library.store.lending.answering_for(patron_id))
        names = [self._name_of(one) for one in answering] if revealed or not view.is_sealed(self.library.policy) else []
        return Statement(
            patron=patron_id,
            library=self.library.agency,
            library_name=self.name,
            day=today,
            letter="goes" if isinstance(envelope, Letter) else envelope,
            name=self._name(view),
            envelope=envelope.lines if isinstance(envelope, Letter) else None,
            revealed=revealed,
            loans=tuple(DemandedLoan(one.due, one.days_late(today), one.title, one.lost) for one in owing.demanded),
            owed=tuple(_owed(one) for one in owing.owed),
            total_oere=owing.total_oere,
            note_to_patron=view.local.note_to_patron,
            responsible_registered=bool(answering),
            responsibles=answering,
            responsible_names=tuple(name for name in names if name is not None),
            language=letter_language(view.local.language),
        )


def _owed(owed: Owed) -> OwedAmount:
    is_of_loan = bool(owed.loan_title or owed.due)
    loan = OwedLoan(owed.loan_title, owed.due, owed.lost) if is_of_loan else None
    return OwedAmount(owed.raised, owed.kind, owed.title, owed.oere, loan)


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """Whether one of the net media is open to the patron."""

    product: str
    answer: RightByRule


@dataclass(frozen=True, slots=True)
class Borrower:
    """All that a self-service machine or a website learns of a patron: no name, address, number or reason."""

    may_borrow: bool
    blocked: bool
    #: the group of the library's ages, such as `child`; None: nobody knows the age, or no group follows it
    age_class: str | None
    rights: tuple[RightAnswer, ...]


def describe_borrower(library: Library, patron_id: str) -> Borrower:
    """Whether they may borrow, and their rights. Raises BadInput if there is no such patron, or they have left."""
    policy, today = library.policy, library.clock.today()
    view = living_view_of(library.store, patron_id)
    _, standing = _standing_of(library, view, today)
    borrows = may_borrow(standing, policy, on=today)
    facts = right_facts(view.patron, view.local, stage=view.stage)
    return Borrower(
        may_borrow=borrows.allowed,
        blocked=BorrowRule.BLOCKED in borrows.rules,
        age_class=None if standing.born is None else policy.ladders.group_on(standing.born, today),
        rights=tuple(RightAnswer(one.product, one.answer) for one in rights_of(facts, policy, today)),
    )


def _standing_of(library: Library, view: PatronView, today: date) -> tuple[Owing, Standing]:
    owing, leaving = library.store.lending.owing(view.patron.id, today), view.stage is not Stage.ACTIVE
    standing = standing_of(
        view.patron, view.local, library.policy, on=today, debt_oere=owing.total_oere, leaving=leaving
    )
    return owing, standing
