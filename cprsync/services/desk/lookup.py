"""Makes one look-up at the desk.

The user gives a purpose, the audit has it before the call, and the same `decide` as a night's decides. Writes nothing
but the audit, and a new protection of a patron: see `registering` for the other writes. Who may ask, and how often, is
in `access`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.decide import (
    Change,
    Decision,
    Parked,
    Unchanged,
    WhyUnchanged,
    protective_part_while_parked,
)
from cprsync.domain.deciding.number_change import LINKS_MAX
from cprsync.domain.deciding.reviews import birth_match_changes
from cprsync.domain.desk.access import DEFAULT_CAPS, Doing
from cprsync.domain.desk.arrival import Arrival, comes_of_age
from cprsync.domain.desk.registering import OLD_NUMBER, UNKNOWN_NUMBER, warning_of, warnings_about
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import AsOf, Patron, PatronKind, is_sealed, may_make_borrower, seal_address
from cprsync.domain.patron.provisional import Differs, find_differences
from cprsync.domain.person.age import differs_from_number
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import REPLACED, SILENT, Person, Protection
from cprsync.domain.person.sealed import Address
from cprsync.errors import BadAnswer, BadInput, CprsyncError, NoSuchPerson, RegisterUnavailable
from cprsync.services.desk.access import ask_register_about
from cprsync.services.desk.showing import closed, patron_document, warning_documents
from cprsync.services.planning.steps import (
    Evidence,
    Step,
    as_of_lookup,
    question_left_by,
    step_of,
    window_closed_by,
    write_protection,
)
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.desk import PersonView
from cprsync.services.ports.patrons import no_such_patron, write_again_if_lost
from cprsync.services.ports.register import NotFound, Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cprsync.domain.desk.access import Caps
    from cprsync.domain.desk.confirming import DeskWarning
    from cprsync.domain.patron.patron import Purpose
    from cprsync.domain.person.person import Silent
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.register import CivilRegister, Subscribed
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store

#: A patron who is not created yet has no number.
NEW = ""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What was asked, why, and by which user of the operating system."""

    number: CprNumber
    purpose: Purpose
    user: str
    #: who has the number, as they were read just now; None: it has to be found out
    patron: Patron | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One library's ports and policy at the desk."""

    agency: str
    store: Store
    register: CivilRegister
    clock: Clock
    policy: Policy
    #: how often one person may look somebody up
    caps: Caps = DEFAULT_CAPS
    #: tells others of a patron whom a look-up has protected: nobody has to say yes, so no caller learns of it
    publish: Callable[[str], object] = lambda _: None

    def document(self, view: PersonView) -> dict[str, Any]:
        """The JSON shape of a record or of a person, as anyone at the desk may see it today."""
        return patron_document(view, self.policy, agency=self.agency, on=self.clock.today())


@dataclass(frozen=True, slots=True, repr=False)
class RegisterAnswer:
    """The register's answer about the number that is in force now. `person` None: it does not know the number."""

    number: CprNumber
    patron_id: str | None
    person: Person | None
    is_old: bool


@dataclass(frozen=True, slots=True, repr=False)
class LookedUp:
    """The answer in its JSON shape, and whether staff must decide it."""

    document: dict[str, Any]
    parked: bool = False


def look_up(desk: Desk, asked: Asked) -> LookedUp:
    """Look one person up. Write nothing but the audit, and a new protection.

    Raises:
        BadInput: the number is impossible or a replacement number; neither is ever sent.
        RegisterUnavailable: no answer; nothing but the audit is written.
    """
    heard = ask_register(desk, asked)
    if heard.person is None:
        return LookedUp(unknown_document(heard))
    with desk.store.at_one_moment():
        one = decide_at_desk(desk, asked, heard.person, heard)
        shown = shown_record(desk, heard, one)
        arrival = arrival_of(desk, asked, heard, one, household=shown["household"])
    document = lookup_document(shown, one, warnings_about(arrival, writes=False))
    return LookedUp(document, parked=one.parked is not None)


def ask_register(desk: Desk, asked: Asked, *, again: bool = False) -> RegisterAnswer:
    """Ask about the number that is in force now.

    For a patron it is the record's number. For someone new, the register's links are followed from the typed number.
    `again`: the answer that was shown has become too old; it is the same case. A patron with a protection that the
    record lacks is protected at once.

    Raises AccessRefused: the user may not look the person up, or not alone; the register was not asked.
    """
    number, is_old = asked.number, False
    refuse_what_is_never_sent(number)
    # one look-up for the typed number, and one for the end of each link
    for place in range(1 + LINKS_MAX):
        read = asked.patron if place == 0 and not again else None
        patron = desk.store.patrons.with_number(number) if read is None else read
        patron_id = None if patron is None else patron.id
        if patron is not None:
            number, is_old = patron.number, is_old or patron.number != number
            refuse_what_is_never_sent(number)
        follows = again or place > 0
        wanted = WantedAccess(asked.user, Doing.LOOK_UP, asked.purpose.value, patron_id, number, follows=follows)
        answer = ask_register_about(desk.store, desk.register, wanted, number, desk.caps)
        if isinstance(answer, NotFound):
            if not isinstance(answer.error, NoSuchPerson):
                raise answer.error
            return RegisterAnswer(number, patron_id, None, is_old)
        successor = answer.person.current_number
        if patron_id is not None:
            _protect(desk, patron_id, answer.person, user=asked.user)
        if patron_id is not None or not isinstance(successor, CprNumber):
            return RegisterAnswer(number, patron_id, answer.person, is_old)
        number, is_old = successor, True
    raise BadAnswer("the replaced numbers lead from one to the next without end")


def _protect(desk: Desk, patron_id: str, person: Person, *, user: str) -> None:
    """Write a protection that the answer tells of, whether or not anybody says yes to the rest (decision 3).

    If not, colleagues would see name and address until the next delivery tells of it.
    """
    if person.protection is not Protection.NAME_AND_ADDRESS:
        return
    as_of, told = as_of_lookup(desk), Person(person.number, protection=person.protection)

    def write() -> bool:
        for patron in desk.store.patrons.read([patron_id]):
            is_older = patron.as_of is not None and as_of.day < patron.as_of.day
            change = None if is_older else protective_part_while_parked(told, patron)
            if change is not None:
                desk.store.desk.protect(write_protection(desk, change, patron, as_of), user=user)
                return True
        return False

    if write_again_if_lost(write):
        desk.publish(patron_id)


def refuse_what_is_never_sent(number: CprNumber) -> None:
    """Refuse a number that the register cannot know. Raises BadInput, which does not quote it."""
    if number.is_replacement:
        raise BadInput("a replacement number: the register does not know it, and it is never sent", kind="input")
    if not number.is_possible:
        raise BadInput("not a CPR number: there is no such date as the one in it", kind="input.number")


@dataclass(frozen=True, slots=True, repr=False)
class DecidedAtDesk:
    """What an answer means for one record, or for a new person."""

    patron: Patron
    decision: Decision
    step: Step
    #: the patron as stored; None: the person is new
    view: PatronView | None
    #: the day that the answer describes
    as_of: AsOf

    @property
    def after(self) -> Person:
        """The register's part of the record after the write."""
        return self.step.write.after if self.step.write is not None else self.patron.register

    @property
    def parked(self) -> str | None:
        """Why the answer cannot be decided; None: it is decided."""
        return self.decision.reason if isinstance(self.decision, Parked) else None

    @property
    def actions(self) -> list[str]:
        return [action.value for action in self.decision.actions] if isinstance(self.decision, Change) else []


def decide_at_desk(desk: Desk, asked: Asked, person: Person, heard: RegisterAnswer) -> DecidedAtDesk:
    """Decide as a night does, on the record as stored now."""
    known = None if heard.patron_id is None else desk.store.views.decided_on(heard.patron_id)
    if heard.patron_id is not None and known is None:
        # they have left since the register was asked
        raise no_such_patron()
    patron, view = (_somebody_new(asked, heard), None) if known is None else known
    evidence = Evidence(person, as_of_lookup(desk))
    decision = evidence.decide_on(patron)
    step = step_of(desk, decision, evidence, patron)
    verifies = window_closed_by(decision, patron, evidence.as_of)
    asks = step.asks if step.asks is not None or verifies is None else question_left_by(patron, person)
    return DecidedAtDesk(patron, decision, replace(step, asks=asks, verifies=verifies), view, evidence.as_of)


def _begins_to_differ(one: DecidedAtDesk) -> bool:
    """Whether the write makes the birth date another than the one in the number."""
    write = one.step.write
    if write is None or not birth_match_changes(write.patron.register, write.after):
        return False
    return differs_from_number(write.after)


def _somebody_new(asked: Asked, heard: RegisterAnswer) -> Patron:
    kind = PatronKind.PERSON if may_make_borrower(asked.purpose) else PatronKind.RESPONSIBLE
    return Patron(NEW, Person(heard.number), None, 1, kind=kind)


def arrival_of(desk: Desk, asked: Asked, heard: RegisterAnswer, one: DecidedAtDesk, *, household: bool) -> Arrival:
    """All the facts that a warning may be about."""
    view, today = one.view, desk.clock.today()
    after = _as_heard(heard, one)
    patron = replace(one.patron, register=after)
    silent = desk.policy.silent_is_sealed and after.protection is SILENT and not after.number.is_replacement
    return Arrival(
        patron=patron,
        purpose=asked.purpose,
        is_known=view is not None,
        stage=Stage.ACTIVE if view is None else view.stage,
        left_before=view is None and desk.store.imports.left_before(heard.number),
        kept_blocks=desk.store.kept_blocks.of(heard.number) if view is None else (),
        is_old_number=heard.is_old,
        is_answered_for=view is not None and bool(view.responsibles),
        in_household=household,
        is_named_otherwise=_is_named_otherwise(desk, view, after),
        is_sealed_by_silence=silent,
        protection_doubted=isinstance(one.decision, Change | Unchanged) and one.decision.ask_again,
        is_older=isinstance(one.decision, Unchanged) and one.decision.why is WhyUnchanged.OLDER,
        changes_birth_date=_begins_to_differ(one),
        parked=one.parked,
        of_age=comes_of_age(patron, today, desk.policy.ladders.leap),
        today=today,
    )


def _is_named_otherwise(desk: Desk, view: PatronView | None, after: Person) -> bool:
    if view is None or view.said_since is None or after.is_shut:
        return False
    said = desk.store.provisional.said_by([view.patron.id]).get(view.patron.id)
    return said is not None and Differs.NAME in find_differences(said, after)


def _as_heard(heard: RegisterAnswer, one: DecidedAtDesk) -> Person:
    """The person to show. For a new person who cannot be decided, it is the register's answer alone."""
    if one.view is None and one.parked is not None and heard.person is not None:
        return heard.person
    return one.after


def _shown(desk: Desk, one: DecidedAtDesk, after: Person) -> dict[str, Any]:
    """The stored record with the register's value beside each field that differs; or a new person's fields."""
    heard = Patron(one.patron.id, after, one.as_of, one.patron.version)
    if one.view is None:
        return _stranger(desk, heard, parked=False)
    # a field that is sealed in one of the two is sealed in both
    sealed = is_sealed(after, silent_is_sealed=desk.policy.silent_is_sealed, parked=one.parked is not None)
    seen = replace(_as_named(one.view, after), parked=one.view.parked or sealed)
    stored = desk.document(seen)
    said = _stranger(desk, heard, parked=stored["protected"], open_at=one.view.patron.register.address)
    for name, entry in said["fields"].items():
        ours = stored["fields"][name]
        if "sealed" in entry or "sealed" in ours:
            stored["fields"][name] = closed(ours)
        elif entry["value"] != ours["value"]:
            ours["register"] = entry["value"]
    return stored | {"household": stored["household"] or said["household"]}


def _as_named(view: PatronView, after: Person) -> PatronView:
    """The stored record, hidden no longer because no source has spoken: the answer says whether it is protected."""
    if view.is_provisional and after.name is not SILENT:
        view = replace(view, said_since=None)
    if view.patron.is_known:
        return view
    return replace(
        view, patron=replace(view.patron, register=replace(view.patron.register, protection=after.protection))
    )


def _stranger(
    desk: Desk, patron: Patron, *, parked: bool, open_at: Address | SealedAddress | Silent = SILENT
) -> dict[str, Any]:
    """Show a person as the register describes them. Seal their address if a sealed patron lives there too.

    `open_at`: the address of the patron's record as it was opened just now. It is sealed if such a patron lives there,
    so the same address again, and open, need not be asked about twice.
    """
    said = patron.register
    is_known_open = isinstance(open_at, Address) and said.address == open_at
    shares = (
        said.address is not SILENT and not is_known_open and desk.store.views.in_household(said.address, but=patron.id)
    )
    household = shares and not said.is_shut
    shown = replace(patron, register=seal_address(said)) if household else patron
    view = PersonView(patron=shown, parked=parked, household=household)
    document = desk.document(view)
    document["fields"] = {name: entry for name, entry in document["fields"].items() if entry["owner"] == "register"}
    return document


def show_person(desk: Desk, person: Person) -> dict[str, Any]:
    """Show a person of the register who has no record of ours."""
    return _stranger(desk, Patron(NEW, person, as_of_lookup(desk), 1), parked=False)


def shown_record(desk: Desk, heard: RegisterAnswer, one: DecidedAtDesk) -> dict[str, Any]:
    """Show the record as it would be after the write, or a new person."""
    after = _as_heard(heard, one)
    if one.view is None and one.parked is not None:
        return _stranger(desk, Patron(NEW, after, one.as_of, 1), parked=True)
    return _shown(desk, one, after)


def unknown_document(heard: RegisterAnswer) -> dict[str, Any]:
    """The JSON shape of `lookup` where the register does not know the number."""
    return {
        "found": False,
        "patron": heard.patron_id,
        "fields": {},
        "actions": [],
        "warnings": warning_documents(unknown_warnings(heard)),
    }


def unknown_warnings(heard: RegisterAnswer) -> tuple[DeskWarning, ...]:
    """The warnings about a number that the register does not know."""
    return (*((warning_of(OLD_NUMBER),) if heard.is_old else ()), UNKNOWN_NUMBER)


def lookup_document(shown: Mapping[str, Any], one: DecidedAtDesk, warnings: Sequence[DeskWarning]) -> dict[str, Any]:
    """The JSON shape of `lookup`."""
    return {
        "found": True,
        "patron": shown["patron"] or None,
        "fields": dict(shown["fields"]),
        "actions": one.actions,
        "warnings": warning_documents(warnings),
        "protected": shown["protected"],
        "sealed_by": shown["sealed_by"],
        "household": shown["household"],
    }


def read_patron(store: Store, patron_id: str) -> Patron:
    """Return the patron with this number. Raises BadInput if nobody has it."""
    patrons = store.patrons.read([patron_id])
    if not patrons:
        raise no_such_patron()
    return patrons[0]


def ask_about(desk: Desk, number: CprNumber, wanted: WantedAccess) -> Person | None:
    """Return the person who has this number. None: the register does not answer now.

    Raises:
        AccessRefused: the user may not look the person up, or not alone.
        BadInput: the register has replaced the number.
        NoSuchPerson: the register does not know the number.
    """
    answer = ask_register_about(desk.store, desk.register, wanted, number, desk.caps)
    if isinstance(answer, NotFound):
        if isinstance(answer.error, RegisterUnavailable):
            return None
        raise answer.error
    if answer.person.status in REPLACED:
        raise BadInput("the register has replaced that number: ask for the new one", kind="number.replaced")
    return answer.person


def subscribe_to(desk: Desk, number: CprNumber) -> Subscribed | None:
    """Subscribe to the number. None: the register does not answer now, and the night subscribes later."""
    ((_, result),) = desk.register.subscribe_many([number])
    if isinstance(result, RegisterUnavailable):
        return None
    if isinstance(result, CprsyncError):
        raise result
    return result
