"""The report of a run: its shape, its exit code, and that it is the one that is stored."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, FRIDAY, MONDAY, TUESDAY, Library, unowned
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.domain.deciding.guard import Excess, Outcome
from cprsync.domain.policy.policy import Harm, RetentionDays
from cprsync.errors import (
    BalanceError,
    CertificateRefused,
    DeliveryLate,
    DeliveryRefused,
    PeerCertificateError,
    RegisterUnavailable,
)
from cprsync.language.errors import error_text
from cprsync.language.night import report_lines
from cprsync.services.night.report import Closing, Report, StageCounts
from cprsync.services.night.weighing import Planned
from cprsync.services.ports.deliveries import DeliveryLine
from cprsync.services.ports.runs import Run, Tally

if TYPE_CHECKING:
    from cprsync.catalogues import Language

RUN = Run(12, 3, TUESDAY, datetime(2027, 3, 23, 5, 30, tzinfo=UTC))
#: The keys of `sync` in commands.md; what is more is ours.
KEYS = {
    "run",
    "agency",
    "day",
    "state",
    "deliveries",
    "received",
    "applied",
    "unchanged",
    "parked",
    "not_ours",
    "held",
    "actions",
    "calendar",
    "subscriptions",
    "published",
    "brake",
    "plan",
    "seconds",
    "exit",
}
OURS = {
    "windows",
    "left_to_a_person",
    "overrides",
    "reviews",
    "let_through",
    "reasons",
    "sealed_by_silence",
    "clock_behind",
    "clock_unchecked",
    "forgotten",
    "leaving",
    "entitlements",
    "products",
    "targets",
    "net_media",
    "cards",
    "audit",
    "approval",
    "approved_by",
}
PARKED = Tally({Outcome.PARKED: 1}, {})


def test_the_document_has_the_agreed_keys_and_is_json(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), person("EDITH"))
    document: dict[str, Any] = json.loads(json.dumps(library.night().document()))
    assert set(document) == KEYS | OURS
    assert (document["run"], document["agency"], document["day"]) == (2, AGENCY, "2027-03-23")
    (delivery,) = document["deliveries"]
    assert set(delivery) == {"file", "produced", "previous", "sha256", "received", "outcome", "waits", "announced"}
    assert (delivery["produced"], delivery["previous"], delivery["received"]) == ("2027-03-22", "2027-03-19", 2)
    assert document["subscriptions"] == {"added": 0, "removed": 0, "kept": 4, "ended": 0, "unknown": 0}
    since = document["published"].pop("oldest")
    assert document["published"] == {"sent": 0, "waiting": 5, "failed": 0, "set_up": False}
    assert since.startswith("2027-03-20")
    assert (document["brake"], document["plan"]) == (None, [])


def test_the_stored_report_is_the_printed_one(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    report = library.night()
    stored = library.store.runs.document(report.run.id)
    assert stored is not None
    assert {key: stored[key] for key in KEYS | OURS if key != "state"} == {
        key: value for key, value in report.document().items() if key != "state"
    }
    assert [stored[key] for key in ("state", "resumed", "approved_by", "reverted_by")] == ["done", False, [], None]


def test_a_report_holds_no_number_name_or_street(library: Library) -> None:
    library.deliver(MONDAY, gains_protection(moves(person("ANNA"))), dies(person("CLARA")))
    written = json.dumps(library.night().document(), ensure_ascii=False)
    for key in ("ANNA", "CLARA"):
        for value in (cpr(key).digits, person(key).name.addressing, person(key).address.road):  # type: ignore[union-attr]  # known
            assert value not in written


@pytest.mark.parametrize(
    ("says", "exit_code", "state"),
    [
        ({}, 0, "nothing"),
        ({"counts": StageCounts(subscribed=1)}, 0, "done"),
        ({"counts": StageCounts(actions=Counter({"first_copy": 1}))}, 0, "done"),
        ({"counts": StageCounts(left=1)}, 3, "done"),
        ({"counts": StageCounts(to_review=1)}, 3, "nothing"),
        ({"closing": Closing(PARKED)}, 3, "nothing"),
        ({"error": DeliveryRefused("cut off")}, 1, "stopped"),
        ({"error": DeliveryRefused("cut off"), "counts": StageCounts(left=1)}, 1, "stopped"),
        ({"error": DeliveryLate("late")}, 4, "nothing"),
        ({"error": RegisterUnavailable("down"), "counts": StageCounts(left=1)}, 4, "done"),
        ({"error": PeerCertificateError("of another host")}, 2, "nothing"),
        ({"error": CertificateRefused("unknown")}, 2, "nothing"),
        ({"held": True, "planned": Planned(excess=(Excess(Harm.GONE, 21, 20),))}, 5, "held"),
        ({"held": True, "error": DeliveryRefused("a gap")}, 5, "held"),
    ],
)
def test_the_exit_code_says(says: dict[str, Any], exit_code: int, state: str) -> None:
    report = Report(RUN, AGENCY, **says)
    assert (report.exit_code, report.state) == (exit_code, state)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("da", "adresser forsvinder: 25, grænsen er 20; venter på personalet: 11, grænsen er 10"),
        ("en", "addresses lost: 25, the limit is 20; parked for a person: 11, the limit is 10"),
    ],
)
def test_a_night_that_limits_stop_names_them_in_the_readers_language(language: Language, words: str) -> None:
    excess = (Excess(Harm.ADDRESS_LOST, 25, 20), Excess(Harm.PARKED, 11, 10))
    failure = Report(RUN, AGENCY, held=True, planned=Planned(excess=excess)).failure
    assert failure is not None
    assert error_text(failure, language).endswith(f": {words}")


def test_a_balance_adds_up_or_fails() -> None:
    line = DeliveryLine("D270322.L123456", MONDAY, MONDAY, "", "applied", received=2)
    tally = Tally({Outcome.APPLIED: 1, Outcome.NOT_OURS: 1}, {"move": 1})
    Report(RUN, AGENCY, deliveries=[line], closing=Closing(tally)).check_balance()
    with pytest.raises(BalanceError):
        Report(RUN, AGENCY, deliveries=[replace(line, received=3)], closing=Closing(tally)).check_balance()


def test_only_what_was_applied_counts_as_received() -> None:
    lines = [
        DeliveryLine("one", MONDAY, MONDAY, "", outcome, received=5)
        for outcome in ("applied", "repeat", "older", "refused")
    ]
    assert Report(RUN, AGENCY, deliveries=lines).received == 5


def test_a_clock_that_went_back_is_told_and_no_day_is_lived_twice(either_library: Library) -> None:
    either_library.deliver(TUESDAY, person("ANNA"), previous=FRIDAY)
    assert either_library.night().document()["clock_behind"] is None
    lived = either_library.clock.today()
    either_library.clock.set_after(MONDAY)
    report = either_library.night()
    assert (report.exit_code, report.document()["clock_behind"]) == (0, lived.isoformat())
    assert report.calendar["days"] == 0
    assert any("URET: en tidligere nat var den" in line for line in report_lines(report.document(), "da"))
    either_library.clock.set_after(TUESDAY)
    assert either_library.night().document()["clock_behind"] is None


def test_a_clock_that_nobody_could_check_lives_one_day_and_deletes_nothing(either_library: Library) -> None:
    """A machine that starts without a network has neither the right time nor a register that could tell it."""
    library = either_library
    leaving = replace(library.policy, retention=RetentionDays(inactive_days=20))
    right, known, library.policy = library.clock.today(), library.everything(), leaving
    library.clock.moment += timedelta(days=31)
    library.register.down = RegisterUnavailable("no network")
    report = library.one_night_with(clock_is_checked=False)
    assert (report.exit_code, report.run.day, report.calendar) == (4, right + timedelta(days=1), {"days": 1})
    assert (report.document()["clock_unchecked"], report.document()["forgotten"]) == (True, {})
    assert any("Uret kunne ikke kontrolleres" in line for line in report_lines(report.document(), "da"))
    # and no second day by the same clock
    again = library.one_night_with(clock_is_checked=False)
    assert (again.run.day, again.calendar) == (right + timedelta(days=1), {"days": 0})
    assert unowned(library.everything(), "library") == unowned(known, "library")
    # once somebody has confirmed it, all is done that was left
    library.register.down, library.policy = None, replace(leaving, retention=RetentionDays(inactive_days=0))
    report = library.one_night()
    assert (report.calendar["days"], report.document()["clock_unchecked"]) == (30, False)
    assert report.document()["forgotten"] != {}
    library.policy = leaving
    assert library.one_night().document()["leaving"]["closed"] == 4
