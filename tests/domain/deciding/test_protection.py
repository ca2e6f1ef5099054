"""Protection (decisions 2 and 3): when it begins, who may say that it has ended, and what goes through a brake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from people import (
    LOOKED_UP,
    PROTECTED,
    STORED,
    TONIGHT,
    dies,
    emigrates,
    gains_protection,
    loses_protection,
    moves,
    patron,
    person,
    renames,
    street,
    unverified,
)

from cprsync.domain.deciding.decide import (
    AskRegister,
    Change,
    Decision,
    Parked,
    ProtectionEnd,
    Unchanged,
    WhyUnchanged,
    _decide_protection,
    decide,
    protective_part,
    protective_part_while_parked,
)
from cprsync.domain.deciding.protection import ProtectionStep
from cprsync.domain.patron.patron import AsOf, Patron, Source, is_sealed
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Person, Protection, Status, silence_by_status
from cprsync.domain.person.sealed import Name
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

EQUAL = Unchanged(WhyUnchanged.EQUAL)


def anna(protection: Any) -> Person:
    return person("ANNA", protection=protection)


def becomes(protection: Any, action: Action, *harms: Harm) -> Change:
    return Change(anna(protection), (action,), harms)


LIFTED = becomes(EMPTY, Action.UNPROTECT, Harm.PROTECTION_LIFTED)
SEALED = becomes(PROTECTED, Action.PROTECT)
SETTLED = becomes(EMPTY, Action.PROTECTION_SETTLED)


@pytest.mark.parametrize(
    ("as_of", "says", "stored", "expected"),
    [
        (TONIGHT, PROTECTED, PROTECTED, EQUAL),
        (TONIGHT, PROTECTED, EMPTY, SEALED),
        (TONIGHT, PROTECTED, SILENT, SEALED),
        (TONIGHT, EMPTY, PROTECTED, AskRegister()),
        (TONIGHT, EMPTY, EMPTY, EQUAL),
        (TONIGHT, EMPTY, SILENT, SETTLED),
        (TONIGHT, SILENT, PROTECTED, EQUAL),
        (TONIGHT, SILENT, EMPTY, EQUAL),
        (TONIGHT, SILENT, SILENT, EQUAL),
        (LOOKED_UP, PROTECTED, PROTECTED, EQUAL),
        (LOOKED_UP, PROTECTED, EMPTY, SEALED),
        (LOOKED_UP, PROTECTED, SILENT, SEALED),
        (LOOKED_UP, EMPTY, PROTECTED, AskRegister()),
        (LOOKED_UP, EMPTY, EMPTY, EQUAL),
        (LOOKED_UP, EMPTY, SILENT, SETTLED),
        (LOOKED_UP, SILENT, PROTECTED, EQUAL),
        (LOOKED_UP, SILENT, EMPTY, EQUAL),
        (LOOKED_UP, SILENT, SILENT, EQUAL),
    ],
)
def test_a_source_decides_about_protection(as_of: AsOf, says: Any, stored: Any, expected: Decision) -> None:
    """A file without 0001 is a candidate end only, and so is a false at the desk; silence is none (decisions 2, 35)."""
    assert decide(anna(says), patron("ANNA", protection=stored), as_of=as_of) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (ProtectionEnd.CONFIRMED, LIFTED),
        (ProtectionEnd.DENIED, replace(EQUAL, ask_again=True, review="protection.contradicted")),
        (ProtectionEnd.UNANSWERED, replace(EQUAL, ask_again=True)),
    ],
)
def test_the_register_has_the_last_word_about_an_end(word: ProtectionEnd, expected: Decision) -> None:
    now, record = loses_protection(anna(PROTECTED)), patron("ANNA", protection=PROTECTED)
    assert decide(now, record, as_of=TONIGHT) == AskRegister()
    assert decide(now, record, as_of=TONIGHT, protection_end=word) == expected


@pytest.mark.parametrize(
    ("word", "review"),
    [(ProtectionEnd.DENIED, "protection.contradicted"), (ProtectionEnd.UNANSWERED, None)],
)
def test_other_changes_still_apply_while_a_protection_is_kept(word: ProtectionEnd, review: str | None) -> None:
    now = moves(loses_protection(anna(PROTECTED)))
    decision = decide(now, patron("ANNA", protection=PROTECTED), as_of=TONIGHT, protection_end=word)
    assert decision == Change(
        replace(now, protection=PROTECTED), (Action.MOVE,), (Harm.CHANGED,), ask_again=True, review=review
    )


def test_an_end_confirmed_goes_with_the_other_changes_and_before_them() -> None:
    now = moves(loses_protection(anna(PROTECTED)))
    record = patron("ANNA", protection=PROTECTED)
    decision = decide(now, record, as_of=TONIGHT, protection_end=ProtectionEnd.CONFIRMED)
    assert decision == Change(now, (Action.UNPROTECT, Action.MOVE), (Harm.PROTECTION_LIFTED, Harm.CHANGED))


def test_the_dead_keep_their_protection_until_its_end_is_confirmed() -> None:
    record = patron("ANNA", protection=PROTECTED)
    assert decide(dies(anna(EMPTY)), record, as_of=TONIGHT) == AskRegister()
    decision = decide(dies(anna(EMPTY)), record, as_of=TONIGHT, protection_end=ProtectionEnd.UNANSWERED)
    assert isinstance(decision, Change)
    assert (decision.after.protection, decision.actions) == (PROTECTED, (Action.DIE,))


@pytest.mark.parametrize("does", [does for does in ProtectionStep if does.value.startswith("keep")])
@pytest.mark.parametrize(("stored", "told"), [(PROTECTED, EMPTY), (EMPTY, PROTECTED)])
def test_what_a_row_says_to_keep_is_kept_whatever_was_told(does: ProtectionStep, stored: Any, told: Any) -> None:
    """No row keeps against a word that says otherwise today; one that did would be read so."""
    anna = patron("ANNA", protection=stored)
    assert _decide_protection(person("ANNA", protection=told), anna, does, None) == EQUAL


def test_a_first_copy_asks_nobody() -> None:
    """There is no protection on record that could end."""
    assert isinstance(decide(anna(EMPTY), unverified("ANNA"), as_of=TONIGHT), Change)


def test_leaving_an_administrative_street_opens_an_address_unless_protection_still_seals_it() -> None:
    for key, opens in (("KLAUS", True), ("JESPER", False)):
        home = replace(person(key), status=Status.RESIDENT, address=street("HAVNEN"))
        decision = decide(home, patron(key), as_of=TONIGHT)
        assert isinstance(decision, Change)
        assert (Harm.PROTECTION_LIFTED in decision.harms) is opens, key


def test_moving_to_an_administrative_street_lifts_no_protection() -> None:
    hidden = replace(person("ANNA"), status=Status.RESIDENT_ADMINISTRATIVE, address=person("KLAUS").address)
    decision = decide(hidden, patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert Harm.PROTECTION_LIFTED not in decision.harms


# -- who is sealed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "is_hidden"),
    [
        ("ANNA", False),
        ("HELLE", True),
        ("MIA", True),
        ("INGER", True),
        ("JESPER", True),
        ("KLAUS", True),
        ("MALIK", True),
        ("NICOLAI", False),
        ("OTTO", False),
        ("AFDOED", False),
    ],
)
def test_type_0001_and_administrative_streets_seal_and_nothing_else(key: str, *, is_hidden: bool) -> None:
    """0002 and 0003 do not; 0001 that starts in the future does."""
    for silent_is_sealed in (True, False):
        assert is_sealed(person(key), silent_is_sealed=silent_is_sealed) is is_hidden


def test_of_whom_no_source_has_spoken_the_policy_decides() -> None:
    for one in (anna(SILENT), unverified("ANNA").register):
        assert is_sealed(one, silent_is_sealed=True)
        assert not is_sealed(one, silent_is_sealed=False)


@pytest.mark.parametrize("row", ["protection-unknown-number"])
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(CprNumber("7001014000"), id="replacement"),
        pytest.param(CprNumber.parse_any("010140KOT1"), id="letters"),
        pytest.param(CprNumber.none_of("40817263"), id="none"),
    ],
)
def test_the_silence_of_a_register_that_does_not_know_her_number_seals_nothing(number: CprNumber, row: str) -> None:
    """Decision 2 seals until a source has spoken; of her none ever will. What staff protect stays so."""
    one = Person(number, name=Name("Børnehaven Regnbuen"))
    assert not is_sealed(one, silent_is_sealed=True), row
    assert is_sealed(replace(one, protection=Protection.NAME_AND_ADDRESS), silent_is_sealed=False), row
    # once her number is a real one, somebody could have spoken
    assert is_sealed(replace(one, number=person("ANNA").number), silent_is_sealed=True), row


def test_an_open_policy_opens_no_administrative_street() -> None:
    assert is_sealed(person("KLAUS", protection=SILENT), silent_is_sealed=False)


# -- what goes through a brake --------------------------------------------------------------------------------


def let_through(key: str, now: Person) -> Change | None:
    decision = decide(now, patron(key), as_of=TONIGHT)
    assert isinstance(decision, Change)
    return protective_part(decision, patron(key))


def test_a_new_protection_goes_through_alone() -> None:
    now = renames(moves(gains_protection(person("ANNA"))))
    assert let_through("ANNA", now) == Change(anna(Protection.NAME_AND_ADDRESS), (Action.PROTECT,))


def test_letters_to_the_dead_stop_and_the_record_stays_as_it_is() -> None:
    through = let_through("ANNA", dies(person("ANNA")))
    assert through == Change(person("ANNA"), (Action.STOP_LETTERS,))
    assert through.stops_letters


def test_of_a_protected_death_both_go_through() -> None:
    through = let_through("ANNA", dies(renames(gains_protection(person("ANNA")))))
    assert through == Change(anna(PROTECTED), (Action.PROTECT, Action.STOP_LETTERS))


@pytest.mark.parametrize("event", [moves, renames, emigrates])
def test_nothing_else_goes_through(event: Any) -> None:
    assert let_through("ANNA", event(person("ANNA"))) is None


@pytest.mark.parametrize("row", ["protection-held"])
def test_a_move_to_an_administrative_street_waits_behind_a_brake(row: str) -> None:
    """It seals as long as it is the address, but an address is written only when the night is (decision 3)."""
    hidden = replace(person("ANNA"), status=Status.RESIDENT_ADMINISTRATIVE, address=person("KLAUS").address)
    assert let_through("ANNA", hidden) is None, row


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(AsOf(STORED.day, Source.LOOKUP), id="look-up-protection-older"),
        pytest.param(STORED, id="file-protection-older"),
    ],
)
def test_who_is_older_than_the_record_neither_protects_nor_lifts(says: AsOf) -> None:
    for key, event in (("PIA", loses_protection), ("ANNA", gains_protection)):
        record = replace(patron(key), as_of=TONIGHT)
        assert decide(event(person(key)), record, as_of=says) == Unchanged(WhyUnchanged.OLDER)


@pytest.mark.parametrize("key", ["ANNA", "PIA"], ids=lambda key: f"{key}-protection-older")
@pytest.mark.parametrize("told", [EMPTY, SILENT])
def test_a_look_up_of_the_files_own_day_that_does_not_protect_changes_nothing(key: str, told: Any) -> None:
    """On equal days the file wins (decision 1)."""
    record = replace(patron(key), as_of=TONIGHT)
    assert decide(moves(person(key, protection=told)), record, as_of=LOOKED_UP) == Unchanged(WhyUnchanged.OLDER)


@pytest.mark.parametrize("row", ["protection-same-day"])
@pytest.mark.parametrize("stored", [EMPTY, SILENT])
def test_a_look_up_of_the_files_own_day_that_protects_seals_and_changes_nothing_else(stored: Any, row: str) -> None:
    """The two contradict each other, and protection beats every other write (decisions 1 and 2)."""
    record = replace(patron("ANNA", protection=stored), as_of=TONIGHT)
    for told in (gains_protection(moves(person("ANNA"))), silence_by_status(parked("ANNA", protection=PROTECTED))):
        assert decide(told, record, as_of=LOOKED_UP) == SEALED, row
    protected = replace(record, register=anna(PROTECTED))
    assert decide(gains_protection(person("ANNA")), protected, as_of=LOOKED_UP) == Unchanged(WhyUnchanged.OLDER)


def test_the_end_of_a_protection_does_not_go_through() -> None:
    record = patron("PIA")
    ended = decide(loses_protection(person("PIA")), record, as_of=TONIGHT, protection_end=ProtectionEnd.CONFIRMED)
    assert isinstance(ended, Change)
    assert protective_part(ended, record) is None


def first_copy_let_through(now: Person) -> Change | None:
    new = unverified("ANNA")
    decision = decide(now, new, as_of=LOOKED_UP)
    assert isinstance(decision, Change)
    return protective_part(decision, new)


def test_a_first_copy_waits_behind_a_brake() -> None:
    assert first_copy_let_through(moves(person("ANNA"))) is None


@pytest.mark.parametrize("row", ["protection-held"])
def test_of_a_first_copy_that_waits_what_protects_goes_through(row: str) -> None:
    """Staff may have typed a name or an address of her before any source has spoken (decision 3)."""
    new = unverified("ANNA").register
    assert first_copy_let_through(dies(person("ANNA"))) == Change(new, (Action.STOP_LETTERS,)), row
    sealed = replace(new, protection=PROTECTED)
    assert first_copy_let_through(gains_protection(person("ANNA"))) == Change(sealed, (Action.PROTECT,)), row
    both = first_copy_let_through(dies(gains_protection(person("ANNA"))))
    assert both == Change(sealed, (Action.PROTECT, Action.STOP_LETTERS)), row


#: A protection and a death that went ahead of her first copy.
AHEAD = replace(
    unverified("ANNA"),
    register=replace(unverified("ANNA").register, protection=PROTECTED),
    letters_stopped=TONIGHT.day,
)


def test_a_file_without_the_protection_that_went_ahead_of_the_first_copy_asks_the_register() -> None:
    """Decision 2: a file without 0001 is a question, whatever the record is."""
    now = person("ANNA")
    assert decide(now, AHEAD, as_of=TONIGHT) == AskRegister()
    kept = decide(now, AHEAD, as_of=TONIGHT, protection_end=ProtectionEnd.UNANSWERED)
    assert kept == Change(anna(PROTECTED), (Action.FIRST_COPY, Action.DEATH_ANNULLED), ask_again=True)


def test_an_annulled_number_lifts_no_protection_that_went_ahead_of_the_first_copy() -> None:
    ahead = replace(unverified("ANNA"), register=replace(unverified("ANNA").register, protection=PROTECTED))
    copy = decide(silence_by_status(person("ANNA", status=Status.ANNULLED)), ahead, as_of=TONIGHT)
    assert isinstance(copy, Change)
    assert (copy.actions, copy.after.protection) == ((Action.FIRST_COPY,), PROTECTED)
    assert copy.review == "number.annulled"


def test_the_nights_look_up_lifts_the_protection_that_went_ahead_of_the_first_copy_and_it_counts() -> None:
    assert decide(dies(person("ANNA")), AHEAD, as_of=LOOKED_UP) == AskRegister()
    lifted = decide(dies(person("ANNA")), AHEAD, as_of=LOOKED_UP, protection_end=ProtectionEnd.CONFIRMED)
    actions = (Action.FIRST_COPY, Action.UNPROTECT)
    assert lifted == Change(dies(person("ANNA")), actions, (Harm.PROTECTION_LIFTED,))
    assert lifted.stops_letters
    silent = decide(person("ANNA", protection=SILENT), AHEAD, as_of=LOOKED_UP)
    assert silent == Change(anna(PROTECTED), (Action.FIRST_COPY, Action.DEATH_ANNULLED))


# -- what goes through of a parked snapshot --------------------------------------------------------------------


def parked(key: str, **deviations: Any) -> Person:
    """A snapshot that cannot be decided: her name is gone."""
    return replace(person(key), name=EMPTY, **deviations)


def test_letters_to_the_dead_stop_though_the_rest_of_her_is_parked() -> None:
    """Decision 3; CPR status 90."""
    dead = silence_by_status(parked("ANNA", status=Status.DEAD))
    assert decide(dead, patron("ANNA"), as_of=TONIGHT) == Parked("name.lost")
    through = protective_part_while_parked(dead, patron("ANNA"))
    assert through == Change(person("ANNA"), (Action.STOP_LETTERS,))
    # behind a brake as well
    assert protective_part(through, patron("ANNA")) == through


def test_of_a_protected_death_that_is_parked_both_go_through() -> None:
    dead = silence_by_status(parked("ANNA", status=Status.DEAD, protection=PROTECTED))
    through = protective_part_while_parked(dead, patron("ANNA"))
    assert through == Change(anna(PROTECTED), (Action.PROTECT, Action.STOP_LETTERS))


@pytest.mark.parametrize("row", ["protection-parked"])
@pytest.mark.parametrize("record", [patron("ANNA"), unverified("ANNA")], ids=["known", "new"])
def test_a_protection_goes_through_though_the_rest_of_her_is_parked(record: Patron, row: str) -> None:
    """Also when nothing else of her could be read."""
    after = replace(record.register, protection=PROTECTED)
    for told in (parked("ANNA", protection=PROTECTED), Person(record.number, protection=PROTECTED)):
        assert protective_part_while_parked(told, record) == Change(after, (Action.PROTECT,)), row


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(replace(patron("ANNA"), register=dies(person("ANNA"))), id="dead already"),
        pytest.param(replace(patron("ANNA"), letters_stopped=TONIGHT.day), id="letters stopped already"),
    ],
)
def test_a_parked_death_that_stops_nothing_new_writes_nothing(record: Patron) -> None:
    assert protective_part_while_parked(silence_by_status(parked("ANNA", status=Status.DEAD)), record) is None


@pytest.mark.parametrize("event", [moves, emigrates, loses_protection])
def test_nothing_else_of_a_parked_snapshot_goes_through(event: Any) -> None:
    assert protective_part_while_parked(replace(event(person("PIA")), name=EMPTY), patron("PIA")) is None


STOPPED = replace(patron("ANNA"), letters_stopped=TONIGHT.day)


def test_whose_letters_a_parked_death_stopped_gets_them_again_when_she_is_told_as_living() -> None:
    again = decide(person("ANNA"), STOPPED, as_of=TONIGHT)
    assert again == Change(person("ANNA"), (Action.DEATH_ANNULLED,))
    assert again.resumes_letters


def test_what_else_is_told_of_her_is_applied_too() -> None:
    again = decide(moves(person("ANNA")), STOPPED, as_of=TONIGHT)
    assert isinstance(again, Change)
    assert (again.after, again.actions[-1]) == (moves(person("ANNA")), Action.DEATH_ANNULLED)


def test_a_file_that_waited_behind_the_death_does_not_annul_it() -> None:
    record = replace(STOPPED, letters_stopped=TONIGHT.day + timedelta(days=1))
    assert decide(person("ANNA"), record, as_of=TONIGHT) == EQUAL


def test_a_question_to_the_register_comes_first() -> None:
    record = replace(patron("PIA"), letters_stopped=TONIGHT.day)
    now = loses_protection(person("PIA"))
    assert decide(now, record, as_of=TONIGHT) == AskRegister()
    kept = decide(now, record, as_of=TONIGHT, protection_end=ProtectionEnd.UNANSWERED)
    assert kept == Change(person("PIA"), (Action.DEATH_ANNULLED,), ask_again=True)
    # the two contradict each other, and she lives all the same
    denied = decide(now, record, as_of=TONIGHT, protection_end=ProtectionEnd.DENIED)
    assert denied == Change(person("PIA"), (Action.DEATH_ANNULLED,), ask_again=True, review="protection.contradicted")


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(dies(person("ANNA")), id="dead"),
        pytest.param(silence_by_status(person("ANNA", status=Status.ANNULLED)), id="her number is annulled"),
        pytest.param(person("ANNA", status=SILENT), id="no status"),
    ],
)
def test_no_letter_goes_out_again_to_someone_of_whom_nobody_says_that_she_lives(now: Person) -> None:
    decision = decide(now, STOPPED, as_of=TONIGHT)
    assert not (isinstance(decision, Change) and decision.resumes_letters)
    assert Action.DEATH_ANNULLED not in getattr(decision, "actions", ())
