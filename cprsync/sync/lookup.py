"""One look-up at the desk: asked with a purpose, audited before the call, decided by the same `decide`.

Without `register` nothing but the audit is written. Leaves out who may ask, and how often.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.age import LeapDay, differs_from_number
from cprsync.domain.calendar import last_loaded
from cprsync.domain.decide import Change, Decision, Parked, Same, Unchanged
from cprsync.domain.household import shut_address
from cprsync.domain.leaving import Stage
from cprsync.domain.number import CprNumber
from cprsync.domain.number_change import LINKS_MAX
from cprsync.domain.patron import AsOf, Patron, Source, is_sealed
from cprsync.domain.person import SILENT, Person
from cprsync.domain.purpose import Purpose
from cprsync.domain.record import Local
from cprsync.domain.review import BIRTH_DIFFERS
from cprsync.errors import BadAnswer, BadInput, CprsyncError, LostCompare, NoSuchPerson
from cprsync.sync.showing import closed, patron_document
from cprsync.sync.steps import Step, decided, last_day_of, step_of, turns_birth
from cprsync.sync.values import CONFIRMED, Batch, Erased, NotFound, Subscribed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.person import Address
    from cprsync.domain.policy import Policy
    from cprsync.domain.sealed import SealedAddress
    from cprsync.sync.ports import Clock, Register
    from cprsync.sync.responsibles import Linked
    from cprsync.sync.showing import PatronView
    from cprsync.sync.values import Prepared

#: A patron who is not created yet has no number.
NEW = ""
OLD_NUMBER = "old_number"
#: Nothing of what was hers is there any more: it is said, since nobody could see it.
LEFT_BEFORE = "left_before"
#: What a patron comes to the desk for herself.
RETURNING = frozenset({Purpose.REGISTRATION, Purpose.RENEWAL})
#: A record that is written by someone else at the same moment is decided again this often.
TRIES = 3


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What was asked, why, and by which user of the operating system."""

    number: CprNumber
    purpose: Purpose
    user: str
    #: create or update the patron, and subscribe
    register: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What the desk writes about one patron, in one transaction."""

    number: CprNumber
    #: None: she is created
    patron_id: str | None
    batch: Batch
    user: str
    #: what the subscription call did; None: she was subscribed already
    subscribed: Subscribed | None = None
    #: the last day of that subscription; None: it has no end
    until: date | None = None
    #: the minor she is to answer for; a new record is then of someone who only answers
    answers_for: str | None = None
    leap: LeapDay = LeapDay.MARCH
    #: she is here herself: if she was leaving, she stays
    returns: bool = False


class Shown(Protocol):
    """A view that also tells whether she is subscribed."""

    @property
    def patron(self) -> Patron: ...
    @property
    def local(self) -> Local: ...
    @property
    def parked(self) -> bool: ...
    @property
    def household(self) -> bool: ...
    @property
    def since(self) -> Mapping[str, date]: ...
    @property
    def subscribed_since(self) -> date | None: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def erased(self) -> bool: ...
    @property
    def waits(self) -> Erased: ...
    @property
    def responsibles(self) -> Sequence[str]: ...


class DeskStore(Protocol):
    """What a desk needs of the store."""

    def find(self, number: CprNumber) -> str | None:
        """The patron who has this number, or had it."""
        ...

    def patron(self, patron_id: str) -> Shown | None: ...

    def left_before(self, number: CprNumber) -> bool:
        """Whether a patron who had this number was closed or erased."""
        ...

    def in_household(self, address: Address | SealedAddress, *, but: str | None) -> bool:
        """True when someone sealed for a reason of her own has this address; `but` is not counted."""
        ...

    def patrons(self, ids: Sequence[str]) -> list[Patron]: ...

    def prepare(self, after: Person) -> Prepared: ...

    def intend_at_desk(self, number: CprNumber, *, purpose: str, user: str, patron_id: str | None) -> None:
        """Commit the audit entry of a look-up that is about to be made."""
        ...

    def save_at_desk(self, entry: Entry) -> str:
        """One transaction; returns the patron's id. Raises LostCompare, and then nothing is written."""
        ...

    def responsible_links(self, patron_id: str) -> Sequence[Linked]:
        """Every link of a minor to those who answer for her, the oldest first."""
        ...

    def end_responsible(self, patron_id: str, responsible_id: str, *, user: str) -> bool:
        """End a link from today on, with its audit; False: there is none in force."""
        ...

    def ask_staff_at_desk(self, patron_id: str, kind: str, *, about: str) -> None:
        """Leave two patrons to a person, once."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """One library's ports and policy at the desk."""

    agency: str
    store: DeskStore
    register: Register
    clock: Clock
    policy: Policy

    def as_of(self) -> AsOf:
        """A look-up carries no date: it speaks of the last delivery that is loaded by now (decision 1)."""
        return AsOf(last_loaded(self.clock.now()), Source.LOOKUP)


@dataclass(frozen=True, slots=True, repr=False)
class _Heard:
    """The register's answer about the number that is hers now; no person: it does not know the number."""

    number: CprNumber
    patron_id: str | None
    person: Person | None
    is_old: bool


@dataclass(slots=True, repr=False)
class LookedUp:
    """The answer: its JSON shape, and whether a person has to go on with it."""

    document: dict[str, Any]
    parked: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class _Stranger:
    """Someone who is no patron, shown as one would be."""

    patron: Patron
    parked: bool = False
    household: bool = False
    local: Local = field(default_factory=Local)
    since: Mapping[str, date] = field(default_factory=dict)
    stage: Stage = Stage.ACTIVE
    erased: bool = False
    waits: Erased = CONFIRMED
    responsibles: Sequence[str] = ()


def look_up(desk: Desk, asked: Asked) -> LookedUp:
    """Look one person up; with `register` the patron is created or updated, and subscribed.

    Raises:
        BadInput: a replacement number, which is never sent.
        RegisterUnavailable: no answer; nothing but the audit is written.
    """
    heard = _ask(desk, asked)
    warnings = [OLD_NUMBER] if heard.is_old else []
    if heard.person is None:
        warnings.append(NoSuchPerson.kind)
        return LookedUp(_document(heard.patron_id, {}, found=False, warnings=warnings))
    if asked.register:
        return _register(desk, asked, heard, warnings)
    patron, decision, step = _decide(desk, heard.person, heard.number, heard.patron_id)
    after = step.write.after if step.write is not None else patron.register
    shown = _shown(desk, patron, after, parked=isinstance(decision, Parked))
    return _answer(decision, shown, [*warnings, *_about_birth(step)])


# -- asking ----------------------------------------------------------------------------------------------


def _ask(desk: Desk, asked: Asked) -> _Heard:
    """Ask about the number that is hers now: the record's own, or where the register's links lead a stranger."""
    number, is_old = asked.number, False
    # the number that was typed, and one look-up more at the end of each link
    for _ in range(1 + LINKS_MAX):
        patron_id = desk.store.find(number)
        if patron_id is not None:
            (patron,) = desk.store.patrons([patron_id])
            number, is_old = patron.number, is_old or patron.number != number
        if number.is_replacement:
            raise BadInput("a replacement number: the register does not know it, and it is never sent", kind="input")
        desk.store.intend_at_desk(number, purpose=asked.purpose.value, user=asked.user, patron_id=patron_id)
        (answer,) = desk.register.look_up_many([number])
        if isinstance(answer, NotFound):
            if not isinstance(answer.error, NoSuchPerson):
                raise answer.error
            return _Heard(number, patron_id, None, is_old)
        successor = answer.person.current_number
        if patron_id is not None or not isinstance(successor, CprNumber):
            return _Heard(number, patron_id, answer.person, is_old)
        number, is_old = successor, True
    raise BadAnswer("one replaced number leads to the next, and to no end")


def _decide(desk: Desk, person: Person, number: CprNumber, patron_id: str | None) -> tuple[Patron, Decision, Step]:
    patron = Patron(NEW, Person(number), None, 1) if patron_id is None else desk.store.patrons([patron_id])[0]
    decision = decided(person, patron, desk.as_of(), None)
    return patron, decision, step_of(desk, decision, person, patron, desk.as_of())


# -- registering -----------------------------------------------------------------------------------------


def _register(desk: Desk, asked: Asked, heard: _Heard, warnings: list[str]) -> LookedUp:
    """Write what the answer means, and decide again when someone else wrote her at the same moment."""
    person = heard.person
    assert person is not None  # noqa: S101 -- only called with an answer
    patron_id, subscribed, rejoins = heard.patron_id, None, False
    for left in reversed(range(TRIES)):
        patron, decision, step = _decide(desk, person, heard.number, patron_id)
        if patron_id is None and isinstance(decision, Parked):
            stranger = _stranger(desk, Patron(NEW, person, desk.as_of(), 1), parked=True)
            return _answer(decision, stranger, warnings)
        # Found first, so that no number is subscribed that does not exist; before anything is written, so that
        # nobody becomes a patron of whose changes we would not hear.
        subscribed = subscribed or _subscribe(desk, heard.number, patron_id)
        rejoins = patron_id is None and desk.store.left_before(heard.number)
        after = step.write.after if step.write is not None else patron.register
        until = last_day_of(desk, after)
        returns = asked.purpose in RETURNING
        entry = Entry(heard.number, patron_id, _batch(step), asked.user, subscribed, until, returns=returns)
        try:
            patron_id = desk.store.save_at_desk(entry)
            break
        except LostCompare:
            if not left:
                raise
            patron_id = desk.store.find(heard.number)
    told = [*warnings, *([LEFT_BEFORE] if rejoins else []), *_about_birth(step)]
    view = desk.store.patron(patron_id or NEW)
    assert view is not None  # noqa: S101 -- it was written just now
    return _answer(decision, patron_document(view, desk.policy, agency=desk.agency, on=desk.clock.today()), told)


def _subscribe(desk: Desk, number: CprNumber, patron_id: str | None) -> Subscribed | None:
    view = None if patron_id is None else desk.store.patron(patron_id)
    if view is not None and view.subscribed_since is not None:
        return None
    ((_, result),) = desk.register.subscribe_many([number])
    if isinstance(result, CprsyncError):
        raise result
    return result


def _batch(step: Step) -> Batch:
    return Batch(
        writes=[step.write] if step.write is not None else [],
        touches=[step.touch] if step.touch is not None else [],
        reviews=[step.review] if step.review is not None else [],
    )


# -- showing ---------------------------------------------------------------------------------------------


def _shown(desk: Desk, patron: Patron, after: Person, *, parked: bool) -> dict[str, Any]:
    """The stored record, and beside each field what the register says where it differs; or a stranger's."""
    heard = Patron(patron.id, after, desk.as_of(), patron.version)
    view = None if patron.id == NEW else desk.store.patron(patron.id)
    if view is None:
        return _stranger(desk, heard, parked=parked)
    # what either of the two seals is sealed in both
    sealed = is_sealed(after, silent_is_sealed=desk.policy.silent_is_sealed, parked=parked)
    stored = patron_document(_Seen(view, sealed=sealed), desk.policy, agency=desk.agency, on=desk.clock.today())
    said = _stranger(desk, heard, parked=stored["protected"])
    for name, entry in said["fields"].items():
        ours = stored["fields"][name]
        if "sealed" in entry or "sealed" in ours:
            stored["fields"][name] = closed(ours)
        elif entry["value"] != ours["value"]:
            ours["register"] = entry["value"]
    return stored | {"household": stored["household"] or said["household"]}


class _Seen:
    """A view that is shown sealed when the register's answer asks for it."""

    def __init__(self, view: PatronView, *, sealed: bool) -> None:
        self.patron, self.local, self.since, self.stage = view.patron, view.local, view.since, view.stage
        self.parked, self.household = view.parked or sealed, view.household
        self.responsibles, self.erased, self.waits = view.responsibles, view.erased, view.waits


def _stranger(desk: Desk, patron: Patron, *, parked: bool) -> dict[str, Any]:
    """Someone as the register tells of her: her address is sealed where it is a sealed patron's too."""
    said = patron.register
    shares = said.address is not SILENT and desk.store.in_household(said.address, but=patron.id)
    household = shares and not said.is_shut
    view = _Stranger(replace(patron, register=shut_address(said)) if household else patron, parked, household)
    document = patron_document(view, desk.policy, agency=desk.agency, on=desk.clock.today())
    document["fields"] = {name: entry for name, entry in document["fields"].items() if entry["owner"] == "register"}
    return document


def _about_birth(step: Step) -> list[str]:
    """What is left to a person once the answer is written: the birth date is not the number's."""
    writes = [] if step.write is None else [step.write]
    return [BIRTH_DIFFERS for write in turns_birth(writes) if differs_from_number(write.after)]


def _answer(decision: Decision, shown: Mapping[str, Any], warnings: Sequence[str]) -> LookedUp:
    actions: list[str] = []
    told = list(warnings)
    if isinstance(decision, Change):
        actions = [action.value for action in decision.actions]
    if isinstance(decision, Parked):
        told.append(decision.reason)
    elif isinstance(decision, Unchanged) and decision.why is Same.OLDER:
        told.append(Same.OLDER.value)
    if isinstance(decision, Change | Unchanged) and decision.review is not None:
        told.append(decision.review)
    document = _document(shown["patron"] or None, shown["fields"], found=True, actions=actions, warnings=told)
    told_of = {name: shown[name] for name in ("protected", "household")}
    return LookedUp(document | told_of, parked=isinstance(decision, Parked))


def _document(
    patron_id: str | None,
    fields: Mapping[str, Any],
    *,
    found: bool,
    actions: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The JSON shape of `lookup`."""
    return {
        "found": found,
        "patron": patron_id,
        "fields": dict(fields),
        "actions": list(actions),
        "warnings": list(warnings),
    }
