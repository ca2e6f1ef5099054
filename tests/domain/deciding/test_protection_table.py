"""Every case of name and address protection, from the bytes of a delivery or an answer to the decision.

Typed by hand from CPR's description of record 004 and of `adressebeskyttelse`, and from decisions 1 to 3; nothing
is made from the program's own table, which is held against this one. Whoever is missing from a file stays as she
is: nothing is read of her (test_night_protection).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from people import LOOKED_UP, PROTECTED, STORED, TONIGHT
from printed import danish
from protection_wire import ANNA, from_file, from_soap

from cprsync.domain.deciding.decide import (
    AskRegister,
    Change,
    ProtectionEnd,
    Unchanged,
    WhyUnchanged,
    decide,
    protective_part_while_parked,
)
from cprsync.domain.deciding.protection import PROTECTION_RULES, ProtectionRule, Says, Stands, Voice
from cprsync.domain.patron.patron import Patron, is_sealed
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Gap, Person, Protection, Status, merge, silence_by_status
from cprsync.domain.person.status import Action
from cprsync.domain.rulebook.tables import protection_key
from cprsync.errors import BadAnswer, NoSuchPerson, RegisterRefused, RegisterUnavailable
from cprsync.services.planning.steps import Evidence, end_of
from cprsync.services.ports.register import Found, NotFound

TYPE, DATES, WHOLE = (
    "CPR: post 004, type 0001",
    "CPR: post 004, sletningsdato",
    "CPR: ændringsudtræk er hele personen, også efter A33 og P11; beslutning 1 og 2",
)
OUTSIDE, SILENCE = (
    "Beslutning 1: en post uden for aftalen",
    "Beslutning 1: tavshed ændrer intet (status 30, 50 og 60, og lånere,",
)
TRUE, DOUBT = "SF1520: beskyttet er true", "SF1520: beskyttet mangler"
CANDIDATE = "SF1520: beskyttet er false; beslutning 35: et opslag ved skranken ophæver intet"
FALSE, ABSENT = "SF1520: beskyttet er false", "SF1520: uden adressebeskyttelse"

#: source, what it says, 004 in the agreement, how the record stands: what is done, and where that is written
CASES = [
    # a delivery with type 0001 among its records 004; also one that nobody agreed on
    ("file", "known", True, "protected", "keep", TYPE),
    ("file", "known", True, "open", "seal", TYPE),
    ("file", "known", True, "new", "seal", TYPE),
    ("file", "known", False, "protected", "keep", TYPE),
    ("file", "known", False, "open", "seal", TYPE),
    ("file", "known", False, "new", "seal", TYPE),
    # type 0001 with a deletion date that has passed: no date ever lifts a protection
    ("file", "contradictory", True, "protected", "keep", DATES),
    ("file", "contradictory", True, "open", "seal", DATES),
    ("file", "contradictory", True, "new", "seal", DATES),
    ("file", "contradictory", False, "protected", "keep", DATES),
    ("file", "contradictory", False, "open", "seal", DATES),
    ("file", "contradictory", False, "new", "seal", DATES),
    # no 0001, only other types: the file says that there is none, but only if it would bring one
    ("file", "empty", True, "protected", "ask", WHOLE),
    ("file", "empty", True, "open", "keep", WHOLE),
    ("file", "empty", True, "new", "settled_open", WHOLE),
    ("file", "empty", False, "protected", "keep", OUTSIDE),
    ("file", "empty", False, "open", "keep", OUTSIDE),
    ("file", "empty", False, "new", "sealed_until_told", OUTSIDE),
    # a number that is annulled: its status is known and nothing else
    ("file", "silent", True, "protected", "keep", SILENCE),
    ("file", "silent", True, "open", "keep", SILENCE),
    ("file", "silent", True, "new", "sealed_until_told", SILENCE),
    ("file", "silent", False, "protected", "keep", SILENCE),
    ("file", "silent", False, "open", "keep", SILENCE),
    ("file", "silent", False, "new", "sealed_until_told", SILENCE),
    # an answer: the agreement on records of the file is all the same to it
    ("lookup", "known", True, "protected", "keep", TRUE),
    ("lookup", "known", True, "open", "seal", TRUE),
    ("lookup", "known", True, "new", "seal", TRUE),
    ("lookup", "known", False, "protected", "keep", TRUE),
    ("lookup", "known", False, "open", "seal", TRUE),
    ("lookup", "known", False, "new", "seal", TRUE),
    # a start, no end that has passed, and the flag says no; or no flag at all
    ("lookup", "contradictory", True, "protected", "keep", DOUBT),
    ("lookup", "contradictory", True, "open", "seal", DOUBT),
    ("lookup", "contradictory", True, "new", "seal", DOUBT),
    ("lookup", "contradictory", False, "protected", "keep", DOUBT),
    ("lookup", "contradictory", False, "open", "seal", DOUBT),
    ("lookup", "contradictory", False, "new", "seal", DOUBT),
    # the flag says no
    ("lookup", "empty", True, "protected", "ask", CANDIDATE),
    ("lookup", "empty", True, "open", "keep", FALSE),
    ("lookup", "empty", True, "new", "settled_open", FALSE),
    ("lookup", "empty", False, "protected", "ask", CANDIDATE),
    ("lookup", "empty", False, "open", "keep", FALSE),
    ("lookup", "empty", False, "new", "settled_open", FALSE),
    # the element is not there: never "remove"
    ("lookup", "silent", True, "protected", "keep", ABSENT),
    ("lookup", "silent", True, "open", "keep", ABSENT),
    ("lookup", "silent", True, "new", "sealed_until_told", ABSENT),
    ("lookup", "silent", False, "protected", "keep", ABSENT),
    ("lookup", "silent", False, "open", "keep", ABSENT),
    ("lookup", "silent", False, "new", "sealed_until_told", ABSENT),
]
#: A file said none of someone protected, the register was asked, and this is its answer.
ANSWERS = [
    ("known", "keep_for_review"),
    ("contradictory", "keep_for_review"),
    # false, from a day that has passed, and no end: three such nights, and two people may end it
    ("doubted", "keep_and_count"),
    ("empty", "lift"),
    ("silent", "lift"),
    # nobody has said that it ended: three such nights, and two people may end it
    ("only_silent", "keep_and_count"),
    # her number is annulled or replaced: the silence about her lifts nothing
    ("number_only", "keep_and_ask_again"),
    # PNR not found: a number that the register has lost is no word about her
    ("unknown_number", "keep_and_ask_again"),
    # a delivery of that day has told of a protection (decision 43)
    ("not_later", "keep_and_ask_again"),
    ("unanswered", "keep_and_ask_again"),
]
ANSWERED_BY = {
    "number_only": "CPR: post 001 (status); beslutning 1: ved status 30, 50 og 60 kendes kun nummeret",
    "unknown_number": "SF1520: PNR not found; beslutning 2: kun et svar ophæver",
    "not_later": "Beslutning 43",
    "only_silent": (
        "SF1520: adressebeskyttelse mangler; beslutning 1 og 2: tavshed ophæver kun, hvor en kilde har sagt ophørt"
    ),
    "doubted": ("SF1520: beskyttet er false ved en periode, der er begyndt og ikke har slutdato; beslutning 35"),
}
STORED_AS: dict[str, Protection | Gap] = {"protected": PROTECTED, "open": EMPTY, "new": SILENT}
#: What the record says afterwards, and what the report calls it.
AFTERWARDS: dict[str, tuple[Protection | Gap, tuple[Action, ...]]] = {
    "seal": (PROTECTED, (Action.PROTECT,)),
    "settled_open": (EMPTY, (Action.PROTECTION_SETTLED,)),
}


def read(source: str, says: str, *, agreed: bool) -> Person:
    return from_file(says, agreed=agreed) if source == "file" else from_soap(says)


def holding(person: Person, protection: Protection | Gap) -> Patron:
    """A verified patron who differs from what is read in nothing but her protection."""
    return Patron("40817263", replace(person, protection=protection, contact=EMPTY), STORED, version=1)


def answers_that_say(says: str) -> list[Found | NotFound]:
    number = CprNumber(ANNA)
    if says == "unanswered":
        # whatever is wrong: on the night that asked first nobody is told to look, and the question stays open
        unread = (RegisterUnavailable("try later"), BadAnswer("breaks the contract"), RegisterRefused("not accepted"))
        return [NotFound(number, one) for one in unread]
    if says == "unknown_number":
        return [NotFound(number, NoSuchPerson("PNR not found"))]
    if says == "number_only":
        codes = (Status.ANNULLED, Status.DUPLICATE, Status.CHANGED)
        return [Found(number, silence_by_status(replace(from_soap("empty"), status=code))) for code in codes]
    if says == "contradictory":
        worded = ("without the flag", "false, from a day to come", "false, until a day to come")
        return [Found(number, from_soap(one)) for one in worded]
    if says == "doubted":
        return [Found(number, from_soap("contradictory"))]
    told = from_soap("silent" if says == "only_silent" else says)
    # without a status and without a protection she is silent about both: where a file has said "none" that lifts
    statusless = [Found(number, replace(told, status=SILENT))] if says == "silent" else []
    return [Found(number, told), *statusless]


def rule_of(voice: str, says: str, stands: str, *, agreed: bool) -> ProtectionRule:
    (rule,) = [
        rule
        for rule in PROTECTION_RULES
        if (rule.voice, rule.says, rule.stands) == (Voice(voice), Says(says), Stands(stands))
        and rule.agreed in {None, agreed}
    ]
    return rule


def source_of(rule: ProtectionRule) -> str:
    """What is printed beside the rule, Danish."""
    return str(danish(protection_key(rule))[-1])


def called(case: tuple[object, ...]) -> str:
    source, says, agreed, stands, *_ = case
    return f"protection-{source}-{says}-{'004' if agreed else 'without004'}-{stands}"


def test_the_cases_are_all_there_are() -> None:
    assert len({case[:4] for case in CASES}) == len(CASES) == 2 * 4 * 2 * 3
    assert len(ANSWERS) == len(Says)


@pytest.mark.parametrize("case", CASES, ids=called)
def test_protection_is_decided_from_what_a_source_wrote(case: tuple[str, str, bool, str, str, str]) -> None:
    source, says, agreed, stands, does, _ = case
    person = read(source, says, agreed=agreed)
    as_of = TONIGHT if source == "file" else LOOKED_UP
    decision = decide(person, holding(person, STORED_AS[stands]), as_of=as_of)
    if does == "ask":
        assert decision == AskRegister()
    elif does in AFTERWARDS:
        protection, actions = AFTERWARDS[does]
        assert isinstance(decision, Change)
        assert (decision.after.protection, decision.actions) == (protection, actions)
        assert decision.after == replace(person, protection=protection, contact=EMPTY)
    else:
        # kept, or sealed until a source speaks: nothing is written
        assert decision == Unchanged(WhyUnchanged.EQUAL)


@pytest.mark.parametrize("case", [case for case in CASES if case[3] == "new"], ids=called)
def test_a_patron_who_is_new_to_us_is_sealed_unless_a_source_says_open(
    case: tuple[str, str, bool, str, str, str],
) -> None:
    source, says, agreed, _, does, _ = case
    new = Patron("40817263", Person(CprNumber(ANNA)), None, version=0)
    decision = decide(read(source, says, agreed=agreed), new, as_of=TONIGHT if source == "file" else LOOKED_UP)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.FIRST_COPY,)
    assert is_sealed(decision.after, silent_is_sealed=True) is (does != "settled_open")
    assert is_sealed(decision.after, silent_is_sealed=False) is (does == "seal")


@pytest.mark.parametrize("case", CASES, ids=called)
def test_the_printed_table_says_the_same(case: tuple[str, str, bool, str, str, str]) -> None:
    source, says, agreed, stands, does, written = case
    rule = rule_of(source, says, stands, agreed=agreed)
    assert rule.does.value == does
    assert source_of(rule).startswith(written)


@pytest.mark.parametrize(("says", "does"), ANSWERS, ids=lambda word: f"protection-answer-{word}")
def test_the_register_is_asked_and_its_answer_decides(says: str, does: str) -> None:
    """Silence lifts too: the file has already said that there is none (decision 2)."""
    told = from_file("empty", agreed=True)
    day = TONIGHT.day
    patron = replace(holding(told, PROTECTED), protected_on=day if says == "not_later" else day - timedelta(days=1))
    would_open = ("empty", "silent", "doubted")
    for answer in chain(*map(answers_that_say, would_open if says == "not_later" else (says,))):
        decision = Evidence(told, TONIGHT, end_of(answer, fresh=True, is_told=says != "only_silent"), day).decide_on(
            patron
        )
        if does == "lift":
            assert isinstance(decision, Change)
            assert decision.actions == (Action.UNPROTECT,)
        else:
            review = "protection.contradicted" if does == "keep_for_review" else None
            assert decision == Unchanged(WhyUnchanged.EQUAL, ask_again=True, review=review)
    rule = rule_of("answer", says, "protected", agreed=True)
    assert (rule.does.value, rule.agreed) == (does, None)
    assert source_of(rule) == ANSWERED_BY.get(says, "Beslutning 2: låneren slås op samme nat")


def test_an_answer_older_than_the_file_is_none() -> None:
    for says in ("known", "empty", "silent"):
        assert end_of(Found(CprNumber(ANNA), from_soap(says)), fresh=False) is ProtectionEnd.UNANSWERED


def test_an_answer_without_its_flag_is_a_contradiction_too() -> None:
    assert from_soap("without the flag").protection is from_soap("contradictory").protection is PROTECTED


@pytest.mark.parametrize(
    ("source", "worded", "says"),
    [
        pytest.param("file", "from a day to come", "known", id="protection-future-file"),
        pytest.param("lookup", "true, from a day to come", "known", id="protection-future-lookup"),
        pytest.param("lookup", "false, from a day to come", "contradictory", id="false, from a day to come"),
        pytest.param("file", "other kinds", "empty", id="protection-types"),
        pytest.param("file", "other kinds and 0001", "known", id="protection-types-0001"),
        pytest.param("lookup", "false, until a day to come", "contradictory", id="false, until a day to come"),
        pytest.param("lookup", "true, and over", "known", id="protection-true-ended"),
        pytest.param("lookup", "false, and over", "empty", id="protection-false-ended"),
    ],
)
@pytest.mark.parametrize("agreed", [True, False])
def test_other_ways_to_say_it_are_one_of_the_four(source: str, worded: str, says: str, *, agreed: bool) -> None:
    """Only type 0001; a start to come protects at once; no date lifts (decision 2)."""
    assert read(source, worded, agreed=agreed) == read(source, says, agreed=agreed)


@pytest.mark.parametrize("source", ["file", "lookup"], ids=lambda source: f"protection-number-only-{source}")
@pytest.mark.parametrize("code", ["30", "50", "60"])
@pytest.mark.parametrize("agreed", [True, False])
def test_a_protection_told_with_a_number_that_is_out_of_use_is_not_read(
    source: str, code: str, *, agreed: bool
) -> None:
    """Decision 1: at status 30, 50 and 60 only status and current number are known; what was stored stays."""
    told = from_file("known", agreed=agreed, status=code) if source == "file" else from_soap("known", status=code)
    assert (told.status, told.protection, told.name) == (Status(code), SILENT, SILENT)
    for stored in STORED_AS.values():
        record = replace(read(source, "empty", agreed=True), protection=stored, contact=EMPTY)
        assert merge(record, told).protection is stored
        # and neither does it go through beside what waits for a person
        assert protective_part_while_parked(told, holding(record, stored)) is None
