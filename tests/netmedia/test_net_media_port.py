"""The contract of the port to the net media, on the double in memory and on the client against the mock over TLS."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from culr_double import CulrDouble

from cprsync.domain.netmedia.account import NOWHERE, Code, CulrHolding, Effect, Identity, IdType
from cprsync.domain.netmedia.settling import Settled, Unsettled
from cprsync.errors import NetMediaUnavailable
from cprsync.mock import control
from cprsync.mock.town.culr_accounts import CulrRequest
from cprsync.wire.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.netmedia.client import SoapNetMedia
    from cprsync.services.ports.netmedia import NetMedia

pytestmark = pytest.mark.xdist_group("mock")

OURS, THEIRS = "710100", "785100"
KOEBENHAVN, AARHUS, ODENSE = "101", "751", "461"
#: The tests share one mock: each takes numbers that nobody has had.
NUMBERS = count(1)


class Side(Protocol):
    """A CULR to test on, and the way behind its back."""

    port: NetMedia

    def ledger(self) -> list[dict[str, Any]]: ...

    def writes(self, kind: str, identity: Identity, to: str | None = None) -> None: ...

    def links(self, agency: str, other: Identity, to: Identity) -> None:
        """Another system of a library's makes an account under a number of its own, for whoever has a CPR number."""
        ...

    def fails(self, code: Code | None, times: int) -> None: ...


class DoubleSide:
    def __init__(self) -> None:
        self.port = self.double = CulrDouble(OURS, unanswered_in_a_row=3)

    def ledger(self) -> list[dict[str, Any]]:
        changes = self.double.accounts.ledger
        return [{"before": change.before, "after": change.after, "operation": change.operation} for change in changes]

    def writes(self, kind: str, identity: Identity, to: str | None = None) -> None:
        self.double.accounts.carry_out(CulrRequest(f"{kind}Account", THEIRS, identity.type.value, identity.value, to))

    def links(self, agency: str, other: Identity, to: Identity) -> None:
        self.double.accounts.carry_out(
            CulrRequest("createAccount", agency, other.type.value, other.value, uid=to.value)
        )

    def fails(self, code: Code | None, times: int) -> None:
        self.double.failures += [
            NetMediaUnavailable("CULR reports a fault of its own") if code is None else code
        ] * times


FAULTS = {
    None: "culr-down",
    Code.ILLEGAL_ARGUMENT: "culr-illegal",
    Code.PROGRAM_ERROR: "culr-program",
    Code.COULD_NOT_AUTHENTICATE: "culr-credentials",
}


class MockSide:
    def __init__(self, port: SoapNetMedia, ready: dict[str, Any]) -> None:
        self.port, self.ready = port, ready
        self.known = len(control.culr(ready)["ledger"])

    def ledger(self) -> list[dict[str, Any]]:
        names = ("before", "after", "operation")
        return [{name: one[name] for name in names} for one in control.culr(self.ready)["ledger"][self.known :]]

    def writes(self, kind: str, identity: Identity, to: str | None = None) -> None:
        about = {"value": identity.value, "type": identity.type.value} | ({} if to is None else {"to": to})
        control.culr_write(self.ready, kind, THEIRS, **about)

    def links(self, agency: str, other: Identity, to: Identity) -> None:
        control.culr_write(self.ready, "create", agency, value=other.value, type=other.type.value, uid=to.value)

    def fails(self, code: Code | None, times: int) -> None:
        control.fault(self.ready, FAULTS[code], times)


@pytest.fixture(params=["double", "mock"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "double":
        return DoubleSide()
    at_mock: dict[str, Any] = request.getfixturevalue("at_mock")
    make: Callable[..., SoapNetMedia] = request.getfixturevalue("make_culr")
    # one worker: what is failed meets the calls in their order
    port = make(**at_mock, workers=1, limits=CallLimits(tries=1, unanswered_in_a_row=3))
    return MockSide(port, request.getfixturevalue("ready"))


def somebody() -> Identity:
    return Identity(IdType.CPR, f"0101{next(NUMBERS):06}")


def effect(municipality: str | None = AARHUS, *, version: int = 1, identity: Identity | None = None) -> Effect:
    who = identity or somebody()
    return Effect(who.value, version, who, municipality)


def sent(side: Side, *queues: list[Effect]) -> list[Settled | Unsettled | str]:
    """How the effects ended, in the order of their queues."""
    found = dict(side.port.send_many(queues))
    outcomes = [found[one] for queue in queues for one in queue if one in found]
    return [one if isinstance(one, Settled | Unsettled) else type(one).__name__ for one in outcomes]


def read(side: Side, identity: Identity) -> CulrHolding:
    [(_, held)] = side.port.read_many([identity])
    assert isinstance(held, CulrHolding)
    assert held.account is (identity in held.ours)
    return replace(held, ours=frozenset())


def ours(side: Side, identity: Identity) -> set[Identity]:
    [(_, held)] = side.port.read_many([identity])
    assert isinstance(held, CulrHolding)
    return set(held.ours)


# -- what is sent stands there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, KOEBENHAVN, AARHUS])
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("change", "held"),
    [
        ({}, CulrHolding(True, AARHUS, frozenset({OURS}))),
        ({"municipality": NOWHERE}, CulrHolding(True, None, frozenset({OURS}))),
        ({"gone": True}, CulrHolding(False)),
    ],
)
def test_an_account_is_as_the_last_effect_says_and_a_second_sending_changes_nothing(
    side: Side, before: str | None, known: bool, change: dict[str, Any], held: CulrHolding
) -> None:
    wanted = replace(effect(), known=known, **change)
    if before is not None:
        sent(side, [effect(before, identity=wanted.identity)])
    outcome = Settled(None if wanted.gone else wanted.municipality)
    assert sent(side, [wanted]) == [outcome]
    assert read(side, wanted.identity) == held
    changes = side.ledger()
    assert sent(side, [wanted]) == [outcome]
    assert side.ledger() == changes


def test_one_patrons_effects_come_in_their_order_and_each_changes_once(side: Side) -> None:
    who = somebody()
    queue = [effect(to, version=n, identity=who) for n, to in enumerate((KOEBENHAVN, AARHUS, NOWHERE, ODENSE), 1)]
    assert sent(side, queue) == [Settled(KOEBENHAVN), Settled(AARHUS), Settled(NOWHERE), Settled(ODENSE)]
    told = [change["after"]["municipality"] for change in side.ledger()]
    assert told == [KOEBENHAVN, AARHUS, None, ODENSE]


def test_another_number_takes_the_place_of_the_old_one_with_what_that_held(side: Side) -> None:
    old = effect(ODENSE)
    sent(side, [old])
    new = replace(effect(None), replaces=old.identity)
    assert sent(side, [new]) == [Settled(ODENSE)]
    assert (read(side, new.identity).municipality, read(side, old.identity).account) == (ODENSE, False)
    operations = [change["operation"] for change in side.ledger()]
    assert operations[-2:] == ["updateAccount", "deleteAccount"] or operations[-2:] == [
        "createAccount",
        "deleteAccount",
    ]


def test_a_number_of_the_librarys_own_is_merged_when_hers_is_known(side: Side) -> None:
    local = Identity(IdType.LOCAL, f"{next(NUMBERS):08}")
    sent(side, [effect(ODENSE, identity=local)])
    assert read(side, local) == CulrHolding(True, ODENSE, frozenset({OURS}))
    found = replace(effect(), replaces=local)
    assert sent(side, [found]) == [Settled(AARHUS)]
    assert (read(side, local), read(side, found.identity)) == (
        CulrHolding(False),
        CulrHolding(True, AARHUS, frozenset({OURS})),
    )
    assert [change["operation"] for change in side.ledger()][-2:] == ["mergePatrons", "deleteAccount"]


# -- another library ---------------------------------------------------------------------------------------------------


def test_someone_whom_another_library_has_told_of_gets_the_number_that_we_say(side: Side) -> None:
    wanted = effect()
    side.writes("create", wanted.identity, KOEBENHAVN)
    assert sent(side, [wanted]) == [Settled(AARHUS)]
    assert read(side, wanted.identity) == CulrHolding(True, AARHUS, frozenset({OURS, THEIRS}))


def test_when_we_leave_her_other_librarys_account_and_number_stay(side: Side) -> None:
    wanted = effect()
    side.writes("create", wanted.identity, KOEBENHAVN)
    sent(side, [wanted])
    side.writes("update", wanted.identity, ODENSE)
    assert sent(side, [replace(wanted, gone=True)]) == [Settled(None)]
    assert read(side, wanted.identity) == CulrHolding(False, ODENSE, frozenset({THEIRS}))


def test_an_account_that_someone_took_away_is_made_again(side: Side) -> None:
    wanted = replace(effect(), known=True)
    assert sent(side, [wanted]) == [Settled(AARHUS)]
    assert read(side, wanted.identity).account


# -- accounts beside it --------------------------------------------------------------------------------------------


def with_log_ins(side: Side) -> tuple[Effect, Identity, Identity]:
    """A patron with an account of ours under the CPR number, a card and a UNI-Login, and one of another library's."""
    wanted = effect()
    sent(side, [wanted])
    card = Identity(IdType.LOCAL, f"K-{next(NUMBERS)}")
    pupil = Identity(IdType.UNILOGIN, f"anna{next(NUMBERS)}")
    for one in (card, pupil):
        side.links(OURS, one, wanted.identity)
    side.links(THEIRS, Identity(IdType.LOCAL, f"T-{next(NUMBERS)}"), wanted.identity)
    assert ours(side, wanted.identity) == {wanted.identity, card, pupil}
    return wanted, card, pupil


@pytest.mark.parametrize("again", [False, True])
def test_when_we_leave_her_none_of_our_accounts_is_left_and_other_librarys_are(side: Side, *, again: bool) -> None:
    wanted, _, _ = with_log_ins(side)
    left = replace(wanted, gone=True, sweeps=True)
    assert sent(side, [left]) == [Settled(None)]
    if again:
        changes = side.ledger()
        assert sent(side, [left]) == [Settled(None)]
        assert side.ledger() == changes
    assert ours(side, wanted.identity) == set()
    assert read(side, wanted.identity) == CulrHolding(False, AARHUS, frozenset({THEIRS}))


def test_what_logs_in_beside_an_old_number_is_beside_the_new_one(side: Side) -> None:
    wanted, card, pupil = with_log_ins(side)
    new = replace(effect(ODENSE), replaces=wanted.identity)
    assert sent(side, [new]) == [Settled(ODENSE)]
    assert ours(side, new.identity) == {new.identity, card, pupil}
    assert ours(side, wanted.identity) == set()


def test_the_cards_that_log_in_are_the_patrons_and_a_card_goes_where_its_patron_goes(side: Side) -> None:
    wanted, card, pupil = with_log_ins(side)
    new_card = Identity(IdType.LOCAL, f"K-{next(NUMBERS)}")
    own = frozenset({new_card})
    assert sent(side, [replace(wanted, cards=own)]) == [Settled(AARHUS, cards=own)]
    assert ours(side, wanted.identity) == {wanted.identity, new_card, pupil}
    other = replace(effect(ODENSE), cards=frozenset({card, new_card}))
    assert sent(side, [other]) == [Settled(ODENSE, cards=other.cards)]
    assert ours(side, other.identity) == {other.identity, card, new_card}
    assert ours(side, wanted.identity) == {wanted.identity, pupil}
    changes = side.ledger()
    assert sent(side, [other]) == [Settled(ODENSE, cards=other.cards)]
    assert side.ledger() == changes


def test_a_card_that_must_go_goes_before_another_patron_gets_it(side: Side) -> None:
    """Both queues touch it, so that the second begins when the first has ended, however slow that is."""
    first, card, pupil = with_log_ins(side)
    second = replace(effect(ODENSE), cards=frozenset({card}))
    outcomes = sent(side, [replace(first, drops=frozenset({card}))], [second])
    assert outcomes == [Settled(AARHUS), Settled(ODENSE, cards=second.cards)]
    assert (ours(side, first.identity), ours(side, second.identity)) == (
        {first.identity, pupil},
        {second.identity, card},
    )


# -- what does not go on -----------------------------------------------------------------------------------------------


def test_a_refused_effect_holds_nobody_up(side: Side) -> None:
    """It sets a state; the next one sets another."""
    first, second = effect(KOEBENHAVN), effect()
    later = replace(second, version=2, identity=first.identity)
    side.fails(Code.ILLEGAL_ARGUMENT, 1)
    assert sent(side, [first, later], [second]) == [Unsettled(Code.ILLEGAL_ARGUMENT), Settled(AARHUS), Settled(AARHUS)]


@pytest.mark.parametrize("code", [Code.PROGRAM_ERROR, None])
def test_behind_an_effect_that_is_not_settled_her_next_one_waits_and_others_do_not(
    side: Side, code: Code | None
) -> None:
    first, other = effect(KOEBENHAVN), effect()
    later = replace(first, version=2, municipality=AARHUS)
    side.fails(code, 1)
    outcome = "NetMediaUnavailable" if code is None else Unsettled(code)
    assert sent(side, [first, later], [other]) == [outcome, Settled(AARHUS)]
    assert read(side, first.identity) == CulrHolding(False)
    assert sent(side, [first, later]) == [Settled(KOEBENHAVN), Settled(AARHUS)]


@pytest.mark.parametrize("ours", [False, True])
def test_a_repair_that_was_overtaken_by_another_library_sets_no_number(side: Side, *, ours: bool) -> None:
    first = effect(KOEBENHAVN)
    if ours:
        assert sent(side, [first]) == [Settled(KOEBENHAVN)]
    side.writes("create", first.identity)
    side.writes("update", first.identity, ODENSE)
    [ended] = sent(side, [replace(first, version=2, municipality=AARHUS, repairs=True)])
    assert isinstance(ended, Settled)
    assert ended.foreign is not None
    assert read(side, first.identity) == CulrHolding(True, ODENSE, frozenset({OURS, THEIRS}))
    assert (side.ledger()[-1]["operation"] == "updateAccount") is ours


@pytest.mark.parametrize("code", [Code.COULD_NOT_AUTHENTICATE, Code.ILLEGAL_ARGUMENT, None])
def test_once_nobody_can_be_served_nothing_more_is_begun_nor_taken(side: Side, code: Code | None) -> None:
    """A code that forbids ends it at once; without answers, or with refusals, the third in a row does."""
    begun = 1 if code is Code.COULD_NOT_AUTHENTICATE else 3
    side.fails(code, 9)
    before, taken = side.ledger(), []

    def queues() -> Iterator[list[Effect]]:
        for _ in range(50):
            taken.append(effect())
            yield [taken[-1]]

    outcomes = list(side.port.send_many(queues()))
    assert [one for one, _ in outcomes] == taken[:begun]
    last = "NetMediaUnavailable" if code is None else "Unsettled" if begun == 1 else "NetMediaRefused"
    assert type(outcomes[-1][1]).__name__ == last
    assert getattr(outcomes[-1][1], "kind", "").endswith("in_a_row") is (code is Code.ILLEGAL_ARGUMENT)
    assert len(taken) <= begun + 2
    assert side.ledger() == before


def test_readings_end_in_the_same_way(side: Side) -> None:
    side.fails(Code.COULD_NOT_AUTHENTICATE, 9)
    [(_, outcome)] = side.port.read_many(somebody() for _ in range(50))
    assert outcome == Unsettled(Code.COULD_NOT_AUTHENTICATE)


def test_queues_are_taken_as_they_are_needed(side: Side) -> None:
    taken = []

    def queues() -> Iterator[list[Effect]]:
        for _ in range(50):
            taken.append(effect())
            yield [taken[-1]]

    outcomes = side.port.send_many(queues())
    next(outcomes)
    assert len(taken) <= 2
    outcomes.close()  # type: ignore[attr-defined]  # both are generators


def test_nothing_to_send_and_nothing_to_read_is_asked_nobody(side: Side) -> None:
    side.fails(None, 1)
    assert list(side.port.send_many([])) == list(side.port.read_many([])) == []
    assert list(side.port.send_many([[]])) == []


def test_no_more_calls_are_under_way_than_the_settings_say_though_more_threads_write_them(
    make_culr: Callable[..., SoapNetMedia], at_mock: dict[str, Any], ready: dict[str, Any]
) -> None:
    latency = 0.1
    culr = make_culr(**at_mock, workers=4)
    # the connections are there before the time counts
    list(culr.read_many(somebody() for _ in range(20)))
    control.culr_latency(ready, latency)
    try:
        begun = time.monotonic()
        answers = list(culr.read_many(somebody() for _ in range(10)))
    finally:
        control.culr_latency(ready, 0)
    # five at a time would need two answers after each other
    assert time.monotonic() - begun >= 3 * latency
    assert [held for _, held in answers] == [CulrHolding(account=False)] * 10
