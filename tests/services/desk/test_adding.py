"""One patron by hand at the desk, also without a CPR number: shown first, written after a yes, read as an import."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, Wrapped, happened, unowned
from said_yes import REASON, yes_to
from store_people import reasons_of
from test_importing import LADDERS
from test_lookup import desk_entries
from test_registering import desk
from test_setting import counter
from townspeople import cpr, dies, gains_protection, person
from whole import verify_audit

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.domain.person.person import SILENT, Birth, Person
from cprsync.domain.person.sealed import Name
from cprsync.errors import BadInput, NotConfirmed, RegisterUnavailable
from cprsync.services.desk.adding import Addition, check_typed_number, confirm_addition, preview_addition
from cprsync.services.desk.setting import Setting, set_field
from cprsync.services.desk.showing import patron_document
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.audit.audit import SEEN

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
    assert (kinds(shown), shown.document["written"]) == ({"no_number": "note", "birth_unknown": "ask"}, False)
    assert library.everything() == before
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    view = library.store.views.patron(document["patron"])
    assert view is not None
    assert (view.patron.number.kind, view.patron.register.name.addressing) == (NumberKind.NONE, KIM["name"])  # type: ignore[union-attr]  # it was typed
    assert view.local.contact_address == ("Skovbrynet 7", "8000 Aarhus C")
    assert [one.number for one in view.local.telephones] == ["20112233"]
    (entry,) = [one for one in desk_entries(library) if one["patron"] == document["patron"]]
    assert (entry["kind"], entry["user"]) == ("register", "lisbeth")
    for _ in range(2):
        library.one_night()
        assert library.store.views.patron(document["patron"]) is not None
    assert library.register.looked_up == []
    verify_audit(library.store)


@pytest.mark.parametrize(
    ("born", "age", "group"), [("2016-05-04", 10, "Barn"), ("2012-05-04", 14, "Ung"), ("1985-05-04", 41, "Voksen")]
)
def test_a_birth_date_that_is_typed_of_a_person_without_a_number_gives_age_and_group(
    either_library: Library, born: str, age: int, group: str
) -> None:
    """There was no place for it, and nobody was put into a group."""
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    shown, before = preview(library, KIM | {"birth_date": born}), library.everything()
    assert shown.document["preview"].items() >= {"age": age, "group": group}.items()
    assert kinds(shown) == {"no_number": "note"} | ({"minor": "ask"} if age < 18 else {})
    assert library.everything() == before
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    view = library.store.views.patron(document["patron"])
    assert view is not None
    assert (view.patron.register.birth, view.local.group) == (Birth(date.fromisoformat(born)), group)
    field = patron_document(view, library.policy, agency=AGENCY, on=library.clock.today())["fields"]["birth_date"]
    assert (field["value"], field["owner"], field["source"]) == (born, "staff", "staff")
    for _ in range(2):
        library.one_night()
        again = library.store.views.patron(document["patron"])
        assert again is not None
        assert (again.patron.register.birth, again.local.group) == (Birth(date.fromisoformat(born)), group)


def test_a_birth_date_that_is_typed_later_moves_the_group_at_once_and_age_moves_it_on(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    patron_id, fourteen = add(library, KIM)["patron"], date(2013, 3, library.clock.today().day)
    before = library.everything()
    with pytest.raises(BadInput):
        set_field(counter(library), Setting(patron_id, "birth_date", "2030-01-01", "lone"))
    assert library.everything() == before
    set_field(counter(library), Setting(patron_id, "birth_date", fourteen.isoformat(), "lone"))
    assert group_of(library, patron_id) == "Ung"
    set_field(counter(library), Setting(patron_id, "birth_date", (fourteen + timedelta(days=2)).isoformat(), "lone"))
    assert group_of(library, patron_id) == "Barn"
    library.clock.set_after(library.clock.today() + timedelta(days=2))
    library.one_night()
    assert group_of(library, patron_id) == "Ung"
    set_field(counter(library), Setting(patron_id, "birth_date", None, "lone"))
    view = library.store.views.patron(patron_id)
    assert view is not None
    assert view.patron.register.birth is SILENT


def test_a_list_brings_the_birth_date_of_a_person_without_a_number_alone(either_library: Library) -> None:
    library = either_library
    born = date(2016, 5, 4)
    rows = [NewPatron(None, Local(cards=(Card("K1"),)), name="Kim", born=born)]
    (new,) = library.store.imports.take_patrons(rows, policy=replace(library.policy, ladders=LADDERS))
    assert new.patron_id is not None
    assert group_of(library, new.patron_id) == "Barn"
    later = [replace(rows[0], born=date(1985, 5, 4))]
    library.store.imports.take_patrons(later, policy=replace(library.policy, ladders=LADDERS))
    assert group_of(library, new.patron_id) == "Voksen"
    (known,) = library.store.imports.take_patrons([NewPatron(cpr("ANNA"), Local(), born=born)])
    assert known.left == ("birth_date",)
    assert library.view("ANNA").register.birth == person("ANNA").birth


def test_what_was_typed_beside_the_registers_word_is_said_not_to_count(library: Library) -> None:
    library.register.knows(person("EDITH"))
    assert "typed_beside" not in kinds(preview(library, EDITH))
    assert "typed_beside" not in kinds(preview(library, EDITH | {"name": "Ruth Kjeldgaard"}))
    for typed in ({"name": "Ane Skov"}, {"address": "Skovbrynet 7"}, {"birth_date": "1951-10-09"}):
        shown = preview(library, EDITH | typed)
        assert kinds(shown)["typed_beside"] == "note"
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert document["written"]
    assert library.view("EDITH").register.name == person("EDITH").name


@pytest.mark.parametrize("name", ["Ruth Kjeldgaard", "Ane Skov"])
@pytest.mark.parametrize("sealed", [gains_protection(person("EDITH")), replace(person("EDITH"), protection=SILENT)])
def test_of_a_protected_person_it_is_said_of_any_name(library: Library, sealed: Person, name: str) -> None:
    """Said of the wrong names alone, it would tell the right one; also where silence seals."""
    library.register.knows(sealed)
    assert kinds(preview(library, EDITH | {"name": name}))["typed_beside"] == "note"


def test_a_number_is_looked_at_as_soon_as_it_is_typed_and_nothing_is_sent(library: Library) -> None:
    before = library.everything()
    assert check_typed_number(desk(library), cpr("EDITH").digits) is True
    assert check_typed_number(desk(library), f"{cpr('EDITH').digits[:6]}KOT1") is False
    for number in ("12", "3102851234", cpr("ANNA").digits):
        with pytest.raises(BadInput):
            check_typed_number(desk(library), number)
    assert (library.everything(), library.register.looked_up) == (before, [])


def group_of(library: Library, patron_id: str) -> str:
    (patron,) = library.store.patrons.read([patron_id])
    return patron.group


def test_a_replacement_number_is_kept_and_never_sent_and_a_minor_is_asked_about(library: Library) -> None:
    made = f"{int(cpr('LIV').digits[:2]) + 60}{cpr('LIV').digits[2:]}"
    shown = preview(library, KIM | {"cpr_number": made})
    assert kinds(shown) == {"no_number": "note", "minor": "ask"}
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert library.store.patrons.find(CprNumber(made)) == document["patron"]
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


@pytest.mark.parametrize("values", [KIM | {"cards": "E1"}, EDITH])
def test_a_pin_is_kept_with_the_card_that_is_typed_beside_it(either_library: Library, values: dict[str, str]) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    document = add(library, values | {"pin": "2468"})
    view = library.store.views.patron(document["patron"])
    assert view is not None
    (card,) = view.local.cards
    assert card.pin_hash
    assert "2468" not in json.dumps(document)
    for _ in range(2):
        library.one_night()
    again = library.store.views.patron(document["patron"])
    assert again is not None
    assert again.local.cards == (card,)


@pytest.mark.parametrize(("pin", "says"), [("12", "4 to 12 digits"), ("12a4", "4 to 12 digits")])
def test_a_pin_that_cannot_be_is_refused_before_anybody_is_asked(library: Library, pin: str, says: str) -> None:
    refused(library, EDITH | {"pin": pin}, "input.value", says)


def test_a_pin_without_a_card_is_refused_before_anybody_is_asked(library: Library) -> None:
    refused(library, KIM | {"pin": "2468"}, "input.value", "type the card too")


def test_a_look_up_that_was_shown_is_not_made_again(library: Library) -> None:
    library.register.knows(person("EDITH"))
    seen = preview(library, {"cpr_number": cpr("EDITH").digits}).registration
    shown = preview_addition(desk(library), json.dumps({"cards": "E1"}), user="lisbeth", shown=seen)
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert library.register.looked_up == [cpr("EDITH")]
    assert library.store.patrons.find(cpr("EDITH")) == document["patron"]


def test_a_dead_person_is_added_with_a_reason_only(library: Library) -> None:
    library.register.knows(dies(person("EDITH")))
    shown, before = preview(library, EDITH), library.everything()
    assert kinds(shown)["dead"] == "stop"
    with pytest.raises(NotConfirmed) as error:
        confirm_addition(desk(library), shown, Confirmation(shown.preview.digest))
    assert error.value.kind == "confirm.reason"
    assert library.everything() == before
    document = confirm_addition(desk(library), shown, Confirmation(shown.preview.digest, REASON))
    assert reasons_of(library.store, document["patron"]) == [REASON]


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


def test_whoever_another_desk_adds_in_the_same_moment_keeps_their_own_record(either_library: Library) -> None:
    """Two people, and one card that was scanned twice: the second came after the look whether the card is free."""
    library, others = either_library, []

    def meanwhile(name: str, real: Any) -> Any:
        if name == "desk.save" and not others:
            others.append(None)
            add(library, {"name": "Else Andet", "cards": "K1"})
            others[0] = library.everything()
        return real

    shown = preview(library, KIM | {"cards": "K1"})
    slower = replace(desk(library), store=Wrapped(library.store, meanwhile))
    with pytest.raises(BadInput) as error:
        confirm_addition(slower, shown, yes_to(shown.preview))
    assert error.value.kind == "patron.exists"
    assert library.everything() == others[0]


def test_a_register_that_does_not_answer_or_know_adds_nobody(library: Library) -> None:
    before = library.everything()
    unknown = preview(library, EDITH)
    assert (unknown.is_writable, kinds(unknown)) == (False, {"register.no_such_person": "stop"})
    library.register.down = RegisterUnavailable("no answer")
    with pytest.raises(RegisterUnavailable):
        preview(library, EDITH)
    assert unowned(library.everything()) == unowned(before)


def test_a_branch_that_the_library_does_not_have_is_refused_with_those_that_it_has(library: Library) -> None:
    """As where it is set: whoever types it sees what to choose from."""
    library.policy = replace(library.policy, branches=("Hovedbiblioteket", "Risskov"))
    refused(library, KIM | {"branch": "Nyborg"}, "input.branch", "it has Hovedbiblioteket, Risskov")
    assert add(library, KIM | {"branch": "risskov"})["written"]


@pytest.mark.parametrize(
    ("values", "kind", "says"),
    [
        ({"telephones": "20112233"}, "input.value", "type it"),
        (KIM | {"cpr_number": "3102851234"}, "input.value", "not a possible CPR number"),
        (KIM | {"cpr_number": "12"}, "input.value", "not a CPR number"),
        (KIM | {"cpr_number": "405850670"}, "input.value", "one is missing"),
        (KIM | {"birth_date": "2027-12-24"}, "input.value", "expected a day"),
        (KIM | {"birth_date": "24/12"}, "input.value", "expected a day"),
        (KIM | {"patron": "12345678"}, "input.value", "the program gives"),
        (KIM | {"name": cpr("EDITH").digits}, "input.value", "leave it out"),
        (KIM | {"name": "K" * 35}, "input.value", "34 characters"),
        (KIM | {"cards": "ANNA"}, "patron.exists", "already"),
        (KIM | {"cpr_number": cpr("ANNA").digits}, "patron.exists", "already"),
        (KIM | {"shoe_size": "42"}, "input.fields", "not known"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_anything_is_asked_or_written(
    library: Library, values: dict[str, str], kind: str, says: str
) -> None:
    refused(library, values, kind, says)


@pytest.mark.parametrize("typed", ["", "Kim", "[]", '[{"name":"Kim"},{"name":"Ny"}]', "name,cards\nKim,K1\n"])
def test_what_is_not_one_person_is_refused(library: Library, typed: str) -> None:
    """The advice is about the fields: there is no file with a heading to mend."""
    before = library.everything()
    with pytest.raises(BadInput) as refusal:
        preview_addition(desk(library), typed, user="lisbeth")
    assert refusal.value.kind == "input.fields"
    assert library.everything() == before


# -- the same person twice -------------------------------------------------------------------------------------------


def anna(**deviations: str) -> dict[str, str]:
    """Somebody who has the name and the birth date of a patron, and says no CPR number."""
    one = person("ANNA")
    assert isinstance(one.birth, Birth)
    assert isinstance(one.name, Name)
    return {"name": one.name.addressing, "birth_date": one.birth.day.isoformat()} | deviations


def test_a_patron_of_the_same_name_and_birth_date_is_shown_before_somebody_without_a_number_is_added(
    either_library: Library,
) -> None:
    library = either_library
    shown = preview(library, anna())
    assert kinds(shown)["namesake"] == "ask"
    (one,) = shown.document["namesakes"]
    assert (one["patron"], one["name"]) == (library.id_of("ANNA"), anna()["name"])
    # who looked for whom is in the audit, without what was typed
    seen = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit") if row["stream"] == SEEN]
    found = [entry for entry in seen if entry["kind"] == "search"]
    assert [(entry["user"], entry["patron"]) for entry in found] == [("lisbeth", library.id_of("ANNA"))]
    assert anna()["name"] not in str(found)
    # it is a question: a namesake may be born on the same day
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert document["patron"] not in {None, library.id_of("ANNA")}
    assert len(preview(library, anna()).document["namesakes"]) == 2


def without_number(library: Library, key: str = "EDITH") -> str:
    """The person is a patron already, and has no CPR number."""
    one = person(key)
    assert isinstance(one.birth, Birth)
    assert isinstance(one.name, Name)
    typed = {"name": one.name.addressing, "birth_date": one.birth.day.isoformat()}
    shown = preview(library, typed)
    return str(confirm_addition(desk(library), shown, yes_to(shown.preview))["patron"])


def test_a_patron_without_a_number_is_shown_before_the_same_person_is_added_with_one(either_library: Library) -> None:
    library = either_library
    here = without_number(library)
    library.register.knows(person("EDITH"))
    shown = preview(library, {"cpr_number": cpr("EDITH").digits})
    assert kinds(shown)["namesake"] == "ask"
    assert [one["patron"] for one in shown.document["namesakes"]] == [here]
    # it is a question: the yes says that it is somebody else
    document = confirm_addition(desk(library), shown, yes_to(shown.preview))
    assert document["patron"] not in {None, here}
    assert library.view("EDITH").patron.id == document["patron"]


def test_a_patron_with_another_number_is_not_asked_about(library: Library) -> None:
    """Two numbers are two persons, unless CPR says otherwise."""
    twin = person("EDITH", name=person("ANNA").name, birth=person("ANNA").birth)
    library.register.knows(twin)
    assert "namesakes" not in preview(library, {"cpr_number": cpr("EDITH").digits}).document


def test_the_name_of_somebody_protected_is_compared_with_nobody(library: Library) -> None:
    without_number(library)
    library.register.knows(gains_protection(person("EDITH")))
    shown = preview(library, {"cpr_number": cpr("EDITH").digits})
    assert "namesakes" not in shown.document
    assert "namesake" not in kinds(shown)


def test_a_first_and_a_last_name_are_enough(library: Library) -> None:
    first, *_, last = anna()["name"].split()
    assert preview(library, anna(name=f"{first} Xenia {last}")).document["namesakes"]
    assert preview(library, anna(name=f"{first} {last}".upper())).document["namesakes"]


@pytest.mark.parametrize("deviation", [{"birth_date": "1901-01-01"}, {"name": "Kim Uden Nummer"}])
def test_nobody_else_is_shown(library: Library, deviation: dict[str, str]) -> None:
    shown = preview(library, anna(**deviation))
    assert "namesakes" not in shown.document
    assert "namesake" not in kinds(shown)


def test_nobody_protected_is_found_by_who_types_their_name(either_library: Library) -> None:
    """BO gained protection in the first night."""
    library = either_library
    one = person("BO")
    assert isinstance(one.birth, Birth)
    assert isinstance(one.name, Name)
    theirs = {"name": one.name.addressing, "birth_date": one.birth.day.isoformat()}
    stranger = {"name": "Kim Uden Nummer", "birth_date": theirs["birth_date"]}
    told = [preview(library, typed) for typed in (theirs, stranger)]
    assert [kinds(shown) for shown in told] == [kinds(told[0])] * 2
    assert not any("namesakes" in shown.document for shown in told)


def test_a_yes_does_not_count_once_somebody_of_the_name_has_come(library: Library) -> None:
    shown, typed = (
        preview(library, KIM | {"birth_date": "1985-05-04"}),
        KIM | {"birth_date": "1985-05-04", "cards": "K9"},
    )
    add(library, typed)
    again = preview(library, KIM | {"birth_date": "1985-05-04"})
    assert again.preview.digest != shown.preview.digest
