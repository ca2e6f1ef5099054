"""An item about a target that refused a patron shows both sides, and on neither of them what is withheld."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY
from sqlalchemy import delete
from test_seen import seen
from test_sending import EVERYTHING, PLAIN, hears
from townspeople import gains_protection, moves, person

from cprsync.domain.outward.koha import KohaRecord, KohaRules
from cprsync.domain.outward.koha_sides import compare_sides
from cprsync.domain.outward.sides import Match, Withholding
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.errors import CprsyncError, TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.outward.sides import show_with_sides
from cprsync.services.ports.outward import OpenTarget, Undelivered
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from doubles import Library

    from cprsync.domain.outward.sides import Sides
    from cprsync.services.ports.outward import OutwardEffect

RULES = KohaRules(library="HB", category="VOKSEN")
THERE = KohaRecord(
    57,
    {"surname": "Andersen", "firstname": "Annie", "address": "Hemmelig Sti 4", "city": "Ry", "postal_code": "8680"},
    (("CPR", "0000000000"),),
)


@dataclass
class LookDouble:
    """Shows one patron of a Koha. Remembers what it was asked, and what the audit held by then."""

    library: Library
    down: CprsyncError | None = None
    least: list[Withholding] = field(default_factory=list)
    seen_before: list[Any] = field(default_factory=list)

    def look(self, expected: OutwardEffect, *, least: Withholding) -> Sides:
        self.least.append(least)
        self.seen_before = seen(self.library)
        if self.down is not None:
            raise self.down
        on = self.library.clock.today()
        return compare_sides(Match.ONE, [THERE], expected.payload, RULES, on=on, least=least)


def refused(library: Library, target: Target = PLAIN, **what: Any) -> LookDouble:
    """A target that knew everyone, and does not take that ANNA has moved."""
    double = hears(library, target)
    double.refuses[library.id_of("ANNA")] = Undelivered("unknown_category", final=True)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    look = LookDouble(library, **what)
    reader: Any = look if target.kind is TargetKind.KOHA else None
    library.targets = (OpenTarget(target, double, reader),)
    return look


def shown(library: Library, targets: Sequence[OpenTarget] | None = None) -> dict[str, Any]:
    """The item, as it is opened."""
    reviews = StaffReviews(library, "lone")
    (number,) = [one["id"] for one in reviews.listed() if one["kind"] == "target.not_taken"]

    @contextmanager
    def opened() -> Iterator[Sequence[OpenTarget]]:
        yield library.targets if targets is None else targets

    return show_with_sides(reviews, number, opened)


def sides(document: dict[str, Any]) -> dict[str, Any]:
    (one,) = document["targets"]
    return dict(one["sides"])


def fields(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (held,) = sides(document)["held"]
    return {one["field"]: one for one in held["fields"]}


def test_an_item_shows_field_by_field_what_is_ours_and_what_the_target_holds(either_library: Library) -> None:
    refused(either_library)
    found = shown(either_library)
    assert (found["targets"][0]["name"], found["targets"][0]["code"]) == ("koha", "unknown_category")
    told = sides(found)
    assert (told["reading"], told["match"], told["sending"], told["kind"]) == ("read", "one", "writes", "koha")
    assert fields(found)["postal_code"] == {
        "field": "postal_code",
        "ours": "5220",
        "theirs": "8680",
        "again": "sets",
        "withheld": None,
    }


def test_the_audit_holds_the_look_before_the_target_is_asked(library: Library) -> None:
    look = refused(library)
    shown(library)
    assert look.seen_before[-1] == ("view", library.id_of("ANNA"), "lone", "review", ())


def test_looking_writes_nothing_to_the_record_the_queue_or_the_target(library: Library) -> None:
    refused(library)
    before, told = library.everything(), dict(library.target("koha").holds)
    shown(library)
    after = library.everything()
    assert {name for name in after if after[name] != before[name]} <= {"audit", "audit_head"}
    assert library.target("koha").holds == told


def test_of_a_protected_patron_neither_side_is_shown(library: Library) -> None:
    look = refused(library)
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    found = shown(library)
    assert look.least == [Withholding.PERSON]
    assert fields(found)["address"]["withheld"] == "protection"
    told = str(found)
    name = person("ANNA").name
    for secret in ("Hemmelig Sti", "Annie", "8680", "5220", name.last, "Odense"):
        assert secret not in told
    assert fields(found)["city"]["again"] == "empties"


def test_of_a_protected_patron_ours_is_withheld_too_where_the_target_is_not_read(library: Library) -> None:
    refused(library, down=TargetUnavailable("Koha does not answer"))
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    found = shown(library)
    assert fields(found)["name"]["withheld"] == "protection"
    assert person("ANNA").name.last not in str(found)


def test_an_address_that_is_sealed_for_someone_else_of_the_home_is_withheld_on_both_sides(library: Library) -> None:
    look = refused(library)
    library.deliver(TUESDAY, gains_protection(moves(person("BO"), "ODENSE")))
    library.one_night()
    found = shown(library)
    assert look.least == [Withholding.ADDRESSES]
    assert (fields(found)["address"]["withheld"], fields(found)["surname"]["theirs"]) == ("protection", "Andersen")
    for secret in ("Hemmelig Sti", "8680", "5220"):
        assert secret not in str(found)


def test_a_protected_patron_whom_the_target_may_not_know_is_not_described(library: Library) -> None:
    look = refused(library, Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.LEAVE_OUT))
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    found = shown(library)
    assert look.least == [Withholding.PERSON]
    assert "Hemmelig Sti" not in str(found)
    assert "surname" not in fields(found)


@pytest.mark.parametrize(
    ("error", "reading", "failure"),
    [
        (TargetUnavailable("Koha does not answer"), "unanswered", "target.unavailable"),
        (TargetUntrusted("its certificate is not to be trusted"), "refused", "target.certificate"),
        (TargetRefused("Koha does not accept our client id and secret"), "refused", "target.refused"),
    ],
)
def test_a_target_that_cannot_be_read_keeps_no_item_from_being_shown(
    library: Library, error: CprsyncError, reading: str, failure: str
) -> None:
    refused(library, down=error)
    found = shown(library)
    told = sides(found)
    assert (told["reading"], told["failure"], told["match"], told["sending"]) == (reading, failure, None, None)
    assert fields(found)["municipality"]["ours"] == "0461"
    assert {one["theirs"] for one in fields(found).values()} == {None}
    assert found["record"]["patron"] == library.id_of("ANNA")


def test_a_target_of_a_kind_that_shows_nothing_says_so_and_ours_stands_alone(library: Library) -> None:
    refused(library, Target("hook", TargetKind.WEBHOOK, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS))
    found = shown(library)
    assert (sides(found)["reading"], sides(found)["kind"]) == ("never", "webhook")
    assert fields(found)["municipality"] == {
        "field": "municipality",
        "ours": "0461",
        "theirs": None,
        "again": None,
        "withheld": None,
    }


def test_a_target_that_is_not_set_up_any_more_is_said_to_be_none(library: Library) -> None:
    refused(library)
    told = sides(shown(library, targets=()))
    assert (told["reading"], told["kind"], told["held"]) == ("removed", None, [])


def test_a_patron_who_is_not_for_the_target_and_whom_it_never_knew_is_not_looked_for(library: Library) -> None:
    look = refused(library)
    elsewhere = OpenTarget(replace(PLAIN, groups=frozenset({"nobody"})), None, library.targets[0].reader)
    with library.engine.begin() as connection:
        connection.execute(delete(tables.target_patron))
    told = sides(shown(library, targets=(elsewhere,)))
    assert (told["reading"], told["held"], look.least) == ("nothing", [], [])


def test_what_is_to_be_forgotten_has_no_side_of_ours(library: Library) -> None:
    refused(library, down=TargetUnavailable("Koha does not answer"))
    elsewhere = OpenTarget(replace(PLAIN, groups=frozenset({"nobody"})), None, library.targets[0].reader)
    told = sides(shown(library, targets=(elsewhere,)))
    assert (told["reading"], told["held"]) == ("unanswered", [])


def test_that_something_newer_waits_for_the_target_is_told(library: Library) -> None:
    refused(library)
    assert sides(shown(library))["newer_waits"] is False
    library.target("koha").down = TargetUnavailable("Koha does not answer")
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.one_night()
    assert sides(shown(library))["newer_waits"] is True


def test_an_item_of_another_kind_opens_no_target(library: Library) -> None:
    library.store.desk.ask_staff(library.id_of("ANNA"), BOTH_PATRONS, about=library.id_of("CLARA"))
    reviews = StaffReviews(library, "lone")
    (item,) = reviews.listed()

    def never() -> Any:
        raise AssertionError("no target is asked")

    assert show_with_sides(reviews, item["id"], never) == reviews.shown(item["id"])
