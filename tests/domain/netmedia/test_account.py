"""Accounts in CULR: whatever was there before, and whichever answer is lost, each ends as its effect says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from culr_model import OURS, Culr
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.netmedia.account import (
    ATTEMPTS,
    FORBIDDEN,
    NOWHERE,
    REFUSED,
    AccountCall,
    Code,
    CulrHolding,
    Effect,
    Identity,
    IdType,
    Operation,
    Reply,
    card_accounts,
    identity_of,
    is_given_up,
    without_older_numbers,
)
from cprsync.domain.netmedia.settling import DELETED_MAX, Settled, Unsettled, settle_effect
from cprsync.domain.person.number import CprNumber

if TYPE_CHECKING:
    from collections.abc import Iterator

CPR = Identity(IdType.CPR, "0101019995")
OTHER = Identity(IdType.CPR, "0201019996")
LOCAL = Identity(IdType.LOCAL, "12345678")
CARD, OTHER_CARD = Identity(IdType.LOCAL, "A-1"), Identity(IdType.LOCAL, "A-2")
PUPIL = Identity(IdType.UNILOGIN, "anna123x")
KOEBENHAVN, AARHUS = "101", "751"
MOST_CALLS = 10


def played(culr: Culr, effect: Effect, *, lost: int = 0, most: int = MOST_CALLS + 8) -> Settled | Unsettled | None:
    """Settle one effect; None: the answer of call number `lost` did not come."""
    calls = settle_effect(effect, agency=OURS)
    call = next(calls)
    for number in range(1, most + 1):
        reply = culr.answer(call)
        if number == lost:
            return None
        try:
            call = calls.send(reply)
        except StopIteration as ended:
            outcome: Settled | Unsettled = ended.value
            return outcome
    raise AssertionError("more calls than an effect may take")


def answered(wanted: Effect, *replies: Reply) -> Settled | Unsettled:
    calls = settle_effect(wanted, agency=OURS)
    next(calls)
    try:
        for reply in replies:
            calls.send(reply)
    except StopIteration as ended:
        outcome: Settled | Unsettled = ended.value
        return outcome
    raise AssertionError("more calls than replies")


OK, MISSING, EXISTS = (Reply(code) for code in (Code.OK, Code.MISSING, Code.EXISTS))
TAKEN = Reply(Code.TRANSACTION_ERROR)
THERE, NOT_THERE = (Reply(Code.OK, CulrHolding(account=account)) for account in (True, False))
RIGHT = Reply(Code.OK, CulrHolding(account=True, municipality=AARHUS))


def culr_with(*ours: Identity, municipality: str | None = None, foreign: bool = False) -> Culr:
    culr = Culr(set(ours), set(ours) if foreign else set())
    culr.municipality |= dict.fromkeys(ours, municipality) if municipality else {}
    return culr


def effect(municipality: str | None = AARHUS, *, identity: Identity = CPR, known: bool = False) -> Effect:
    return Effect("12345678", 2, identity, municipality, known=known)


def worlds() -> Iterator[Culr]:
    for ours in ((), (CPR,), (OTHER,), (LOCAL,), (CPR, OTHER), (CPR, LOCAL)):
        for municipality in (None, KOEBENHAVN, AARHUS):
            for foreign in (False, True):
                yield culr_with(*ours, municipality=municipality, foreign=foreign)


EFFECTS = [
    effect(),
    effect(known=True),
    effect(NOWHERE),
    effect(NOWHERE, known=True),
    replace(effect(), gone=True),
    replace(effect(), replaces=OTHER),
    replace(effect(None), replaces=OTHER),
    replace(effect(), replaces=LOCAL),
    replace(effect(NOWHERE), replaces=OTHER),
]


# -- what an effect leaves behind ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", EFFECTS, ids=range(len(EFFECTS)))
def test_an_effect_leaves_the_state_it_names_whatever_was_there_and_whichever_answer_is_lost(wanted: Effect) -> None:
    for number, before in enumerate(worlds()):
        kept = before.holds(OTHER) if OTHER in before.ours else before.holds(CPR)
        for lost in range(MOST_CALLS):
            culr = list(worlds())[number]
            if lost:
                played(culr, wanted, lost=lost)
            assert isinstance(played(culr, wanted), Settled)
            assert (CPR in culr.ours) is not wanted.gone
            if wanted.replaces is not None:
                assert wanted.replaces not in culr.ours
            if not wanted.gone and wanted.municipality is not None:
                assert (culr.holds(CPR) or NOWHERE) == wanted.municipality
            if wanted.municipality is None and lost == 0 and kept is not None:
                assert culr.holds(CPR) == kept


@pytest.mark.parametrize("identity", [CPR, LOCAL])
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("number", [None, KOEBENHAVN, AARHUS])
@pytest.mark.parametrize("ours", [False, True])
def test_a_repair_leaves_the_number_of_another_library_as_it_stands(
    identity: Identity, number: str | None, *, ours: bool, known: bool
) -> None:
    """It came between the comparison and the sending; our account is there all the same, whichever answer is lost."""
    wanted = replace(effect(identity=identity, known=known), repairs=True)
    for lost in range(MOST_CALLS):
        held = {} if number is None else {identity: number}
        culr = Culr({identity} if ours else set(), {identity}, held)
        if lost:
            played(culr, wanted, lost=lost)
        ended = played(culr, wanted)
        assert isinstance(ended, Settled)
        assert (ended.foreign is None) is (number == AARHUS)
        assert (identity in culr.ours, culr.holds(identity), culr.ledger) == (True, number, [])


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("number", [None, KOEBENHAVN, AARHUS])
@pytest.mark.parametrize("ours", [False, True])
def test_a_repair_sets_our_number_where_no_other_library_has_an_account_and_writes_what_differs_alone(
    number: str | None, *, ours: bool, known: bool
) -> None:
    culr = culr_with(*([CPR] if ours else []), municipality=number)
    assert played(culr, replace(effect(known=known), repairs=True)) == Settled(AARHUS)
    assert (CPR in culr.ours, culr.holds(CPR)) == (True, AARHUS)
    writes = [call for call in culr.calls if call.operation in {Operation.CREATE, Operation.UPDATE}]
    assert bool(writes) is not (ours and number == AARHUS)


def test_what_is_news_of_ours_is_told_whoever_else_has_an_account() -> None:
    culr = culr_with(CPR, municipality=KOEBENHAVN, foreign=True)
    assert played(culr, effect(known=True)) == Settled(AARHUS)
    assert culr.holds(CPR) == AARHUS


@given(st.lists(st.tuples(st.sampled_from(EFFECTS), st.integers(0, 4)), max_size=6))
def test_a_settled_effect_settled_again_changes_nothing(history: list[tuple[Effect, int]]) -> None:
    culr = Culr()
    for wanted, lost in history:
        if lost:
            played(culr, wanted, lost=lost)
        played(culr, wanted)
        after = (set(culr.ours), dict(culr.municipality))
        played(culr, wanted)
        assert (culr.ours, culr.municipality) == after


# -- how many calls --------------------------------------------------------------------------------------------------


def operations(culr: Culr) -> list[str]:
    return [call.operation.value for call in culr.calls]


def test_an_account_that_is_known_takes_one_call() -> None:
    culr = culr_with(CPR, municipality=KOEBENHAVN)
    assert played(culr, effect(known=True)) == Settled(AARHUS)
    assert operations(culr) == ["updateAccount"]


def test_a_new_account_is_seen_before_it_counts() -> None:
    culr = Culr()
    assert played(culr, effect()) == Settled(AARHUS)
    assert operations(culr) == ["createAccount", "getAccountFromProvider"]


def test_a_new_account_of_someone_whom_another_library_has_told_of_gets_her_number() -> None:
    """By DBC's description it is linked to the patron that is there, and only a new patron gets the number."""
    culr = Culr(foreign={CPR}, municipality={CPR: KOEBENHAVN})
    assert played(culr, effect()) == Settled(AARHUS)
    assert operations(culr) == ["createAccount", "getAccountFromProvider", "updateAccount"]
    assert culr.holds(CPR) == AARHUS


def test_an_account_that_was_known_and_has_gone_is_made_again() -> None:
    culr = Culr()
    assert played(culr, effect(known=True)) == Settled(AARHUS)
    assert operations(culr) == ["updateAccount", "createAccount", "getAccountFromProvider"]


def test_exists_counts_only_once_a_reading_has_confirmed_it() -> None:
    culr = culr_with(CPR, municipality=AARHUS)
    assert played(culr, effect()) == Settled(AARHUS)
    assert operations(culr) == ["createAccount", "getAccountFromProvider"]


def test_another_number_that_stands_there_is_overwritten() -> None:
    culr = culr_with(CPR, municipality=KOEBENHAVN)
    played(culr, effect())
    assert operations(culr) == ["createAccount", "getAccountFromProvider", "updateAccount"]


def test_a_number_change_makes_and_sees_the_new_account_before_the_old_one_goes() -> None:
    culr = culr_with(OTHER, municipality=KOEBENHAVN)
    assert played(culr, replace(effect(), replaces=OTHER)) == Settled(AARHUS)
    assert operations(culr) == [
        "getAccountsByGlobalId",
        "createAccount",
        "getAccountFromProvider",
        "deleteAccount",
    ]


def test_a_local_account_is_merged_before_it_goes() -> None:
    culr = culr_with(LOCAL, municipality=KOEBENHAVN)
    played(culr, replace(effect(), replaces=LOCAL))
    assert operations(culr) == [
        "getAccountsByLocalId",
        "createAccount",
        "getAccountFromProvider",
        "mergePatrons",
        "deleteAccount",
    ]
    assert culr.calls[3].other == LOCAL


# -- accounts beside it ----------------------------------------------------------------------------------------------


def culr_with_beside(*beside: Identity, person: Identity = CPR, account: bool = True) -> Culr:
    """A patron of ours with accounts under cards or a UNI-Login beside the own one, or with these alone."""
    culr = culr_with(*([person] if account else []), *beside, municipality=AARHUS)
    culr.linked |= dict.fromkeys(beside, person)
    return culr


def swept(identity: Identity) -> Effect:
    return replace(effect(NOWHERE, identity=identity), gone=True, sweeps=True)


@pytest.mark.parametrize("account", [True, False])
@pytest.mark.parametrize("beside", [(), (CARD,), (CARD, OTHER_CARD, PUPIL)])
def test_whoever_leaves_keeps_no_account_of_ours_and_none_that_is_not_ours_is_touched(
    beside: tuple[Identity, ...], *, account: bool
) -> None:
    for lost in range(MOST_CALLS + 4):
        culr = culr_with_beside(*beside, account=account)
        culr.ours.add(OTHER)
        culr.foreign.add(CPR)
        if lost:
            played(culr, swept(CPR), lost=lost)
        assert played(culr, swept(CPR)) == Settled(None)
        assert (culr.ours, culr.foreign) == ({OTHER}, {CPR})


def test_that_none_is_left_is_seen_by_a_reading() -> None:
    culr = culr_with_beside(CARD)
    played(culr, swept(CPR))
    assert operations(culr) == ["getAccountsByGlobalId", "deleteAccount", "deleteAccount", "getAccountsByGlobalId"]
    culr.calls.clear()
    played(culr, swept(CPR))
    assert operations(culr) == ["getAccountsByGlobalId"]


def test_an_account_that_is_still_there_leaves_the_effect_unsettled() -> None:
    there = Reply(Code.OK, CulrHolding(True, AARHUS, frozenset({OURS}), frozenset({CPR, CARD})))
    left = Reply(Code.OK, CulrHolding(False, AARHUS, frozenset({OURS}), frozenset({CARD})))
    assert answered(swept(CPR), there, OK, OK, left) == Unsettled(Code.EXISTS)


def test_a_number_of_the_librarys_own_takes_no_account_of_another_patron_along() -> None:
    culr = culr_with_beside(LOCAL, CARD)
    assert played(culr, swept(LOCAL)) == Settled(None)
    assert culr.ours == {CPR, CARD}
    alone = culr_with(LOCAL, CARD)
    alone.linked[CARD] = LOCAL
    assert played(alone, swept(LOCAL)) == Settled(None)
    assert alone.ours == set()


def test_more_accounts_than_anyone_has_are_deleted_over_several_tries() -> None:
    culr = culr_with_beside(*(Identity(IdType.LOCAL, f"{n:08}") for n in range(DELETED_MAX + 3)))
    assert played(culr, swept(CPR), most=DELETED_MAX + 5) == Unsettled(Code.EXISTS)
    assert played(culr, swept(CPR)) == Settled(None)
    assert culr.ours == set()


def test_what_logs_in_beside_an_old_number_comes_along_to_the_new_one() -> None:
    for lost in range(MOST_CALLS + 4):
        culr = culr_with_beside(CARD, PUPIL, person=OTHER)
        wanted = replace(effect(), replaces=OTHER)
        if lost:
            played(culr, wanted, lost=lost)
        assert played(culr, wanted) == Settled(AARHUS)
        assert culr.ours == {CPR, CARD, PUPIL}
        assert {culr.linked[one] for one in (CARD, PUPIL)} == {CPR}


@pytest.mark.parametrize("repairs", [True, False])
@pytest.mark.parametrize("there", [(), (CARD,), (OTHER_CARD,), (CARD, OTHER_CARD, PUPIL)])
@pytest.mark.parametrize("cards", [frozenset(), frozenset({CARD}), frozenset({CARD, OTHER_CARD})])
def test_exactly_the_patrons_cards_log_in_whichever_answer_is_lost(
    there: tuple[Identity, ...], cards: frozenset[Identity], *, repairs: bool
) -> None:
    wanted = replace(effect(), cards=cards, repairs=repairs)
    assert wanted.touches == {CPR, *cards}
    for lost in range(MOST_CALLS + 4):
        culr = culr_with_beside(*there)
        if lost:
            played(culr, wanted, lost=lost)
        assert played(culr, wanted) == Settled(AARHUS, cards=cards)
        assert {one for one in culr.ours if one.type is IdType.LOCAL} == cards
        assert (PUPIL in culr.ours) is (PUPIL in there)
        assert {culr.linked[one] for one in cards} <= {CPR}


@pytest.mark.parametrize("there", [(), (CARD,), (CARD, OTHER_CARD, PUPIL)])
def test_a_library_that_makes_no_accounts_for_cards_deletes_those_that_must_go_and_no_other(
    there: tuple[Identity, ...],
) -> None:
    wanted = replace(effect(), drops=frozenset({CARD}))
    assert wanted.touches == {CPR, CARD}
    for lost in range(MOST_CALLS):
        culr = culr_with_beside(*there)
        if lost:
            played(culr, wanted, lost=lost)
        assert played(culr, wanted) == Settled(AARHUS)
        assert culr.ours == {CPR, *there} - {CARD}


def test_a_card_that_must_go_stays_if_it_is_another_patrons_by_now() -> None:
    culr = culr_with_beside(CARD, person=OTHER)
    culr.ours.add(CPR)
    assert played(culr, replace(effect(), drops=frozenset({CARD}))) == Settled(AARHUS)
    assert CARD in culr.ours


def test_what_must_go_goes_before_anything_is_made() -> None:
    culr = culr_with_beside(CARD)
    played(culr, replace(effect(), cards=frozenset({OTHER_CARD}), drops=frozenset({CARD})))
    about = [call.operation for call in culr.calls if call.identity in {CARD, OTHER_CARD}]
    assert about == [Operation.DELETE, Operation.CREATE]


@pytest.mark.parametrize("beside", [(), (CARD, PUPIL)])
def test_cards_do_not_come_along_when_a_number_was_another_persons(beside: tuple[Identity, ...]) -> None:
    """CULR links a log-in to a CPR number alone. The patron has none any more, and is under the patron number."""
    for lost in range(MOST_CALLS + 4):
        culr = culr_with_beside(*beside, person=OTHER)
        wanted = replace(effect(identity=LOCAL), replaces=OTHER, drops=frozenset({CARD}))
        if lost:
            played(culr, wanted, lost=lost)
        assert played(culr, wanted) == Settled(AARHUS)
        assert culr.ours == {LOCAL}


def test_a_card_that_still_logs_in_leaves_the_effect_unsettled() -> None:
    there = Reply(Code.OK, CulrHolding(True, AARHUS, frozenset({OURS}), frozenset({CPR, CARD})))
    wanted = replace(effect(known=True), drops=frozenset({CARD}))
    assert answered(wanted, OK, there, OK, there) == Unsettled(Code.EXISTS)


def test_a_card_that_another_patron_had_comes_along() -> None:
    culr = culr_with_beside(CARD, person=OTHER)
    assert played(culr, replace(effect(), cards=frozenset({CARD}))) == Settled(AARHUS, cards=frozenset({CARD}))
    assert culr.linked[CARD] == CPR


def test_cards_that_are_not_looked_at_stay() -> None:
    culr = culr_with_beside(CARD)
    assert played(culr, effect(known=True)) == Settled(AARHUS)
    assert (operations(culr), culr.ours) == (["updateAccount"], {CPR, CARD})


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        pytest.param([OK, Reply(Code.PROGRAM_ERROR)], Code.PROGRAM_ERROR, id="no reading"),
        pytest.param([OK, RIGHT, Reply(Code.ILLEGAL_ARGUMENT)], Code.ILLEGAL_ARGUMENT, id="refused"),
        pytest.param([OK, RIGHT, OK, RIGHT], Code.MISSING, id="made, and not seen"),
    ],
)
def test_a_card_that_cannot_be_seen_leaves_the_effect_unsettled(replies: list[Reply], code: Code) -> None:
    assert answered(replace(effect(known=True), cards=frozenset({CARD})), *replies) == Unsettled(code)


def test_a_card_logs_in_under_its_number_but_for_a_health_card_and_a_patron_number() -> None:
    cards = ("A123", "0101019995", "010101-9995", "12345678", "0000000000", "999")
    assert card_accounts(cards, taken={"12345678"}) == {
        Identity(IdType.LOCAL, one) for one in ("A123", "0000000000", "999")
    }


# -- replies that are no success -----------------------------------------------------------------------------------

_OF_THE_CALL = {
    Operation.CREATE: effect(),
    Operation.UPDATE: effect(known=True),
    Operation.DELETE: replace(effect(), gone=True),
    Operation.MERGE: replace(effect(), replaces=LOCAL),
    Operation.READ: effect(),
    Operation.READ_GLOBAL: replace(effect(), repairs=True),
    Operation.READ_LOCAL: replace(effect(None), replaces=LOCAL),
}


@pytest.mark.parametrize(
    "code", [code for code in Code if code not in {Code.OK, Code.MISSING, Code.EXISTS, Code.TRANSACTION_ERROR}]
)
@pytest.mark.parametrize("operation", _OF_THE_CALL)
def test_a_code_that_is_no_success_ends_the_effect_with_that_code(operation: Operation, code: Code) -> None:
    culr = culr_with(LOCAL, OTHER)
    calls = settle_effect(_OF_THE_CALL[operation], agency=OURS)
    call = next(calls)
    while call.operation is not operation:
        call = calls.send(culr.answer(call))
    with pytest.raises(StopIteration) as ended:
        calls.send(Reply(code))
    assert ended.value.value == Unsettled(code)


@pytest.mark.parametrize(
    ("wanted", "replies", "code"),
    [
        pytest.param(effect(), [EXISTS, NOT_THERE], Code.MISSING, id="exists, and no reading sees it"),
        pytest.param(effect(), [EXISTS, OK], Code.UNKNOWN, id="a reading without a result"),
        pytest.param(effect(), [EXISTS, THERE, MISSING], Code.MISSING, id="gone between reading and writing"),
        pytest.param(replace(effect(), gone=True), [MISSING, THERE], Code.MISSING, id="deleted, and still seen"),
        pytest.param(replace(effect(), replaces=OTHER), [RIGHT, OK, MISSING], Code.MISSING, id="new one never seen"),
        pytest.param(
            replace(effect(), replaces=LOCAL), [RIGHT, OK, RIGHT, MISSING, THERE], Code.MISSING, id="not to merge"
        ),
        pytest.param(effect(), [TAKEN, MISSING], Code.TRANSACTION_ERROR, id="taken, and not by this account"),
        pytest.param(effect(known=True), [TAKEN], Code.TRANSACTION_ERROR, id="an update that failed"),
        pytest.param(replace(effect(), gone=True), [TAKEN], Code.TRANSACTION_ERROR, id="a deletion that failed"),
        pytest.param(
            replace(effect(), replaces=LOCAL), [RIGHT, OK, RIGHT, TAKEN], Code.TRANSACTION_ERROR, id="a merge"
        ),
        pytest.param(replace(effect(None), replaces=OTHER), [TAKEN], Code.TRANSACTION_ERROR, id="a reading"),
    ],
)
def test_replies_that_contradict_each_other_settle_nothing(wanted: Effect, replies: list[Reply], code: Code) -> None:
    assert answered(wanted, *replies) == Unsettled(code)


@pytest.mark.parametrize("said", [EXISTS, TAKEN])
def test_a_number_that_is_taken_is_settled_once_the_account_is_seen(said: Reply) -> None:
    assert answered(effect(), said, RIGHT) == Settled(AARHUS)


def test_a_code_that_forbids_is_not_one_that_a_person_can_mend_for_one_patron() -> None:
    assert not FORBIDDEN & REFUSED
    assert {Code.OK, Code.MISSING, Code.EXISTS}.isdisjoint(FORBIDDEN | REFUSED)


# -- values ----------------------------------------------------------------------------------------------------------


def test_whoever_has_no_cpr_number_stands_under_her_patron_number() -> None:
    assert identity_of(CprNumber.parse("0101019995"), "12345678") == CPR
    assert identity_of(CprNumber.parse("6101019995"), "12345678") == LOCAL
    assert identity_of(CprNumber.none_of("12345678"), "12345678") == LOCAL


def test_an_effect_that_deletes_or_empties_revokes_and_no_other_does() -> None:
    assert [one.revokes for one in (effect(), effect(None), effect(NOWHERE), replace(effect(), gone=True))] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "value",
    [CPR, effect(), AccountCall(Operation.READ, CPR), CulrHolding(True, AARHUS), Reply(Code.OK), Settled(AARHUS)],
)
def test_no_value_shows_a_number_or_a_municipality_when_printed(value: object) -> None:
    for shown in (repr(value), str(value), f"{value}"):
        assert CPR.value not in shown
        assert AARHUS not in shown


def test_what_somebody_else_has_by_now_is_settled_without_a_call() -> None:
    with pytest.raises(StopIteration) as ended:
        next(settle_effect(replace(effect(), gone=True, moot=True), agency=OURS))
    assert ended.value.value == Settled(None)


def test_an_effect_is_left_to_staff_when_culr_refuses_it_or_has_answered_too_often() -> None:
    assert is_given_up(Code.ILLEGAL_ARGUMENT, 1)
    assert not is_given_up(Code.TRANSACTION_ERROR, ATTEMPTS - 1)
    assert is_given_up(Code.TRANSACTION_ERROR, ATTEMPTS)


def test_no_number_is_set_that_the_last_effect_takes_away_again() -> None:
    """It may have waited since before a death."""
    waits = (effect(AARHUS), effect(None), replace(effect(AARHUS), gone=True), effect(NOWHERE))
    told = without_older_numbers(waits)
    assert [one.municipality for one in told] == [NOWHERE, None, AARHUS, NOWHERE]
    left = without_older_numbers((effect(AARHUS), replace(effect(None), gone=True)))
    assert [one.municipality for one in left] == [NOWHERE, None]


def test_numbers_that_only_follow_each_other_are_all_told() -> None:
    waits = (effect(KOEBENHAVN), effect(AARHUS))
    assert without_older_numbers(waits) == waits
    assert without_older_numbers(()) == ()


def waiting(*numbers: str | None) -> tuple[Effect, ...]:
    """Effects that set these numbers, with the versions 1, 2 and so on."""
    return tuple(replace(effect(number), version=version) for version, number in enumerate(numbers, start=1))


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (set(), [KOEBENHAVN, AARHUS, NOWHERE, KOEBENHAVN]),
        ({1}, [KOEBENHAVN, AARHUS, NOWHERE, KOEBENHAVN]),
        ({1, 2}, [AARHUS, AARHUS, NOWHERE, KOEBENHAVN]),
        ({1, 2, 3}, [NOWHERE, NOWHERE, NOWHERE, KOEBENHAVN]),
        ({1, 2, 3, 4}, [KOEBENHAVN, KOEBENHAVN, KOEBENHAVN, KOEBENHAVN]),
    ],
)
def test_no_older_number_is_set_after_one_that_may_have_been_sent(offered: set[int], told: list[str]) -> None:
    """A night that was killed sends them again."""
    queue = waiting(KOEBENHAVN, AARHUS, NOWHERE, KOEBENHAVN)
    assert [one.municipality for one in without_older_numbers(queue, offered=offered)] == told


def test_one_that_keeps_the_number_leaves_the_earlier_ones_alone() -> None:
    waits = waiting(KOEBENHAVN, AARHUS, None)
    assert without_older_numbers(waits, offered={1, 2, 3}) == waits


def test_before_a_deletion_that_may_have_been_sent_no_number_is_set() -> None:
    made, deleted, again = waiting(AARHUS, AARHUS, KOEBENHAVN)
    told = without_older_numbers((made, replace(deleted, gone=True), again), offered={1, 2})
    assert [one.municipality for one in told] == [NOWHERE, AARHUS, KOEBENHAVN]
