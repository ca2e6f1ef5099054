"""What a night decides for one patron: each kind of change, nothing new, what is too old, and what is parked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from people import (
    FRIDAY,
    LOOKED_UP,
    MONDAY,
    STORED,
    TONIGHT,
    corrects_her_birth_date,
    dies,
    emigrates,
    gains_protection,
    gets_a_contact_address,
    gets_her_first_name,
    having,
    loses_protection,
    moves,
    moves_abroad,
    nothing_happens_to,
    patron,
    person,
    renames,
    street,
    unverified,
)
from town import PEOPLE

from cprsync.domain.deciding.decide import Change, Parked, ProtectionEnd, Unchanged, WhyUnchanged, decide
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.canonical import abroad_of
from cprsync.domain.person.person import EMPTY, SILENT, Person, Status, merge, silence_by_status
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.patron.patron import Patron

    Event = Callable[[Person], Person]

RESIDENT = [key for key, raw in PEOPLE.items() if raw["status"] in {"01", "03", "05", "07"}]
A, H = Action, Harm
BY_DEATH = (H.ENTITLEMENT_LOST, H.GONE, H.CHANGED)


@pytest.mark.parametrize(
    ("key", "event", "actions", "harms"),
    [
        ("ANNA", moves, (A.MOVE,), (H.CHANGED,)),
        ("ANNA", lambda p: moves(p, "ODENSE"), (A.MOVE, A.MUNICIPALITY), (H.CHANGED,)),
        ("ANNA", renames, (A.RENAME,), (H.NAME_REPLACED, H.CHANGED)),
        ("ANNA", corrects_her_birth_date, (A.BIRTH_CORRECTED,), ()),
        ("UMULIG", corrects_her_birth_date, (A.BIRTH_CORRECTED,), ()),
        ("ANNA", gains_protection, (A.PROTECT,), ()),
        ("ANNA", gets_a_contact_address, (A.CONTACT,), ()),
        ("ANNA", emigrates, (A.EMIGRATE,), (H.ENTITLEMENT_LOST, H.GONE, H.CHANGED)),
        (
            "ANNA",
            lambda p: dies(gets_a_contact_address(p)),
            (A.CONTACT, A.DIE),
            (H.ENTITLEMENT_LOST, H.GONE, H.CHANGED),
        ),
        ("ANNA", dies, (A.DIE,), BY_DEATH),
        ("NAVNLOES", gets_her_first_name, (A.NAMED,), (H.CHANGED,)),
        ("UDREJST", moves_abroad, (A.ABROAD_CORRECTED,), ()),
        ("UDREJST", dies, (A.DIE,), (H.GONE,)),
        ("FORSVUNDET", dies, (A.DIE,), (H.GONE,)),
        ("FORSVUNDET", emigrates, (A.EMIGRATE,), (H.GONE,)),
        ("SKAT", dies, (A.DIE,), (H.GONE,)),
        ("RIKKE", lambda p: replace(gains_protection(p), address=street("HAVNEN")), (A.PROTECT, A.MOVE), (H.CHANGED,)),
    ],
)
def test_a_record_changes_when_a_patron(
    key: str, event: Event, actions: tuple[Action, ...], harms: tuple[Harm, ...]
) -> None:
    now = event(person(key))
    decision = decide(now, patron(key), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert (decision.actions, decision.harms) == (actions, harms)
    assert decision.after == merge(person(key), now)
    assert decision.review is None
    assert not decision.ask_again
    assert decision.stops_letters is (Action.DIE in actions)


def test_a_status_that_is_told_for_the_first_time_is_no_step_from_another() -> None:
    """A record that a look-up began may lack it."""
    decision = decide(person("ANNA"), patron("ANNA", status=SILENT), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert (decision.actions, decision.harms, decision.after) == ((Action.STATUS,), (), person("ANNA"))


@pytest.mark.parametrize(
    "event", [moves, renames, corrects_her_birth_date, gains_protection, gets_a_contact_address, emigrates, dies]
)
def test_the_second_run_of_a_night_does_nothing(event: Event) -> None:
    now = event(person("ANNA"))
    decision = decide(now, patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    written = replace(patron("ANNA"), register=decision.after, as_of=TONIGHT)
    assert decide(now, written, as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)


def test_protection_stands_before_the_address_among_what_is_done() -> None:
    order = list(Action)
    everything = replace(dies(renames(moves(gains_protection(person("ANNA"))))), address=street("ODENSE"))
    decision = decide(everything, patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert list(decision.actions) == sorted(decision.actions, key=order.index)
    assert decision.actions[0] is Action.PROTECT


def test_the_last_address_of_who_is_gone_stays_as_last_known() -> None:
    for gone in (dies, emigrates):
        decision = decide(gone(person("ANNA")), patron("ANNA"), as_of=TONIGHT)
        assert isinstance(decision, Change)
        assert decision.after.address == person("ANNA").address


# -- moved, or corrected ------------------------------------------------------------------------------------


def at(**deviations: str) -> Address:
    address = person("ANNA").address
    assert isinstance(address, Address)
    return replace(address, **deviations)  # type: ignore[arg-type]  # every deviation here is text


@pytest.mark.parametrize(
    ("events", "address", "kinds"),
    [
        ((), at(road="Uglestræde"), (A.ADDRESS_CORRECTED,)),
        ((), at(postcode="8001"), (A.ADDRESS_CORRECTED,)),
        (("A01",), at(co="c/o Frandsen"), (A.ADDRESS_CORRECTED,)),
        (("A42",), at(municipality="0752"), (A.ADDRESS_CORRECTED, A.MUNICIPALITY)),
        (("P10",), at(street_code="1105"), (A.ADDRESS_CORRECTED,)),
        (("A09",), at(house="16C"), (A.ADDRESS_CORRECTED,)),
        (("A07",), at(door="tv"), (A.ADDRESS_CORRECTED,)),
        (("A10",), at(house="1"), (A.ADDRESS_CORRECTED,)),
        (("A01",), at(house="16C"), (A.MOVE,)),
        ((), at(house="16C"), (A.MOVE,)),
        (("A33",), at(house="16C"), (A.MOVE,)),
        (("X99",), at(house="16C"), (A.MOVE,)),
        (("A01", "A09"), at(house="16C"), (A.MOVE,)),
        (("A07", "A04"), at(house="16C"), (A.MOVE,)),
        (("A42", "P31"), at(municipality="0752"), (A.MOVE, A.MUNICIPALITY)),
    ],
)
def test_an_event_names_the_kind_of_a_new_address_and_never_what_is_written(
    events: tuple[str, ...], address: Address, kinds: tuple[Action, ...]
) -> None:
    """Decision 7. The same door is never a move; another door is one unless only corrections are told."""
    decision = decide(replace(person("ANNA"), address=address, events=events), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == kinds
    assert decision.after.address == address


def test_a_first_known_address_is_no_move() -> None:
    """A record without an address, as one of before the register told of addresses."""
    decision = decide(person("ANNA"), patron("ANNA", address=SILENT), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.ADDRESS_CORRECTED, Action.MUNICIPALITY)


def test_there_and_back_within_one_delivery_is_nothing() -> None:
    back = replace(person("ANNA"), events=("A01", "A01", "A21", "A25"))
    assert decide(back, patron("ANNA"), as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)


def test_an_event_without_a_difference_changes_nothing() -> None:
    for events in (("A21",), ("A33",), ("P02",), ("unheard of",)):
        assert decide(replace(person("ANNA"), events=events), patron("ANNA"), as_of=TONIGHT) == Unchanged(
            WhyUnchanged.EQUAL
        )


# -- nothing new, and too old ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key, raw in PEOPLE.items() if raw["status"] not in {"30", "50", "60"}])
def test_a_person_as_the_record_has_her_changes_nothing(key: str) -> None:
    assert decide(nothing_happens_to(person(key)), patron(key), as_of=LOOKED_UP) == Unchanged(WhyUnchanged.EQUAL)


@pytest.mark.parametrize("group", ["name", "birth", "protection", "contact", "current_number"])
def test_a_group_left_out_changes_nothing(group: str) -> None:
    for key in ("ANNA", "HELLE"):
        silent = having(person(key), **{group: SILENT})
        assert decide(silent, patron(key), as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)


@pytest.mark.parametrize("key", ["ANNA", "UDREJST", "AFDOED", "SKAT"])
def test_a_person_of_whom_a_source_says_nothing_at_all_stays_as_she_is(key: str) -> None:
    assert decide(Person(person(key).number), patron(key), as_of=LOOKED_UP) == Unchanged(WhyUnchanged.EQUAL)


@pytest.mark.parametrize("group", ["name", "contact", "current_number"])
def test_none_where_another_source_said_nothing_is_nothing_new(group: str) -> None:
    """A look-up cannot say "no contact address"; the first file that can has no change to tell (decision 1)."""
    record = patron("NAVNLOES", **{group: SILENT})
    assert decide(having(person("NAVNLOES"), **{group: EMPTY}), record, as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)


def test_none_where_another_source_said_nothing_is_no_action_beside_a_real_change() -> None:
    decision = decide(moves(person("NAVNLOES")), patron("NAVNLOES", contact=SILENT, name=SILENT), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.MOVE,)
    assert (decision.after.contact, decision.after.name) == (EMPTY, EMPTY)


def test_a_contact_address_that_ends_is_a_change() -> None:
    decision = decide(replace(person("UDREJST"), contact=EMPTY), patron("UDREJST"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.CONTACT,)


@pytest.mark.parametrize(
    ("says", "stored", "is_older"),
    [
        (AsOf(FRIDAY, Source.FILE), AsOf(MONDAY, Source.FILE), True),
        (AsOf(FRIDAY, Source.FILE), AsOf(MONDAY, Source.LOOKUP), True),
        (AsOf(MONDAY, Source.LOOKUP), AsOf(MONDAY, Source.FILE), True),
        (AsOf(MONDAY, Source.FILE), AsOf(MONDAY, Source.LOOKUP), False),
        (AsOf(MONDAY, Source.FILE), AsOf(MONDAY, Source.FILE), False),
        (AsOf(MONDAY, Source.LOOKUP), AsOf(MONDAY, Source.LOOKUP), False),
        (AsOf(MONDAY, Source.LOOKUP), AsOf(FRIDAY, Source.FILE), False),
    ],
)
def test_older_never_overwrites_newer_and_on_equal_days_the_file_wins(
    says: AsOf, stored: AsOf, *, is_older: bool
) -> None:
    record = replace(patron("ANNA"), as_of=stored)
    decision = decide(moves(person("ANNA")), record, as_of=says)
    assert decision == Unchanged(WhyUnchanged.OLDER) if is_older else isinstance(decision, Change)


def test_older_is_said_of_what_could_not_be_decided_and_of_what_is_equal() -> None:
    record = replace(patron("ANNA"), as_of=TONIGHT)
    for old in (person("ANNA"), replace(person("ANNA"), address=SILENT), person("GAMMELNUMMER")):
        assert decide(old, record, as_of=STORED) == Unchanged(WhyUnchanged.OLDER)


# -- the first copy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key, raw in PEOPLE.items() if raw["status"] not in {"30", "50", "60"}])
@pytest.mark.parametrize("as_of", [TONIGHT, LOOKED_UP])
def test_the_first_copy_is_taken_whole_and_does_no_harm(key: str, as_of: AsOf) -> None:
    decision = decide(person(key), unverified(key), as_of=as_of)
    assert isinstance(decision, Change)
    assert decision.after == person(key)
    assert (decision.actions, decision.harms, decision.review) == ((Action.FIRST_COPY,), (), None)


def test_letters_stop_for_who_was_dead_when_we_first_heard_of_her() -> None:
    stops = {
        key: decision.stops_letters
        for key in ("ANNA", "UDREJST", "FORSVUNDET", "AFDOED")
        if isinstance(decision := decide(person(key), unverified(key), as_of=LOOKED_UP), Change)
    }
    assert stops == {"ANNA": False, "UDREJST": False, "FORSVUNDET": False, "AFDOED": True}


def test_letters_that_have_stopped_do_not_stop_again_when_the_dead_get_a_contact_address() -> None:
    decision = decide(gets_a_contact_address(person("AFDOED")), patron("AFDOED"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert not decision.stops_letters


# -- parked -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["DOBBELT", "GAMMELNUMMER"])
def test_a_replaced_number_that_leads_nowhere_is_parked(key: str) -> None:
    """Where a number leads is followed over the whole delivery; here it is known that it led nowhere."""
    assert decide(person(key), unverified(key), as_of=LOOKED_UP) == Parked("number.unresolved")
    assert decide(person(key), patron("ANNA"), as_of=TONIGHT) == Parked("number.unresolved")


@pytest.mark.parametrize("key", RESIDENT)
def test_a_resident_without_an_address_is_parked(key: str) -> None:
    homeless = replace(person(key), address=SILENT)
    assert decide(homeless, patron(key), as_of=TONIGHT) == Parked("address.missing")
    assert decide(homeless, unverified(key), as_of=LOOKED_UP) == Parked("address.missing")


@pytest.mark.parametrize("status", [Status.RESIDENT, Status.DEAD, SILENT])
def test_a_name_that_is_gone_is_parked(status: Status) -> None:
    nameless = replace(person("ANNA"), name=EMPTY, status=status)
    assert decide(nameless, patron("ANNA"), as_of=TONIGHT) == Parked("name.lost")


def test_a_first_copy_without_a_status_is_parked() -> None:
    assert decide(Person(person("ANNA").number), unverified("ANNA"), as_of=LOOKED_UP) == Parked("status.missing")


# -- from status to status ------------------------------------------------------------------------------------------

_ADDRESSED = ("01", "03", "05", "07")
_STATUSES = (*_ADDRESSED, "20", "30", "70", "80", "90")
_COMES = {"30": A.NUMBER_ANNULLED, "70": A.VANISH, "80": A.EMIGRATE, "90": A.DIE}
_LEAVES = {"30": A.NUMBER_RESTORED, "70": A.FOUND, "80": A.RETURN, "90": A.DEATH_ANNULLED}


def of_status(status: str) -> Person:
    """ANNA in that status, as a delivery carries her."""
    return silence_by_status(replace(person("ANNA"), status=Status(status), abroad=abroad_of("5120", ("Storgatan 1",))))


def after_step(record: Patron, status: str) -> tuple[tuple[Action, ...], Patron]:
    decision = decide(of_status(status), record, as_of=TONIGHT)
    assert isinstance(decision, Change), decision
    return decision.actions, replace(record, register=decision.after)


@pytest.mark.parametrize("there", [status for status in _STATUSES if status != "01"])
def test_every_status_can_be_undone_and_the_record_is_as_it_was(there: str) -> None:
    """Everything can be undone in the register (cpr-data G: A03, A04, A25, and corrections)."""
    before = patron("ANNA")
    went, gone = after_step(before, there)
    came, back = after_step(gone, "01")
    assert went == (_COMES.get(there, A.STATUS),)
    assert came == (_LEAVES.get(there, A.STATUS),)
    assert back == before


@pytest.mark.parametrize("before", _STATUSES)
@pytest.mark.parametrize("after", _STATUSES)
def test_no_step_between_two_statuses_is_left_to_a_person(before: str, after: str) -> None:
    record = patron("ANNA") if before == "01" else after_step(patron("ANNA"), before)[1]
    decision = decide(of_status(after), record, as_of=TONIGHT)
    if before == after:
        assert decision == Unchanged(WhyUnchanged.EQUAL)
    else:
        assert isinstance(decision, Change)
        assert decision.after.status is Status(after)
        assert decision.after.name == person("ANNA").name
        assert decision.actions


@pytest.mark.parametrize(
    ("before", "after", "actions"),
    [
        ("80", "90", (A.DIE,)),
        ("70", "90", (A.DIE,)),
        ("70", "80", (A.EMIGRATE,)),
        ("90", "80", (A.DEATH_ANNULLED, A.EMIGRATE)),
        ("90", "70", (A.DEATH_ANNULLED, A.VANISH)),
        ("90", "30", (A.NUMBER_ANNULLED,)),
        ("30", "90", (A.NUMBER_RESTORED, A.DIE)),
        ("30", "80", (A.NUMBER_RESTORED, A.EMIGRATE)),
        ("80", "20", (A.RETURN,)),
        ("90", "20", (A.DEATH_ANNULLED,)),
    ],
)
def test_a_death_and_an_annulment_are_named_even_when_another_step_undoes_them(
    before: str, after: str, actions: tuple[Action, ...]
) -> None:
    assert after_step(after_step(patron("ANNA"), before)[1], after)[0] == actions


@pytest.mark.parametrize("before", _STATUSES)
@pytest.mark.parametrize("after", _STATUSES)
def test_letters_go_out_again_only_when_a_death_is_undone(before: str, after: str) -> None:
    if before == after:
        return
    record = patron("ANNA") if before == "01" else after_step(patron("ANNA"), before)[1]
    decision = decide(of_status(after), record, as_of=TONIGHT)
    assert isinstance(decision, Change)
    undone = (before == "90" and after != "30") or (before == "30" and after != "90")
    assert decision.resumes_letters is undone
    assert decision.stops_letters is (after == "90")


def test_an_annulled_number_leaves_all_that_is_known_and_asks_a_person_to_look() -> None:
    decision = decide(of_status("30"), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.after == replace(person("ANNA"), status=Status.ANNULLED)
    assert (decision.review, decision.harms) == ("number.annulled", (H.GONE,))


def test_a_number_that_was_annulled_when_we_first_heard_of_it_is_taken_and_looked_at() -> None:
    decision = decide(person("ANNULLERET"), unverified("ANNULLERET"), as_of=LOOKED_UP)
    assert isinstance(decision, Change)
    assert (decision.actions, decision.review) == ((Action.FIRST_COPY,), "number.annulled")
    assert decision.after == replace(person("ANNULLERET"), contact=EMPTY)


def test_who_returns_to_another_address_has_moved_too() -> None:
    gone = after_step(patron("ANNA"), "80")[1]
    decision = decide(moves(person("ANNA")), gone, as_of=TONIGHT)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.MOVE, Action.RETURN)
    assert decision.after == moves(person("ANNA"))


def test_what_is_not_a_change_carries_none() -> None:
    """So that a person who is parked or unchanged leaves the record as it is."""
    for decision in (Parked("name.lost"), Unchanged(WhyUnchanged.EQUAL), Unchanged(WhyUnchanged.OLDER)):
        assert not hasattr(decision, "after")


def test_a_decision_prints_nothing_of_the_person() -> None:
    decision = decide(renames(moves(person("ANNA"))), patron("ANNA"), as_of=TONIGHT)
    assert "Aagaard" not in repr(decision)
    assert "Tovværkskajen" not in repr(decision)
    assert repr(patron("ANNA")) == "Patron(40817263)"
    assert repr(patron("ANNA").number) == "CprNumber(…)"


def test_the_registers_word_is_not_asked_for_where_no_protection_ends() -> None:
    now = moves(person("ANNA"))
    plain = decide(now, patron("ANNA"), as_of=TONIGHT)
    for word in ProtectionEnd:
        assert decide(now, patron("ANNA"), as_of=TONIGHT, protection_end=word) == plain
    assert decide(loses_protection(person("ANNA")), patron("ANNA"), as_of=TONIGHT) == Unchanged(WhyUnchanged.EQUAL)
