"""Each kind that is left to a person has its row, and blocks follow the status that proposes them."""

from __future__ import annotations

import ast
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import cprsync
from cprsync.domain.deciding.reviews import may_affect_blocks
from cprsync.domain.patron.review import (
    BLOCK_OF,
    BLOCK_REASONS,
    FOLLOWING,
    LATER_MAX_DAYS,
    LIFTED_BY,
    NET_MEDIA_FOREIGN,
    NET_MEDIA_KINDS,
    NET_MEDIA_REFUSED,
    PARKED,
    PROPOSED_AT,
    REVERTED_KINDS,
    REVIEW_KINDS,
    SAID_KINDS,
    SUBSCRIPTION_ENDED,
    TARGET_NOT_TAKEN,
    AcceptEffect,
    State,
    check_later,
    find_proposals,
    is_outdated,
    is_reason_for_block,
    proposed_at,
    review_kind,
)
from cprsync.domain.person.person import SILENT, Status
from cprsync.domain.person.status import STATUS_RULES, BlockRule
from cprsync.services.planning.renumbering import BETWEEN, BOTH, OLD

PACKAGE = Path(cprsync.__file__).parent
#: Where a person's fate is decided, or a reason is found why they cannot be read.
DECIDES = (
    "domain/deciding/decide.py",
    "domain/patron/review.py",
    "services/planning/renumbering.py",
    "services/planning/planning.py",
    "services/planning/steps.py",
)
READS = ("register/extract/reader.py", "register/extract/persons.py")
#: Where the last word of a kind stands: the register's client puts its own before it.
PARSES = "wire/parsing.py"
ANSWERS = ("register/soap/answers.py", "register/soap/client.py", "errors.py")
_KIND = re.compile(
    r"(?:abroad|address|birth|block|death|name|net_media|number|person|protection|register|responsible|reverted|said|status)\.[a-z0-9_]+"
    r"|target\.not_taken|subscription\.ended"
)
#: Reasons of lines that leave nothing to a person.
ACCOUNTED_FOR = {OLD, BETWEEN}


def reasons() -> set[str]:
    """Every stable name in those modules by which something may be left to a person."""
    found: set[str] = set()
    for module in (*DECIDES, *READS, *ANSWERS):
        for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KIND.fullmatch(node.value):
                found.add(node.value)
    calls = ast.walk(ast.parse((PACKAGE / PARSES).read_text(encoding="utf-8")))
    words = [word.value for call in calls if isinstance(call, ast.Call) for word in call.keywords if word.arg == "kind"]
    found |= {f"register.{word.value}" for word in words if isinstance(word, ast.Constant)}
    assert "register.not_xml" in found
    return found - ACCOUNTED_FOR


#: Decided all the same, or proposed by a status: these are raised as they are, all others as parked.
NOT_PARKED = {
    "number.annulled",
    "number.set",
    "protection.contradicted",
    "protection.doubted",
    *FOLLOWING,
    *NET_MEDIA_KINDS,
    *SAID_KINDS,
    *REVERTED_KINDS,
    SUBSCRIPTION_ENDED,
    TARGET_NOT_TAKEN,
}


def kinds() -> list[str]:
    return sorted(reason if reason in NOT_PARKED else f"{PARKED}{reason}" for reason in reasons())


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_that_the_code_can_raise_has_its_row(kind: str) -> None:
    row = review_kind(kind)
    assert row.accept != row.reject


def test_a_kind_without_a_row_is_an_error() -> None:
    with pytest.raises(KeyError):
        review_kind("parked.person.unheard_of")


def test_no_row_is_for_a_kind_that_nobody_raises() -> None:
    raised = kinds()
    idle = [row for row in REVIEW_KINDS if not any(kind.startswith(row) for kind in raised)]
    assert idle == []
    assert {f"{PARKED}{BOTH}", "parked.address.missing", "block.dead", "parked.person.status"} <= set(raised)


@pytest.mark.parametrize(
    ("kind", "doing", "undoable"),
    [
        ("block.dead", AcceptEffect.BLOCK, True),
        ("block.disappeared", AcceptEffect.BLOCK, True),
        ("block.annulled", AcceptEffect.BLOCK, True),
        ("death.annulled", AcceptEffect.LIFT, False),
        ("person.found", AcceptEffect.LIFT, False),
        ("number.restored", AcceptEffect.LIFT, False),
        ("responsible.gone", AcceptEffect.END_LINK, True),
        ("responsible.protected", AcceptEffect.END_LINK, True),
        ("responsible.of_age", AcceptEffect.END_LINK, True),
        ("responsible.custody", AcceptEffect.SEEN, False),
        ("number.annulled", AcceptEffect.SEEN, False),
        ("birth.differs", AcceptEffect.SEEN, False),
        ("said.name", AcceptEffect.SAME_PERSON, False),
        ("said.address", AcceptEffect.SEEN, False),
        ("number.set", AcceptEffect.NUMBER_SET, True),
        ("net_media.refused", AcceptEffect.TELL_AGAIN, False),
        ("net_media.foreign", AcceptEffect.TELL_AGAIN, False),
        ("protection.contradicted", AcceptEffect.SEEN, False),
        ("subscription.ended", AcceptEffect.SEEN, False),
        ("protection.doubted", AcceptEffect.END_PROTECTION, True),
        ("parked.number.both_patrons", AcceptEffect.MERGE, True),
        ("parked.number.other_successor", AcceptEffect.GIVE_NUMBER, False),
        ("parked.number.circle", AcceptEffect.ASK_NUMBER, False),
        ("parked.number.old_active", AcceptEffect.ASK_NUMBER, False),
        ("parked.number.unresolved", AcceptEffect.ASK_NUMBER, False),
        ("parked.address.missing", AcceptEffect.ASK_AGAIN, False),
        ("parked.person.duplicate_002", AcceptEffect.ASK_AGAIN, False),
        ("parked.register.no_such_person", AcceptEffect.ASK_AGAIN, False),
        ("parked.register.agreement", AcceptEffect.ASK_AGAIN, False),
    ],
)
def test_what_accepting_does_and_whether_it_can_be_undone(kind: str, doing: AcceptEffect, undoable: bool) -> None:
    row = review_kind(kind)
    assert (row.doing, row.undoable) == (doing, undoable)


def test_only_the_end_of_a_protection_takes_two_people() -> None:
    assert [kind for kind in REVIEW_KINDS if review_kind(kind).needs_two] == [
        "protection.doubted",
        "reverted.protected",
    ]


@pytest.mark.parametrize("kind", sorted(REVIEW_KINDS))
def test_a_rejection_leaves_a_replaced_number_where_the_register_has_replaced_the_patrons_own(kind: str) -> None:
    """Of a number that lives again, and of one that an old number leads to, the patron's own is in use."""
    own = {"parked.number.both_patrons", "parked.number.circle", "parked.number.unresolved"}
    row = review_kind(kind)
    assert row.leaves_replaced is (kind in own)
    # both say that the patron is unverified
    assert (row.reject in {"leave_replaced", "stay_two"}) is (kind in own)


def test_a_number_that_was_set_never_waited_and_does_not_wait_again() -> None:
    assert {kind for kind, row in REVIEW_KINDS.items() if not row.may_wait_again} == {"number.set"}


@pytest.mark.parametrize("status", [*Status, SILENT])
def test_a_block_is_proposed_where_the_status_table_says_so(status: Status) -> None:
    proposes = status in STATUS_RULES and STATUS_RULES[status].block is not BlockRule.NONE
    assert (proposed_at(status) is not None) == proposes
    assert proposed_at(status) == PROPOSED_AT.get(status)


def test_each_proposed_block_has_a_reason_in_danish_and_something_that_lifts_it() -> None:
    assert set(PROPOSED_AT.values()) == set(BLOCK_REASONS) == set(LIFTED_BY)
    assert {BLOCK_OF[lift]: lift for lift in BLOCK_OF} == LIFTED_BY
    assert BLOCK_REASONS["block.dead"] == "død"


@pytest.mark.parametrize(
    ("block", "status", "holds"),
    [
        ("block.dead", Status.DEAD, True),
        ("block.dead", Status.ANNULLED, True),
        ("block.dead", Status.RESIDENT, False),
        ("block.dead", Status.DISAPPEARED, False),
        ("block.disappeared", Status.DISAPPEARED, True),
        ("block.disappeared", Status.DEAD, False),
        ("block.disappeared", Status.EMIGRATED, False),
        ("block.annulled", Status.ANNULLED, True),
        ("block.annulled", Status.DEAD, False),
        ("block.annulled", SILENT, False),
    ],
)
def test_the_reason_of_a_block_holds(block: str, status: Status, holds: bool) -> None:
    """An annulled number says nothing about a death: that one is annulled by itself (event A25)."""
    assert is_reason_for_block(block, status) is holds


ACCEPTED, WAITS = {State.ACCEPTED}, {State.WAITING}


@pytest.mark.parametrize(
    ("before", "after", "held", "proposed"),
    [
        (Status.RESIDENT, Status.DEAD, {}, ["block.dead"]),
        (Status.RESIDENT, Status.DISAPPEARED, {}, ["block.disappeared"]),
        (Status.RESIDENT, Status.EMIGRATED, {}, []),
        (SILENT, Status.DEAD, {}, ["block.dead"]),
        # it is proposed once, whether someone has looked or not
        (Status.RESIDENT, Status.DEAD, {"block.dead": WAITS}, []),
        (Status.RESIDENT, Status.DEAD, {"block.dead": ACCEPTED}, []),
        # a block that was confirmed is offered to be lifted when its reason is gone, any other one is not there
        (Status.DEAD, Status.RESIDENT, {"block.dead": ACCEPTED}, ["death.annulled"]),
        (Status.DISAPPEARED, Status.RESIDENT, {"block.disappeared": ACCEPTED}, ["person.found"]),
        (Status.ANNULLED, Status.RESIDENT, {"block.annulled": ACCEPTED}, ["number.restored"]),
        (Status.DEAD, Status.RESIDENT, {"block.dead": WAITS}, []),
        (Status.DEAD, Status.RESIDENT, {"block.dead": {State.REJECTED}}, []),
        (Status.DEAD, Status.RESIDENT, {}, []),
        # an annulled number undoes no death, and a death finds nobody alive
        (Status.DEAD, Status.ANNULLED, {"block.dead": ACCEPTED}, ["block.annulled"]),
        (Status.ANNULLED, Status.DEAD, {"block.annulled": ACCEPTED}, ["block.dead", "number.restored"]),
        (Status.DISAPPEARED, Status.DEAD, {"block.disappeared": ACCEPTED}, ["block.dead", "person.found"]),
        # it was lifted before: no reason went now
        (Status.RESIDENT, Status.EMIGRATED, {"block.dead": ACCEPTED}, []),
    ],
)
def test_a_step_proposes_a_block_or_the_end_of_one_that_was_confirmed(
    before: Status, after: Status, held: dict[str, set[State]], proposed: list[str]
) -> None:
    assert list(find_proposals(before, after, held)) == proposed


@pytest.mark.parametrize(
    ("kind", "status", "pointless"),
    [
        ("block.dead", Status.DEAD, False),
        ("block.dead", Status.RESIDENT, True),
        ("block.dead", Status.ANNULLED, False),
        ("death.annulled", Status.RESIDENT, False),
        ("death.annulled", Status.DEAD, True),
        ("person.found", Status.DISAPPEARED, True),
        ("person.found", Status.DEAD, False),
    ],
)
def test_a_waiting_proposal_is_pointless_when_its_reason_is_gone_or_back(
    kind: str, status: Status, *, pointless: bool
) -> None:
    assert is_outdated(kind, status) is pointless


@pytest.mark.parametrize("before", [*Status, SILENT])
@pytest.mark.parametrize("after", [*Status, SILENT])
def test_a_step_that_concerns_no_block_proposes_nothing_whatever_is_held(before: Status, after: Status) -> None:
    """A night asks only about the others which proposals there are."""
    held = dict.fromkeys((*LIFTED_BY, *BLOCK_OF), ACCEPTED)
    if not may_affect_blocks(before, after):
        assert list(find_proposals(before, after, held)) == []
        assert before is after or {before, after}.isdisjoint(PROPOSED_AT)
    else:
        assert before is not after


# -- many at once, and later --------------------------------------------------------------------------------

#: Accepting one of these writes a record, needs two people, says who somebody is, or overwrites what another library
#: said.
ONE_BY_ONE = {
    AcceptEffect.SAME_PERSON,
    AcceptEffect.BLOCK,
    AcceptEffect.LIFT,
    AcceptEffect.MERGE,
    AcceptEffect.GIVE_NUMBER,
    AcceptEffect.END_LINK,
    AcceptEffect.END_PROTECTION,
    AcceptEffect.NUMBER_SET,
}


@pytest.mark.parametrize("kind", REVIEW_KINDS)
def test_only_what_writes_no_record_is_accepted_many_at_once(kind: str) -> None:
    row = REVIEW_KINDS[kind]
    assert row.in_bulk is (row.doing not in ONE_BY_ONE and kind != NET_MEDIA_FOREIGN)
    assert not (row.in_bulk and (row.needs_two or row.undoable))


def test_what_culr_refused_may_be_told_again_in_bulk() -> None:
    assert review_kind(NET_MEDIA_REFUSED).in_bulk


TODAY = date(2027, 3, 23)


@pytest.mark.parametrize("days", [1, LATER_MAX_DAYS])
def test_an_item_is_put_off_to_a_later_day(days: int) -> None:
    assert check_later(TODAY + timedelta(days), TODAY) == TODAY + timedelta(days)


@pytest.mark.parametrize(("days", "why"), [(-1, "after today"), (0, "after today"), (LATER_MAX_DAYS + 1, "at most")])
def test_an_item_is_put_off_to_no_day_that_is_past_or_far(days: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_later(TODAY + timedelta(days), TODAY)


@pytest.mark.parametrize(
    ("kind", "has_one"),
    [("birth.differs", True), ("responsible.custody", True), ("block.dead", False), ("said.name", False)],
)
def test_a_case_whose_two_answers_do_the_same_has_one_answer(kind: str, has_one: bool) -> None:
    assert review_kind(kind).has_one_answer is has_one
