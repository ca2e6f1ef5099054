"""Who looked somebody up is found by the patron that they became, by a number they had, and by a number of nobody's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY
from said_yes import erase
from test_access_rules import BOSS, WHO, look, look_up_strangers, stranger
from test_merging_patrons import BOTH, two_of_one
from test_number_change import replaced
from test_registering import register
from test_reviewing import number_of, reviews
from townspeople import cpr, person

from cprsync.domain.patron.local import Local
from cprsync.errors import BadInput
from cprsync.services.desk.access import WaitingForSupervisor, count_for_supervisor, explain_look_up
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.ports.patrons import NewPatron
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import list_changes, search_log
from cprsync.services.trust.citizen import citizen_of, citizen_report, searched_citizen_of
from cprsync.store.core.engine import stamp_of

if TYPE_CHECKING:
    from doubles import Library

    from cprsync.services.ports.trust.audit import Happening

OFFICER = "privacy"
WHY = "gik hjem efter sit pas"


def found(library: Library, typed: str | None = None) -> list[Happening]:
    """What the privacy officer finds of look-ups and of what was said of them, the earliest first."""
    wanted = AuditFilter(limit=500)
    wanted = wanted if typed is None else searched_citizen_of(library.store, typed).entries(wanted)
    entries = list(search_log(library.store, library.policy, wanted, user=OFFICER))
    at_the_desk = {"registration", None}
    return [one for one in reversed(entries) if one.what in {"lookup", "explained"} and one.why in at_the_desk]


def told(library: Library, typed: str) -> list[tuple[str, str | None]]:
    citizen = citizen_of(library.store, typed)
    report = citizen_report(library.store, citizen, organisation="Byens bibliotek", user=OFFICER)
    assert WHO not in repr(report)
    return [(one.what, one.why) for one in report.looks if one.why == "registration"]


def test_the_look_up_that_registered_somebody_is_theirs(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    edith = register(library, "EDITH")["patron"]
    for typed in (None, edith, cpr("EDITH").digits):
        (entry,) = found(library, typed)
        assert (entry.what, entry.why, entry.who, entry.patron) == ("lookup", "registration", WHO, edith)
    assert told(library, edith) == [("lookup", "registration")] == told(library, cpr("EDITH").digits)
    # nobody else's log has it, and neither has the list of what was done to the record
    assert found(library, library.id_of("ANNA")) == []
    assert told(library, library.id_of("ANNA")) == []
    assert "lookup" not in {one.what for one in list_changes(library.store, library.policy, edith, most=100)}


def test_a_citizen_hears_when_they_were_looked_up_and_not_when_a_clock_that_was_ahead_was_passed(
    library: Library,
) -> None:
    now = library.clock.moment
    library.clock.moment += timedelta(days=30)
    look_up_strangers(library, 1)
    library.clock.moment = now
    library.register.knows(person("EDITH"))
    citizen = citizen_of(library.store, register(library, "EDITH")["patron"])
    report = citizen_report(library.store, citizen, organisation="Byens bibliotek", user=OFFICER)
    assert {one.at for one in report.looks} == {stamp_of(now)}


def test_somebody_who_became_no_patron_is_found_by_the_number_with_the_reason(either_library: Library) -> None:
    library = either_library
    look_up_strangers(library, 2)
    (first, _) = library.store.access.open_looks(WHO)
    explain_look_up(library.store, first.seq, user=WHO, reason=WHY)
    entries = found(library, stranger(0).number.digits)
    assert [(one.what, one.patron, one.reason) for one in entries] == [
        ("lookup", None, None),
        ("explained", None, WHY),
    ]
    assert [one.what for one in found(library, stranger(1).number.digits)] == ["lookup"]
    assert told(library, stranger(0).number.digits) == [("lookup", "registration")]


def test_a_look_up_from_before_the_record_follows_the_patron_to_their_next_number(either_library: Library) -> None:
    library = either_library
    old, new = cpr("EDITH"), stranger(1).number
    library.register.knows(person("EDITH"))
    edith = register(library, "EDITH")["patron"]
    library.register.knows(stranger(1))
    library.deliver(MONDAY, replaced(old, new), stranger(1))
    library.night()
    assert library.store.patrons.read([edith])[0].number == new
    for typed in (None, edith, old.digits, new.digits):
        assert [(one.patron, one.why) for one in found(library, typed)] == [(edith, "registration")]
    assert told(library, edith) == [("lookup", "registration")]


def test_whoever_was_merged_is_told_what_was_looked_up_of_both(either_library: Library) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    look(library, cpr("ANNA"))
    look(library, cpr("CLARA"))
    before = {one.patron for one in found(library, keeps)}
    reviews(library).accept(number_of(library, BOTH))
    assert before == {keeps}
    assert (
        {one.patron for one in found(library, keeps)}
        == {closes, keeps}
        == {one.patron for one in found(library, cpr("ANNA").digits)}
    )
    assert told(library, keeps).count(("lookup", "registration")) == 2


def test_somebody_who_was_erased_hears_by_their_patron_number_who_looked(either_library: Library) -> None:
    """The entries stay as long as the log: so does the answer, also when nothing is left of the record."""
    library = either_library
    look(library, cpr("ANNA"))
    anna = library.id_of("ANNA")
    before = told(library, anna)
    erase(LeavingDesk(library, BOSS), anna)
    library.deliver(MONDAY)
    library.night()
    assert library.store.views.patron(anna) is None
    assert before == told(library, anna) == [("lookup", "registration")]
    everything = library.everything()
    with pytest.raises(BadInput):
        citizen_of(library.store, "99999999")
    assert library.everything() == everything


def test_a_supervisor_sees_which_patron_a_sample_is_about_and_counts_none_of_their_own(either_library: Library) -> None:
    library = either_library
    look_up_strangers(library, 2)
    library.register.knows(person("EDITH"))
    look(library, cpr("EDITH"), user=BOSS)
    for one in [*library.store.access.open_looks(WHO), *library.store.access.open_looks(BOSS)]:
        explain_look_up(library.store, one.seq, user=one.user, reason=WHY)
    assert [one.patron_id for one in library.store.access.samples()] == [None, None, None]
    # somebody else registers the second of them
    library.store.imports.take_patrons([NewPatron(stranger(1).number, Local())])
    patron = library.store.patrons.find(stranger(1).number)
    assert patron is not None
    assert [one.patron_id for one in library.store.access.samples()] == [None, patron, None]
    now = library.clock.now()
    assert count_for_supervisor(library.store, user=BOSS, now=now) == WaitingForSupervisor(2, 0)
    assert count_for_supervisor(library.store, user=WHO, now=now) == WaitingForSupervisor(1, 0)


def test_a_number_in_no_form_searches_nothing_and_a_record_that_is_gone_is_searched_by_its_number(
    library: Library,
) -> None:
    before = library.everything()
    with pytest.raises(BadInput):
        searched_citizen_of(library.store, "nobody")
    assert library.everything() == before
    assert searched_citizen_of(library.store, "9999 9999").patron_id == "99999999"
