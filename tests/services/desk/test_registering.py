"""Registration: shown first, written after a yes to what was shown, and nothing of it otherwise (decision 40)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import AGENCY, MONDAY, Library, happened, unowned
from store_people import reasons_of
from test_leaving import leave, owes
from test_lookup import desk_entries
from test_responsibles import add
from townspeople import cpr, dies, emigrates, gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.cli.desk.registering import lookup_lines, outcome_lines
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind, Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status, silence_by_status
from cprsync.errors import BadInput, NotConfirmed, RegisterUnavailable
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.registering import ANSWER_FRESH, Registration, confirm_registration, preview_registration
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable

IMPOSSIBLE = CprNumber("3102851234")
REASON = said_yes.REASON


def desk(library: Library) -> Desk:
    return Desk(AGENCY, library.store, library.register, library.clock, library.policy)


def preview(library: Library, key: str, purpose: Purpose = Purpose.REGISTRATION) -> Registration:
    return preview_registration(desk(library), Asked(cpr(key), purpose, "lisbeth"))


def confirm(library: Library, shown: Registration, reason: str = "") -> dict[str, Any]:
    return confirm_registration(desk(library), shown, Confirmation(shown.preview.digest, reason)).document


def register(library: Library, key: str, purpose: Purpose = Purpose.REGISTRATION) -> dict[str, Any]:
    return said_yes.register(desk(library), Asked(cpr(key), purpose, "lisbeth")).document


def levels(shown: Registration) -> dict[str, str]:
    return {one["kind"]: one["level"] for one in shown.document["warnings"]}


def refused(library: Library, shown: Registration, kind: str, reason: str = "") -> None:
    """Nothing is written, whatever was asked for."""
    before, asked = library.everything(), list(library.register.subscribed)
    with pytest.raises(NotConfirmed) as error:
        confirm(library, shown, reason)
    assert error.value.kind == kind
    after = library.everything()
    assert unowned(after, "audit", "audit_head") == unowned(before, "audit", "audit_head")
    assert library.register.subscribed == asked


# -- the preview -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ANNA", "EDITH"])
def test_a_preview_writes_nothing_but_the_audit_of_its_look_up_and_subscribes_nobody(
    either_library: Library, key: str
) -> None:
    library = either_library
    library.register.knows(moves(person(key)))
    before, subscribed = library.everything(), list(library.register.subscribed)
    shown = preview(library, key)
    after = library.everything()
    assert unowned(after) == unowned(before)
    assert happened(after) - happened(before) == {("lookup", library.store.patrons.find(cpr(key))): 1}
    assert library.register.subscribed == subscribed
    assert shown.document["written"] is False


def test_a_preview_shows_what_would_stand_there(library: Library) -> None:
    library.clock.set_after(MONDAY)
    library.register.knows(renames(person("ANNA")))
    document = preview(library, "ANNA").document
    assert document["preview"]["differences"] == ["name", "first_names", "last_name"]
    assert document["fields"]["name"]["register"] == "Mette Aagaard"
    would_be = document["preview"]
    assert (would_be["age"], would_be["municipality"]) == (41, {"code": "0751", "residence": "not_resident"})
    assert would_be["digest"].startswith("sha256:")
    assert [right["answer"] for right in would_be["rights"]] == ["yes"] * len(library.policy.products.names())


def test_a_preview_of_a_patron_says_what_changes_or_that_nothing_does(either_library: Library) -> None:
    """It said that the record is updated, whatever the register answered."""
    library = either_library
    library.clock.set_after(MONDAY)
    same = preview(library, "ANNA")
    assert (same.document["preview"]["changes"], levels(same)) == ([], {"patron_same": "note"})
    assert [*outcome_lines(confirm(library, same), "da")] == [
        f"Posten {library.id_of('ANNA')} står, som den var: CPR siger intet nyt."
    ]
    library.register.knows(renames(person("ANNA")))
    shown = preview(library, "ANNA")
    assert (shown.document["preview"]["changes"], levels(shown)) == (["rename"], {"patron": "note"})
    assert "  Siger du ja: nyt navn" in list(lookup_lines(shown.document, "da"))
    assert [*outcome_lines(confirm(library, shown), "da")] == [
        f"Posten {library.id_of('ANNA')} er opdateret: nyt navn."
    ]


def test_a_preview_of_somebody_new_speaks_of_what_will_be_and_its_warnings_stand_first(library: Library) -> None:
    """It said that they were registered before the yes, and the warnings below the fold."""
    library.register.knows(gains_protection(person("EDITH")))
    shown = preview(library, "EDITH")
    lines = list(lookup_lines(shown.document, "da"))
    assert lines[1].startswith("  · vær opmærksom: Navn og adresse er beskyttet")
    assert "  Siger du ja: posten får CPR's oplysninger og bliver tilmeldt ændringer fra CPR" in lines
    told = list(lookup_lines(look_up(desk(library), shown.asked).document, "da"))
    assert "  En registrering ville give: posten får CPR's oplysninger og bliver tilmeldt ændringer fra CPR" in told
    assert [*outcome_lines(confirm(library, shown), "da")] == [f"Låner {library.id_of('EDITH')} er registreret."]


def test_who_is_leaving_is_told_to_stay_by_a_registration(library: Library) -> None:
    owes(library, library.id_of("ANNA"), tables.loan, due=MONDAY)
    leave(library, library.id_of("ANNA"))
    shown = preview(library, "ANNA")
    assert shown.document["preview"]["changes"] == ["stays"]
    assert "udmeldelsen tages tilbage" in next(iter(outcome_lines(confirm(library, shown), "da")))


def test_registering_costs_one_look_up_and_one_subscription(library: Library) -> None:
    library.register.knows(person("EDITH"))
    calls = len(library.register.subscribed)
    confirm(library, preview(library, "EDITH"))
    assert library.register.looked_up == [cpr("EDITH")]
    assert library.register.subscribed[calls:] == [cpr("EDITH")]


# -- what stops -------------------------------------------------------------------------------------------------


def annulled(one: Person) -> Person:
    return silence_by_status(replace(one, status=Status.ANNULLED))


def vanishes(one: Person) -> Person:
    return silence_by_status(replace(one, status=Status.DISAPPEARED))


@pytest.mark.parametrize(("event", "kind"), [(dies, "dead"), (annulled, "number.annulled"), (vanishes, "disappeared")])
def test_whom_the_register_calls_dead_annulled_or_disappeared_is_registered_with_a_reason_only(
    either_library: Library, event: Callable[[Person], Person], kind: str
) -> None:
    library = either_library
    library.register.knows(event(person("EDITH")))
    shown = preview(library, "EDITH")
    assert levels(shown)[kind] == "stop"
    refused(library, shown, "confirm.reason")
    assert library.store.patrons.find(cpr("EDITH")) is None
    document = confirm(library, shown, REASON)
    assert (document["written"], document["patron"]) == (True, library.store.patrons.find(cpr("EDITH")))
    (entry,) = [one for one in desk_entries(library) if one["kind"] == "confirm"]
    assert (entry["patron"], entry["user"]) == (document["patron"], "lisbeth")
    assert REASON not in json.dumps(entry)
    assert reasons_of(library.store, document["patron"]) == [REASON]
    verify_audit(library.store)


def test_a_reason_that_the_audit_cannot_keep_is_refused_and_nobody_is_registered(library: Library) -> None:
    library.register.knows(dies(person("EDITH")))
    shown, before = preview(library, "EDITH"), library.everything()
    with pytest.raises(BadInput, match="CPR number"):
        confirm(library, shown, f"{cpr('EDITH').digits} sagde det selv")
    assert library.everything() == before


def test_of_a_patron_who_has_died_it_is_a_question_and_the_record_follows(library: Library) -> None:
    library.clock.set_after(MONDAY)
    library.register.knows(dies(person("ANNA")))
    shown = preview(library, "ANNA")
    assert (levels(shown)["dead"], shown.preview.needs_reason) == ("ask", False)
    confirm(library, shown)
    assert library.record("ANNA").status is Status.DEAD


def test_an_emigrated_person_and_a_minor_are_asked_about(library: Library) -> None:
    library.register.knows(emigrates(person("EDITH")), person("LIV"))
    assert levels(preview(library, "EDITH"))["emigrated"] == "ask"
    assert levels(preview(library, "LIV"))["minor"] == "ask"


def test_whoever_shares_a_dwelling_with_someone_protected_is_told_of_without_name_or_address(library: Library) -> None:
    """BO is protected; EDITH moves in with him."""
    library.register.knows(replace(person("EDITH"), address=person("BO").address))
    shown = preview(library, "EDITH")
    assert levels(shown)["household"] == "note"
    assert shown.document["fields"]["address"] == shown.document["fields"]["address"] | {"value": None, "sealed": True}
    told = json.dumps(shown.document, ensure_ascii=False)
    for word in (library.id_of("BO"), "Uglesporet", person("BO").number.digits[:6]):
        assert word not in told


def test_of_the_protected_the_preview_gives_away_neither_name_nor_address_nor_birth_date(library: Library) -> None:
    library.register.knows(gains_protection(person("EDITH")))
    shown = preview(library, "EDITH")
    assert levels(shown)["protected"] == "note"
    told = json.dumps(shown.document, ensure_ascii=False)
    for word in ("Kjeldgaard", "Rønnebærkrogen", "1951", cpr("EDITH").digits[:6]):
        assert word not in told
    assert shown.document["preview"]["age"] == 75


# -- what changes between the preview and the yes -----------------------------------------------------------------


def test_a_yes_counts_for_nothing_once_another_desk_has_registered_the_person(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    shown = preview(library, "EDITH")
    register(library, "EDITH")
    refused(library, shown, "confirm.changed")


def test_an_old_yes_keeps_nobody_who_begins_to_leave_meanwhile(library: Library) -> None:
    anna = library.id_of("ANNA")
    shown = preview(library, "ANNA")
    owes(library, anna, tables.loan, due=MONDAY)
    leave(library, anna)
    refused(library, shown, "confirm.changed")
    assert library.view("ANNA").stage is Stage.LEAVING
    again = preview(library, "ANNA")
    assert levels(again)["leaving"] == "ask"
    confirm(library, again)
    assert library.view("ANNA").stage is Stage.ACTIVE


def test_an_answer_that_has_grown_old_is_asked_for_again_and_refused_when_it_differs(library: Library) -> None:
    library.register.knows(person("EDITH"))
    shown = preview(library, "EDITH")
    library.clock.moment += ANSWER_FRESH + timedelta(seconds=1)
    library.register.knows(gains_protection(person("EDITH")))
    refused(library, shown, "confirm.changed")
    assert library.register.looked_up == [cpr("EDITH")] * 2


def test_an_old_answer_that_is_still_so_is_written(library: Library) -> None:
    library.register.knows(person("EDITH"))
    shown = preview(library, "EDITH")
    library.clock.moment += ANSWER_FRESH + timedelta(seconds=1)
    assert confirm(library, shown)["written"]
    assert library.register.looked_up == [cpr("EDITH")] * 2


def test_a_register_that_falls_silent_before_the_subscription_leaves_nobody_half_registered(library: Library) -> None:
    library.register.knows(person("EDITH"))
    shown, before = preview(library, "EDITH"), library.everything()
    library.register.down = RegisterUnavailable("no answer")
    with pytest.raises(RegisterUnavailable):
        confirm(library, shown)
    assert library.everything() == before
    library.register.down = None
    assert confirm(library, shown)["written"]


def test_nobody_can_say_yes_to_what_cannot_be_written(library: Library) -> None:
    library.register.knows(replace(person("EDITH"), address=SILENT))
    for key in ("EDITH", "FINN"):
        shown, before = preview(library, key), library.everything()
        assert not shown.is_writable
        assert confirm(library, shown, REASON).get("written", False) is False
        assert library.everything() == before


# -- purposes -----------------------------------------------------------------------------------------------------


def test_a_guardian_purpose_never_makes_a_borrower(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    assert register(library, "EDITH", Purpose.GUARDIAN)["written"]
    for _ in range(2):
        view = library.view("EDITH")
        assert (view.patron.kind, view.local.group, library.outbox("EDITH")) == (PatronKind.RESPONSIBLE, "", [])
        assert view.patron.verified
        library.one_night()


@pytest.mark.parametrize("purpose", [Purpose.GUARDIAN, Purpose.DEBT, Purpose.CORRECTION])
def test_whoever_only_answers_for_a_minor_is_updated_and_stays_what_they_are(
    library: Library, purpose: Purpose
) -> None:
    library.enrol("LIV")
    library.register.knows(person("LIV"), person("QUINNIE"))
    library.one_night()
    add(library, "LIV", "QUINNIE")
    library.clock.set_after(MONDAY)
    library.register.knows(renames(person("QUINNIE")))
    assert register(library, "QUINNIE", purpose)["actions"] == ["rename"]
    assert library.view("QUINNIE").patron.kind is PatronKind.RESPONSIBLE
    shown = preview(library, "QUINNIE")
    assert levels(shown)["answers_only"] == "ask"
    confirm(library, shown)
    assert library.view("QUINNIE").patron.kind is PatronKind.PERSON


# -- numbers that nobody can have -----------------------------------------------------------------------------------


def test_the_thirty_first_of_february_is_refused_before_it_is_sent_or_written_down(library: Library) -> None:
    before = library.everything()
    for ask in (look_up, preview_registration):
        with pytest.raises(BadInput, match="no such date"):
            ask(desk(library), Asked(IMPOSSIBLE, Purpose.REGISTRATION, "lisbeth"))
    assert (library.register.looked_up, library.everything()) == ([], before)
