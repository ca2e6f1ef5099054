"""What keeps a patron shut counts as long as the audit has it, whatever somebody writes in the database past us.

The day of a protection, a window, a parked item and the question that its answer asks: the check of the audit names
each that was altered or taken away, with table and patron, and the next night begins by putting it back.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, Library, unreadable
from test_bound_rows import do, told
from test_number_change import register_of
from test_responsibles import add, end, take_minors
from test_waiting_protection import WAYS
from test_window_nights import document, windows
from townspeople import PROTECTED, gains_protection, person

from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.errors import RegisterUnavailable
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.ports.trust.audit import EVERY_RECORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.services.night.report import Report

DAYS = {
    "UPDATE patron SET protected_on = NULL": "gone",
    "UPDATE patron SET protected_on = '2020-01-01' WHERE protected_on IS NOT NULL": "altered",
}


def named(library: Library) -> list[str]:
    """What the check of the audit says, in English."""
    return [str(one) for one in library.store.audit.check().problems]


def shut_again(report: Report) -> list[str]:
    """The patron of each problem that the night's report has: the night says that it has put it back."""
    problems = report.document()["audit"]["problems"]
    assert all("this night has put it back" in one["message"] for one in problems)
    return [one["values"]["row"]["values"]["patron"] for one in problems]


# -- the day of a protection -------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", DAYS)
@pytest.mark.parametrize("happens", WAYS)
def test_a_protection_whose_day_somebody_moves_in_the_database_opens_in_no_night(
    either_library: Library, happens: Callable[[Library], None], statement: str
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    happens(library)
    library.one_night()
    assert told(library) == []
    do(library, statement)
    assert told(library) == [("protected", patron, DAYS[statement])]
    assert all("patron.protected_on" in one and patron in one for one in named(library))
    report = library.one_night()
    assert shut_again(report) == [patron]
    assert register_of(library, patron).protection is PROTECTED
    library.one_night()
    assert register_of(library, patron).protection is PROTECTED
    assert told(library) == []


# -- windows -----------------------------------------------------------------------------------------------

NO_WINDOW = "UPDATE patron SET unverified_since = NULL, unverified_why = NULL, unverified_until = NULL"
WINDOWS = {
    NO_WINDOW: "gone",
    f"{NO_WINDOW}, unverified_asked = NULL": "gone",
    "UPDATE patron SET unverified_since = NULL": "gone",
    "UPDATE patron SET unverified_until = '2020-01-01'": "altered",
    "UPDATE patron SET unverified_why = 'asked' WHERE unverified_why IS NOT NULL": "altered",
    "UPDATE patron SET unverified_why = NULL": "altered",
    "UPDATE patron SET unverified_until = NULL": "altered",
}


@pytest.mark.parametrize("statement", WINDOWS)
def test_a_window_that_somebody_closes_in_the_database_is_open_again_after_the_next_night(
    either_library: Library, statement: str
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    library.register.down = RegisterUnavailable("no answer")
    before = windows(library)
    do(library, f"{statement}{' AND' if 'WHERE' in statement else ' WHERE'} id = '{patron}'")
    assert told(library) == [("window", patron, WINDOWS[statement])]
    assert all("patron.unverified_since" in one and patron in one for one in named(library))
    assert shut_again(library.one_night()) == [patron]
    assert windows(library) == before
    assert told(library) == []


@pytest.mark.parametrize("word", ["asked", None])
def test_a_window_with_a_reason_that_nobody_knows_stays_open_and_stops_nobody(
    either_library: Library, word: str | None
) -> None:
    """Each write of the patron, and each night, ended in a traceback."""
    library, patron = either_library, either_library.id_of("ANNA")
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    do(library, "UPDATE patron SET unverified_why = :word WHERE id = :id", id=patron, word=word)
    assert document(library, patron)["verified"] is False
    assert library.store.windows.counts() == {"requested": len(library.rows("patron"))}
    assert patron in library.store.windows.to_ask(10)
    library.enrol("ANNA")
    library.register.knows(*map(person, ("ANNA", "BO", "CLARA", "DAVID")))
    library.deliver(MONDAY)
    assert shut_again(library.one_night()) == [patron]
    assert windows(library) == {}
    assert told(library) == []


def test_windows_that_open_last_longer_and_close_have_their_entries(either_library: Library) -> None:
    library = either_library
    library.register.knows(*map(person, ("ANNA", "BO", "CLARA", "DAVID")))
    library.deliver(MONDAY)
    library.one_night()
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    until = {row["unverified_until"] for row in library.rows("patron")}
    library.deliver(TUESDAY)
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    assert {row["unverified_until"] for row in library.rows("patron")} != until
    assert told(library) == []
    library.one_night()
    assert windows(library) == {}
    assert told(library) == []


# -- what parks --------------------------------------------------------------------------------------------

PARKED = {
    "UPDATE review_item SET state = 'settled'": "gone",
    "UPDATE review_item SET state = 'accepted'": "gone",
    "UPDATE review_item SET kind = 'block.dead'": "gone",
    "UPDATE review_item SET patron_id = :other": "altered",
    "UPDATE review_item SET about = :other": "altered",
    "DELETE FROM review_item": "gone",
}


@pytest.fixture
def parked(either_library: Library) -> Library:
    library = either_library
    library.deliver(MONDAY, unreadable("ANNA", "address.street"))
    library.one_night()
    assert library.view("ANNA").parked
    assert told(library) == []
    return library


@pytest.mark.parametrize("statement", PARKED)
def test_a_parked_item_that_somebody_ends_in_the_database_waits_again_after_the_next_night(
    parked: Library, statement: str
) -> None:
    patron, (before,) = parked.id_of("ANNA"), parked.rows("review_item")
    do(parked, statement, **({"other": parked.id_of("BO")} if ":other" in statement else {}))
    assert told(parked) == [("parked", str(before["id"]), PARKED[statement])]
    assert all("review_item" in one and patron in one for one in named(parked))
    assert shut_again(parked.one_night()) == [patron]
    (after,) = parked.rows("review_item")
    assert after | {"opened": before["opened"], "run_id": before["run_id"]} == before
    assert parked.view("ANNA").parked
    assert told(parked) == []
    assert shut_again(parked.one_night()) == []


@pytest.mark.parametrize("statement", ["DELETE FROM follow_up", "UPDATE follow_up SET patron_id = :other"])
def test_a_question_whose_answer_is_to_open_a_patron_is_asked_although_somebody_takes_it_away_in_the_database(
    parked: Library, statement: str
) -> None:
    library, patron = parked, parked.id_of("ANNA")
    (item,) = parked.rows("review_item")
    StaffReviews(library, "anna").accept(item["id"])
    (question,) = library.rows("follow_up")
    assert library.view("ANNA").parked
    assert told(library) == []
    do(library, statement, **({"other": library.id_of("BO")} if ":other" in statement else {}))
    assert not library.view("ANNA").parked
    assert told(library) == [("question", f"{patron}|{question['kind']}", "gone")]
    assert all("follow_up" in one and patron in one for one in named(library))
    library.register.down = RegisterUnavailable("no answer")
    assert shut_again(library.one_night()) == [patron]
    assert library.view("ANNA").parked
    assert told(library) == []


def test_nobody_misses_a_parked_item_that_staff_answer_and_the_register_settles(parked: Library) -> None:
    library, (item,) = parked, parked.rows("review_item")
    reviews = StaffReviews(library, "anna")
    reviews.reject(item["id"], reason="en prøve")
    assert told(library) == []
    reviews.reopen(item["id"], reason="en prøve")
    assert told(library) == []
    reviews.accept(item["id"])
    assert told(library) == []
    library.register.knows(person("ANNA"))
    assert shut_again(library.one_night()) == []
    assert not library.view("ANNA").parked
    assert told(library) == []


# -- whom the register tells of ----------------------------------------------------------------------------

ENDED = {
    "an end": "UPDATE subscription SET until = '2020-01-01'",
    "an end to come": "UPDATE subscription SET until = '2099-01-01'",
    "as of somebody dead": "UPDATE subscription SET until = '2020-01-01', reason = 'dead'",
    "as of somebody long dead": "UPDATE subscription SET until = '2020-01-01', reason = 'died'",
}


@pytest.mark.parametrize("statement", ENDED.values(), ids=ENDED)
def test_a_patron_whose_subscription_somebody_ends_in_the_database_stays_subscribed_at_the_register(
    either_library: Library, statement: str
) -> None:
    """No delivery would tell of a protection any more, and nobody would miss it."""
    library, patron = either_library, either_library.id_of("ANNA")
    before = library.rows("subscription")
    do(library, f"{statement} WHERE patron_id = :id", id=patron)
    assert told(library) == [("subscription", patron, "ended")]
    assert all("(subscription.until) was ended" in one and patron in one for one in named(library))
    assert shut_again(library.one_night()) == [patron]
    assert library.register.unsubscribed == []
    assert library.rows("subscription") == before
    assert told(library) == []
    assert shut_again(library.one_night()) == []


CHAIN = {
    "UPDATE agreement SET last_produced = '2099-01-01'": "altered",
    # the day of a delivery that has not come yet: it would count as one that was taken
    "UPDATE agreement SET last_produced = '2027-03-23'": "altered",
    "UPDATE agreement SET last_produced = NULL": "gone",
}


@pytest.mark.parametrize("statement", CHAIN)
def test_a_delivery_is_taken_although_the_database_says_that_it_was(either_library: Library, statement: str) -> None:
    """Each delivery up to that day was passed over, and the nights ended well."""
    library = either_library
    library.deliver(MONDAY)
    library.one_night()
    assert told(library) == []
    do(library, statement)
    (agreement,) = library.rows("agreement")
    assert told(library) == [("chain", agreement["id"], CHAIN[statement])]
    assert all("agreement.last_produced" in one for one in named(library))
    library.deliver(TUESDAY, gains_protection(person("ANNA")))
    report = library.one_night()
    assert len(shut_again(report)) == 1
    assert register_of(library, library.id_of("ANNA")).protection is PROTECTED
    assert library.store.inbox.last_produced() == TUESDAY
    assert told(library) == []
    assert shut_again(library.one_night()) == []


def test_an_accepted_audit_makes_no_delivery_count_as_taken(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY)
    library.one_night()
    do(library, "UPDATE agreement SET last_produced = '2099-01-01'")
    library.store.audit.accept(user="lisbeth", reason="en prøve")
    assert library.store.inbox.last_produced() == MONDAY
    assert told(library) == []
    library.deliver(TUESDAY, gains_protection(person("ANNA")))
    library.one_night()
    assert register_of(library, library.id_of("ANNA")).protection is PROTECTED


def test_a_patron_whom_the_number_of_their_record_does_not_find_is_named(either_library: Library) -> None:
    """No delivery would find the patron, and a protection would be told of somebody who is not ours."""
    library, patron = either_library, either_library.id_of("ANNA")
    do(library, "UPDATE patron SET number_index = :index WHERE id = :id", id=patron, index=b"another")
    (problem,) = library.store.audit.check(records=EVERY_RECORD).problems
    assert (problem.values["patron"], "patron.number_index" in str(problem)) == (patron, True)


def test_a_patron_of_whom_no_delivery_is_news_is_named(either_library: Library) -> None:
    """With a day to come in its row, each delivery is older than the record: a protection would never arrive."""
    library, patron = either_library, either_library.id_of("ANNA")
    assert not library.store.audit.check(records=EVERY_RECORD).problems
    do(library, "UPDATE patron SET as_of_day = :day WHERE id = :id", id=patron, day=date(2099, 1, 1))
    (problem,) = library.store.audit.check(records=EVERY_RECORD).problems
    assert (problem.values["patron"], "patron.as_of_day" in str(problem)) == (patron, True)


# -- who answers for a minor -------------------------------------------------------------------------------

LINKS = {
    "DELETE FROM responsible": "gone",
    "UPDATE responsible SET until = '2020-01-01'": "gone",
    "UPDATE responsible SET since = '2020-01-01'": "altered",
}


@pytest.mark.parametrize("statement", LINKS)
def test_a_link_that_somebody_ends_in_the_database_is_in_force_again_after_the_next_night(
    either_library: Library, statement: str
) -> None:
    """The link to somebody protected hides the address of the minor (decision 2)."""
    library = either_library
    take_minors(library)
    add(library, "LIV", "ANNA")
    minor, responsible = library.id_of("LIV"), library.id_of("ANNA")
    before = library.rows("responsible")
    do(library, statement)
    assert told(library) == [("link", f"{minor}|{responsible}", LINKS[statement])]
    assert all("(responsible)" in one and minor in one for one in named(library))
    assert shut_again(library.one_night()) == [minor]
    assert library.rows("responsible") == before
    assert told(library) == []


def test_a_link_that_somebody_writes_in_the_database_is_named_and_ends_with_the_audits_acceptance(
    either_library: Library,
) -> None:
    """Letters about the debts of the minor would go to that person."""
    library = either_library
    take_minors(library)
    minor, other = library.id_of("LIV"), library.id_of("BO")
    columns = "INSERT INTO responsible (agency, patron_id, responsible_id, since)"
    do(library, f"{columns} VALUES (:agency, :minor, :other, '2020-01-01')", agency=AGENCY, minor=minor, other=other)
    assert told(library) == [("link", f"{minor}|{other}", "added")]
    library.store.audit.accept(user="lisbeth", reason="en prøve")
    assert library.rows("responsible") == []
    assert told(library) == []


def test_links_that_are_made_resumed_and_ended_have_their_entries(either_library: Library) -> None:
    library = either_library
    take_minors(library)
    add(library, "LIV", "ANNA")
    assert told(library) == []
    end(library, "LIV", "ANNA")
    assert told(library) == []
    add(library, "LIV", "ANNA")
    library.store.leaving.leave(library.id_of("LIV"), user="lisbeth")
    assert told(library) == []


# -- how long ----------------------------------------------------------------------------------------------


def test_what_keeps_somebody_shut_counts_on_when_its_entry_has_passed_its_retention_period(
    either_library: Library,
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    do(library, "UPDATE patron SET unverified_since = NULL WHERE id = :id", id=patron)
    library.clock.moment += (TUESDAY - MONDAY) * 2000
    while library.store.retention.forget(None, Forgotten.LOG, library.policy, on=library.clock.now().date(), limit=500):
        pass
    assert told(library) == [("window", patron, "gone")]
    assert set(windows(library).values()) == {WindowReason.REQUESTED.value}


@pytest.mark.parametrize("erased", [False, True], ids=["left", "erased"])
def test_nobody_misses_the_window_or_the_protection_of_a_patron_who_is_gone(
    either_library: Library, erased: bool
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    WAYS[0](library)
    library.one_night()
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    assert [row["protected_on"] for row in library.rows("patron") if row["id"] == patron] != [None]
    if erased:
        library.store.erasing.erase(patron, user="lisbeth")
    else:
        library.store.leaving.leave(patron, user="lisbeth")
    assert told(library) == []
    library.one_night()
    library.one_night()
    assert told(library) == []
