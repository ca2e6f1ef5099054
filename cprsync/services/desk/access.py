"""Admits what people do with other people's data, before it is done; and lets others look at it afterwards.

The audit has each attempt first, refused or not: without an audit nothing is asked. The rules are in
`domain.desk.access`. Leaves out who may open which page: see `domain.desk.roles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from cprsync.domain.desk.access import (
    DEFAULT_CAPS,
    NOT_FOUND_MOST,
    WAITS_FOR_SECOND,
    AttemptOutcome,
    Closeness,
    Doing,
    Rule,
    is_overdue,
    may_check,
)
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.person.person import SILENT, Gap
from cprsync.domain.person.sealed import is_same_family
from cprsync.errors import AccessRefused, BadInput, NoSuchPerson, SecondPersonNeeded
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.register import Found
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.desk.access import Caps
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.ports.access import Admission, Attempted
    from cprsync.services.ports.register import CivilRegister, NotFound
    from cprsync.services.ports.store import Store

#: Why something is refused, by the rule. The error's kind ends in the rule.
_REFUSED: Final[Mapping[Rule, str]] = {
    Rule.STOPPED: "you are stopped: {most} look-ups in a row found nobody",
    Rule.HOUR: "you have made {most} look-ups within the last hour: the library's limit",
    Rule.DAY: "you have made {most} look-ups today: the library's limit",
    Rule.STRANGERS: "you have looked up {most} people today who did not become patrons: the library's limit",
    Rule.REASON_OWED: "you have looked up somebody who did not become a patron: say why first",
}
_SECOND: Final = "about you, your household or somebody watched: a supervisor has to sign for number {attempt}"


def ask_register_about(
    store: Store, register: CivilRegister, wanted: WantedAccess, number: CprNumber, caps: Caps
) -> Found | NotFound:
    """Make one look-up: admitted and in the audit before the call, and with what came of it after.

    Raises:
        AccessRefused: a rule refuses it; the register was not asked.
        SecondPersonNeeded: the same, until a second person signs. Or the answer shows a person of the user's own
            household; then it is withheld.
    """
    admission = _admitted(store, wanted, caps)
    (answer,) = register.look_up_many([number])
    if not isinstance(answer, Found):
        came = AttemptOutcome.NOT_FOUND if isinstance(answer.error, NoSuchPerson) else AttemptOutcome.FAILED
        store.access.note(admission.seq, came, user=wanted.user)
        return answer
    store.access.note(admission.seq, AttemptOutcome.FOUND, user=wanted.user)
    _look_at_answer(store, wanted, admission, answer.person)
    return answer


def make_sure_that_may(store: Store, doing: Doing, patron_id: str, *, what: str, user: str) -> None:
    """Refuse what somebody may not do with a patron's data, or may not do alone. Raises as `ask_register_about`.

    `what`: names the one thing that is done, such as a field. A second person signs for that alone.
    """
    _admitted(store, WantedAccess(user, doing, what, patron_id), DEFAULT_CAPS)


def _admitted(store: Store, wanted: WantedAccess, caps: Caps) -> Admission:
    admission = store.access.admit(wanted, caps)
    if admission.refused is Rule.SECOND:
        raise SecondPersonNeeded(_SECOND, attempt=admission.seq)
    if (rule := admission.refused) is not None:
        raise AccessRefused(_REFUSED[rule], most=_limit(rule, caps), kind=f"access.{rule.value}")
    return admission


def _limit(rule: Rule, caps: Caps) -> int:
    limits = {Rule.HOUR: caps.an_hour, Rule.DAY: caps.a_day, Rule.STRANGERS: caps.strangers_a_day}
    return limits.get(rule, NOT_FOUND_MOST)


def _look_at_answer(store: Store, wanted: WantedAccess, admission: Admission, person: Person) -> None:
    """What only the answer shows: that the person lives with the user, or has their family name."""
    own = None if wanted.user == SERVICE else admission.own
    if own is None or own == wanted.patron_id:
        return
    ours = next(iter(store.patrons.read([own])), None)
    if ours is not None and _is_same_family(ours.register, person):
        store.access.note(admission.seq, AttemptOutcome.FAMILY, user=wanted.user)
    at_home = person.address is not SILENT and store.access.is_at_home_of(own, person.address)
    if at_home and not admission.is_signed:
        store.access.note(admission.seq, AttemptOutcome.WITHHELD, user=wanted.user)
        raise SecondPersonNeeded(_SECOND, attempt=admission.seq)


def _is_same_family(one: Person, other: Person) -> bool:
    if isinstance(one.name, Gap) or isinstance(other.name, Gap):
        return False
    return is_same_family(one.name, other.name)


# -- afterwards --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListedAttempt:
    """One look-up that a person has to look at. It says whose data it was about by the patron number alone."""

    number: int
    at: datetime
    user: str
    doing: str
    purpose: str
    patron: str | None
    why: Literal["second", "family", "stranger", "drawn"]
    #: why the person did not become a patron; "": nobody has said it, or it was not asked for
    reason: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """What somebody may not do alone. It does not say whose data it is about."""

    number: int
    at: datetime
    user: str
    doing: str
    what: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Requests:
    """What waits for a second person, the oldest first."""

    requests: tuple[ListedRequest, ...]


@dataclass(frozen=True, slots=True)
class OpenLooks:
    """A user's own look-ups that owe a reason."""

    open_: tuple[ListedAttempt, ...]


@dataclass(frozen=True, slots=True)
class Checks:
    """What supervisors look at: who is stopped, who reached a cap today, and the samples, the oldest first."""

    stopped: tuple[str, ...]
    capped: tuple[str, ...]
    samples: tuple[ListedAttempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUp:
    """All that the rules of access hold up: what a user owes a reason for, and what waits for others."""

    agency: str
    stopped: tuple[str, ...]
    capped: tuple[str, ...]
    open_: tuple[ListedAttempt, ...]
    samples: tuple[ListedAttempt, ...]
    requests: tuple[ListedRequest, ...]
    #: how many numbers a second person signs for
    watched: int


@dataclass(frozen=True, slots=True)
class Signed:
    """It was signed for."""

    number: int
    signed: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Explained:
    """The reason is kept."""

    number: int
    explained: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found is kept."""

    number: int
    in_order: bool


@dataclass(frozen=True, slots=True)
class Lifted:
    """The user may go on."""

    user: str
    lifted: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Watched:
    """Whether a second person signs for look-ups of the number from now on."""

    outcome: Literal["watched", "unwatched", "unchanged"]


def sign_attempt(store: Store, seq: int, *, by: str, now: datetime) -> Signed:
    """Sign for what somebody else was refused, at their screen or at one's own. It holds for `SIGNED_FOR`, once.

    It holds for that one thing with that one person's data.

    Raises BadInput: there is no such attempt, it is too old, or it is the person's own; nothing is written.
    """
    attempt = store.access.attempt(seq)
    if attempt is None or now - attempt.at > WAITS_FOR_SECOND or not attempt.needs_second:
        raise BadInput("nothing waits for a signature under that number", kind="access.unknown")
    if not may_second(store, by, attempt.user):
        raise BadInput("nobody signs for themselves: another supervisor has to", kind="access.own")
    store.access.sign(seq, by=by)
    return Signed(seq)


def may_second(store: Store, checker: str, by: str) -> bool:
    """Whether somebody is another person than the one who acted, as far as the program can know."""
    return may_check(checker, by) and not store.access.have_one_record(checker, by)


def list_requests(store: Store, *, user: str, now: datetime) -> Requests:
    """What waits for a second person's signature, as `user` sees it: `is_own` says that they may not sign."""
    waiting = store.access.requests(since=now - WAITS_FOR_SECOND)
    return Requests(
        tuple(
            ListedRequest(one.seq, one.at, one.user, one.doing, one.purpose, not may_second(store, user, one.user))
            for one in waiting
        )
    )


@dataclass(frozen=True, slots=True)
class WaitingForSupervisor:
    """How many samples and requests for a signature wait that a user may see to: none of their own."""

    samples: int
    requests: int


def count_for_supervisor(store: Store, *, user: str, now: datetime) -> WaitingForSupervisor:
    """Count what waits for a supervisor."""
    requests = list_requests(store, user=user, now=now).requests
    return WaitingForSupervisor(store.access.count_samples(but=user), sum(not one.is_own for one in requests))


def is_signed(store: Store, seq: int) -> bool:
    """Whether a second person has signed for an attempt, and it was not made yet."""
    attempt = store.access.attempt(seq)
    return (
        attempt is not None
        and AttemptOutcome.SIGNED in attempt.outcomes
        and AttemptOutcome.USED not in attempt.outcomes
    )


def explain_look_up(store: Store, seq: int, *, user: str, reason: str) -> Explained:
    """Say why somebody who was looked up did not become a patron. It becomes a sample.

    Raises BadInput: it is no look-up of the user's, or the reason cannot be kept; nothing is written.
    """
    why = demanded_reason(reason, of="say why the person did not become a patron")
    attempt = store.access.attempt(seq)
    if attempt is None or attempt.user != user or not attempt.is_stranger:
        raise BadInput("you have made no such look-up", kind="access.unknown")
    store.access.explain(seq, user=user, reason=why)
    return Explained(seq)


def check_sample(store: Store, seq: int, *, is_in_order: bool, by: str, reason: str) -> Checked:
    """Write what a supervisor found of a sample.

    Raises BadInput: it is no sample that waits, or the supervisor's own; nothing is written.
    """
    why = demanded_reason(reason, of="say what you found")
    sample = next((one for one in store.access.samples() if one.seq == seq), None)
    if sample is None:
        raise BadInput("no sample waits under that number", kind="access.unknown")
    if not may_second(store, by, sample.user):
        raise BadInput("nobody looks at their own samples: another supervisor has to", kind="access.own")
    store.access.check(seq, AttemptOutcome.CHECKED if is_in_order else AttemptOutcome.QUESTIONED, by=by, reason=why)
    return Checked(seq, is_in_order)


def lift_stop(store: Store, user: str, *, by: str, reason: str) -> Lifted:
    """Let a user who was stopped go on.

    Raises BadInput: nobody of that name is stopped, or it is the supervisor; nothing is written.
    """
    why = demanded_reason(reason, of="say why they may go on")
    if user not in store.access.alarms().stopped:
        raise BadInput("nobody of that name is stopped", kind="access.unknown")
    if not may_second(store, by, user):
        raise BadInput("nobody lifts their own stop: another supervisor has to", kind="access.own")
    store.access.lift(user, by=by, reason=why)
    return Lifted(user)


def watch_number(store: Store, number: CprNumber, *, ends: bool, user: str) -> Watched:
    """Let a second person sign for each look-up of a number, or end that."""
    changed = store.access.unwatch(number, user=user) if ends else store.access.watch(number, user=user)
    if not changed:
        return Watched("unchanged")
    return Watched("unwatched" if ends else "watched")


def list_open_looks(store: Store, *, user: str, now: datetime) -> OpenLooks:
    """The user's own look-ups of people who did not become patrons, and of which they have not said why."""
    return OpenLooks(tuple(_listed(one, now) for one in store.access.open_looks(user)))


def list_checks(store: Store, *, now: datetime) -> Checks:
    """What supervisors look at, their own samples included."""
    alarms = store.access.alarms()
    return Checks(alarms.stopped, alarms.capped, tuple(_listed(one, now) for one in store.access.samples()))


def list_held_up(store: Store, *, agency: str, user: str, now: datetime) -> HeldUp:
    """All that the rules of access hold up, for `user`."""
    checks = list_checks(store, now=now)
    return HeldUp(
        agency=agency,
        stopped=checks.stopped,
        capped=checks.capped,
        open_=list_open_looks(store, user=user, now=now).open_,
        samples=checks.samples,
        requests=list_requests(store, user=user, now=now).requests,
        watched=store.access.watched(),
    )


def _listed(attempt: Attempted, now: datetime) -> ListedAttempt:
    return ListedAttempt(
        number=attempt.seq,
        at=attempt.at,
        user=attempt.user,
        doing=attempt.doing,
        purpose=attempt.purpose,
        patron=attempt.patron_id,
        why=_why_sampled(attempt),
        reason=attempt.reason,
        overdue=is_overdue(attempt.at, now),
    )


def _why_sampled(attempt: Attempted) -> Literal["second", "family", "stranger", "drawn"]:
    if attempt.closeness - {Closeness.FAMILY}:
        return "second"
    if AttemptOutcome.FAMILY in attempt.outcomes:
        return "family"
    return "stranger" if attempt.is_stranger and AttemptOutcome.RECORDED not in attempt.outcomes else "drawn"
