"""One patron by hand at the desk, also without a CPR number: shown first, written after a yes, read as an import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, happened, unowned
from said_yes import REASON, yes_to
from test_lookup import desk_entries
from test_registering import desk
from townspeople import cpr, dies, person

from cprsync.domain.confirming import Confirmation
from cprsync.domain.number import CprNumber, NumberKind
from cprsync.errors import BadInput, NotConfirmed, RegisterUnavailable
from cprsync.sync.adding import Addition, confirm_addition, preview_addition

if TYPE_CHECKING:
    from doubles import Library

KIM = {"name": "Kim Uden Nummer", "address": "Skovbrynet 7|8000 Aarhus C", "telephones": "20112233"}
EDITH = {"cpr_number": cpr("EDITH").digits, "cards": "E1", "telephones": "20112233"}


def preview(library: Library, values: dict[str, str]) -> Addition:
    return preview_addition(desk(library), json.dumps(values, ensure_ascii=False), user="lisbeth")


def add(library: Library, values: dict[str, str]) -> dict[str, Any]:
    shown = preview(library, values)
    return confirm_addition(desk(library), shown, yes_to(shown.preview))


def kinds(shown: Addition) -> dict[str, str]:
    return {one["kind"]: one["level"] for one in shown.document["warnings"]}


def refused(library: Library, values: dict[str, str], kind: str, says: str) -> None:
    before = library.everything()
    with pytest.raises(BadInput, match=says) as error:
        preview(library, values)
    assert error.value.kind == kind
    assert (library.everything(), library.register.looked_up) == (before, [])


def test_a_person_without_a_cpr_number_becomes_a_patron_whom_no_register_is_asked_about(
    either_library: Library,
) -> None:
    library = either_library
    shown, before = preview(library, KIM), library.everything()
    assert (kinds(shown), shown.document["written"]) == ({"no_number": "note"}, False)
    assert library.everything() == before
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    view = library.store.patron(document["patron"])
    assert view is not None
    assert (view.patron.number.kind, view.patron.register.name.addressing) == (NumberKind.NONE, KIM["name"])  # type: ignore[union-attr]  # it was typed
    assert view.local.contact == ("Skovbrynet 7", "8000 Aarhus C")
    assert [one.number for one in view.local.telephones] == ["20112233"]
    (entry,) = [one for one in desk_entries(library) if one["patron"] == document["patron"]]
    assert (entry["kind"], entry["user"]) == ("register", "lisbeth")
    for _ in range(2):
        library.one_night()
        assert library.store.patron(document["patron"]) is not None
    assert library.register.looked_up == []
    library.store.verify_audit()


def test_a_replacement_number_is_kept_and_never_sent_and_a_minor_is_asked_about(library: Library) -> None:
    made = f"{int(cpr('LIV').digits[:2]) + 60}{cpr('LIV').digits[2:]}"
    shown = preview(library, KIM | {"cpr_number": made})
    assert kinds(shown) == {"no_number": "note", "minor": "ask"}
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert library.store.find(CprNumber(made)) == document["patron"]
    assert library.register.looked_up + library.register.subscribed[4:] == []


def test_with_a_number_of_the_registers_it_is_a_registration_and_what_was_typed_comes_to_the_record(
    library: Library,
) -> None:
    library.register.knows(person("EDITH"))
    shown, before = preview(library, EDITH), library.everything()
    assert unowned(library.everything()) == unowned(before)
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    view = library.view("EDITH")
    assert (document["patron"], document["written"]) == (view.patron.id, True)
    assert (view.patron.verified, view.subscribed_since) == (True, library.clock.today())
    assert [one.number for one in view.local.cards] == ["E1"]
    assert cpr("EDITH").digits not in json.dumps(document)
    library.deliver(MONDAY, person("EDITH"))
    assert library.one_night().exit_code == 0


def test_a_dead_person_is_added_with_a_reason_only(library: Library) -> None:
    library.register.knows(dies(person("EDITH")))
    shown, before = preview(library, EDITH), library.everything()
    assert kinds(shown)["dead"] == "stop"
    with pytest.raises(NotConfirmed) as error:
        confirm_addition(desk(library), shown, Confirmation(shown.preview.digest))
    assert error.value.kind == "confirm.reason"
    assert library.everything() == before
    document = confirm_addition(desk(library), shown, Confirmation(shown.preview.digest, REASON))
    assert library.store.audit_reasons(document["patron"]) == [REASON]


def test_a_yes_to_one_person_adds_no_other(library: Library) -> None:
    shown, other = preview(library, KIM), preview(library, KIM | {"name": "Kim Ny"})
    before = library.everything()
    with pytest.raises(NotConfirmed) as error:
        confirm_addition(desk(library), other, yes_to(shown.preview))
    assert error.value.kind == "confirm.changed"
    assert library.everything() == before


def test_whoever_another_desk_adds_meanwhile_is_added_once(library: Library) -> None:
    values = KIM | {"cards": "K1"}
    shown = preview(library, values)
    add(library, values)
    before = library.everything()
    with pytest.raises(BadInput) as error:
        confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert error.value.kind == "patron.exists"
    after = library.everything()
    assert happened(after) == happened(before)
    assert unowned(after) == unowned(before)


def test_a_register_that_does_not_answer_or_know_adds_nobody(library: Library) -> None:
    before = library.everything()
    unknown = preview(library, EDITH)
    assert (unknown.is_writable, kinds(unknown)) == (False, {"register.no_such_person": "stop"})
    library.register.down = RegisterUnavailable("no answer")
    with pytest.raises(RegisterUnavailable):
        preview(library, EDITH)
    assert unowned(library.everything()) == unowned(before)


@pytest.mark.parametrize(
    ("values", "kind", "says"),
    [
        ({"telephones": "20112233"}, "input.value", "type it"),
        (KIM | {"cpr_number": "3102851234"}, "input.value", "not a possible CPR number"),
        (KIM | {"cpr_number": "12"}, "input.value", "not a CPR number"),
        (KIM | {"patron": "12345678"}, "input.value", "the program gives"),
        (KIM | {"name": "K" * 35}, "input.value", "34 characters"),
        (KIM | {"cards": "ANNA"}, "patron.exists", "already"),
        (KIM | {"cpr_number": cpr("ANNA").digits}, "patron.exists", "already"),
        (KIM | {"shoe_size": "42"}, "input.header", "not known"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_anything_is_asked_or_written(
    library: Library, values: dict[str, str], kind: str, says: str
) -> None:
    refused(library, values, kind, says)


@pytest.mark.parametrize("typed", ["", "Kim", "[]", '[{"name":"Kim"},{"name":"Ny"}]', "name,cards\nKim,K1\n"])
def test_what_is_not_one_person_is_refused(library: Library, typed: str) -> None:
    before = library.everything()
    with pytest.raises(BadInput):
        preview_addition(desk(library), typed, user="lisbeth")
    assert library.everything() == before
