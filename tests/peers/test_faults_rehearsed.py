"""Each plain fault seen in other systems of this kind, shown not to be ours: the use case, with doubles around it.

The table is in test_faults_seen_in_peers; here is what would take too many people, too many nights or a kill by hand
on the command line.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, FeedDouble, Library, unowned
from sqlalchemy import select
from test_reconcile import generated
from town import PEOPLE
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person

from cprsync.domain.patron.local import Card, Local
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Contact, Person, Status, silence_by_status
from cprsync.domain.policy.policy import Harm
from cprsync.errors import RegisterRefused, RegisterUnavailable
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.tables import subscription

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.services.ports.deliveries import WaitingFile

#: More nights than anybody's retries.
NIGHTS = [MONDAY + timedelta(days=week * 7 + day) for week in range(3) for day in range(3)]


def test_an_empty_subscription_list_ends_none_of_more_than_a_batch(new_library: Library) -> None:
    """MOX: of 5,000 subscriptions 5,000 were removed, exit 0."""
    library, numbers = new_library, generated(library_size := 600)
    assert library_size > library.batch
    library.store.imports.take_patrons(
        [NewPatron(one, Local(cards=(Card(f"K{at}"),))) for at, one in enumerate(numbers)]
    )
    library.register.knows(*(person("ANNA", number=one) for one in numbers))
    assert library.one_night().document()["subscriptions"]["added"] == library_size
    rows = ours(library)
    library.register.listed.clear()
    report = library.one_night()
    assert (report.exit_code, report.state) == (5, "held")
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == [(Harm.UNSUBSCRIBED, library_size, 0)]
    assert (library.register.unsubscribed, ours(library)) == ([], rows)
    assert library.register.listed == set(numbers), "all are added again"
    assert library.one_night().exit_code == 0
    assert (library.register.unsubscribed, ours(library)) == ([], rows)


def ours(library: Library) -> list[Any]:
    """Our side of the subscriptions, as it stands in the table."""
    row = subscription.c
    with library.engine.connect() as connection:
        return list(
            connection.execute(select(row.number_index, row.reason, row.since, row.until).order_by(row.number_index))
        )


class BrokenFeed(FeedDouble):
    """A server that breaks off."""

    def waiting(self) -> list[WaitingFile]:
        raise RegisterUnavailable("the connection to the SFTP server broke", kind="sftp.broken")


def test_a_download_that_fails_is_not_exit_0(library: Library) -> None:
    """MOX."""
    before = unowned(library.everything())
    library.deliver(MONDAY, moves(person("ANNA")))
    report = library.one_night_with(feed=BrokenFeed())
    assert (report.exit_code, report.error and report.error.kind) == (4, "sftp.broken")
    assert (unowned(library.everything()), library.store.inbox.last_produced()) == (before, FRIDAY)
    assert library.night().document()["actions"] == {"move": 1}


def test_an_annulled_death_gives_back_letters_and_net_media(library: Library) -> None:
    """EV: an annulled death was ignored."""
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    assert library.view("ANNA").patron.letters_stopped is not None
    library.deliver(TUESDAY, person("ANNA"))
    report = library.night()
    assert (report.exit_code, report.document()["actions"]) == (0, {"death_annulled": 1})
    assert (library.record("ANNA"), library.view("ANNA").patron.letters_stopped) == (person("ANNA"), None)
    assert [told for _, told in library.outbox("ANNA")] == ["751", "", "751"]


def test_an_old_number_stays_until_the_new_one_was_delivered_and_is_then_let_go_for_good(library: Library) -> None:
    """CM, decision 6: only the old number is delivered at first."""
    old, new = cpr("ANNA"), CprNumber.parse(PEOPLE["ANNA"]["next_numbers"][0])
    anna, replaced = (
        person("ANNA", number=new),
        silence_by_status(Person(old, status=Status.CHANGED, current_number=new)),
    )
    library.register.knows(anna)
    library.deliver(MONDAY, replaced)
    library.night()
    assert {old, new} <= library.register.listed
    library.register.subscribed.clear()
    library.deliver(TUESDAY, anna)
    library.night()
    library.deliver(WEDNESDAY, moves(anna), replaced)
    library.night()
    assert (old in library.register.listed, library.register.unsubscribed) == (False, [old])
    assert library.register.subscribed == []


def test_a_question_without_an_answer_is_asked_and_told_every_night(library: Library) -> None:
    """CB: items past their retries went idle, and nobody saw it."""
    library.strict = False
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(person("BO")))
    for day in NIGHTS:
        library.clock.set_after(day)
        library.register.looked_up.clear()
        report = library.one_night()
        assert (report.exit_code, library.register.looked_up) == (4, [cpr("BO")])
    library.register.failures.clear()
    library.register.knows(loses_protection(person("BO")))
    library.deliver(NIGHTS[-1], person("ANNA"))
    assert library.night().actions_outside == {"unprotect": 1}


def test_a_refused_subscription_is_told_every_night(library: Library) -> None:
    """CB: the first night leaves it to a person, and each later one says that it still waits."""
    library.strict = False
    library.enrol("HENRIK")
    library.register.refuses_to_subscribe[cpr("HENRIK")] = RegisterRefused("no", kind="register.refused")
    told = []
    for day in NIGHTS:
        library.deliver(day)
        report = library.one_night()
        told.append((report.exit_code, report.counts.left, dict(report.reasons)))
        assert report.document()["reviews"]["kinds"] == {"parked.register.refused": 1}
    first, *later = told
    assert first == (3, 1, {"register.refused": 1})
    assert later == [(0, 0, {})] * len(later)


def test_what_waits_to_be_sent_is_told_every_night(library: Library) -> None:
    """CB: where no way to the net media is set up nothing is sent, and nothing given up."""
    library.strict = False
    for day in NIGHTS:
        library.deliver(day)
        published = library.night().document()["published"]
        assert {name: published[name] for name in ("sent", "waiting", "failed")} == {
            "sent": 0,
            "waiting": 4,
            "failed": 0,
        }
        assert published["oldest"] is not None


@pytest.mark.parametrize("how", ["undecided", "unknown"])
def test_who_waits_for_a_person_is_told_every_night(how: str, library: Library, tmp_path: Path) -> None:
    """CB: parked on Monday, by a delivery or by a look-up that knows nobody, and still so on Tuesday.

    Whatever the report says of it, it is not what it says where nobody waits.
    """
    library.enrol("HENRIK")
    twin = library.copy(tmp_path / "twin")
    twin.register.knows(person("HENRIK"))
    library.register.knows(*([person("HENRIK")] if how == "undecided" else []))
    told = []
    for one, anna_now in ((library, person("ANNA", address=SILENT)), (twin, person("ANNA"))):
        one.deliver(MONDAY, anna_now if how == "undecided" else person("ANNA"))
        one.one_night()
        one.deliver(TUESDAY)
        document = one.one_night().document()
        told.append(
            {key: value for key, value in document.items() if key not in {"seconds", "published", "deliveries"}}
        )
    assert (len(library.reviews()), len(twin.reviews())) == (1, 0)
    twin.engine.dispose()
    assert told[0] != told[1]
    assert [one["reviews"]["waiting"] for one in told] == [1, 0]


@pytest.mark.parametrize("group", ["name", "birth", "address", "protection", "contact"])
def test_a_silent_group_overwrites_nothing(group: str, library: Library) -> None:
    """N2K, and decision 1: silence is not news."""
    known = gains_protection(person("BO", contact=Contact(("c/o Testesen", "Prøvevej 1", "", "", ""))))
    library.deliver(MONDAY, known)
    library.night()
    assert library.record("BO") == known
    silent: dict[str, Any] = {group: SILENT}
    library.deliver(TUESDAY, replace(known, **silent))
    library.night()
    assert library.record("BO") == known


def test_a_patron_whom_the_register_does_not_know_aborts_nothing(library: Library) -> None:
    """Koha, the other way round: her record stays, and the others go on."""
    library.enrol("HENRIK", "EDITH")
    library.register.knows(person("EDITH"))
    library.deliver(MONDAY, moves(person("ANNA")))
    report = library.night()
    assert (report.exit_code, report.reasons) == (3, {"register.no_such_person": 1})
    assert report.document()["actions"] == {"first_copy": 1, "move": 1}
