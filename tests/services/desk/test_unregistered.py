"""Patrons whose number no register knows: silence seals nothing of theirs, and staff write name and protection."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, Wrapped, unowned
from test_set_cpr import EDITH, MADE, enrol, set_cpr
from test_setting import counter, entries
from townspeople import PROTECTED, cpr, dies, gains_protection, person

from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.domain.person.person import SILENT, Status, silence_by_status
from cprsync.domain.person.sealed import Name
from cprsync.errors import BadInput, ConfigurationError, NotConfirmed, RegisterUnavailable
from cprsync.services.desk.setting import Setting, set_field
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from doubles import Library

    from cprsync.services.ports.deliveries import Delivered

NURSERY = "Børnehaven Regnbuen"


def write(library: Library, patron_id: str, field: str, text: str | None, **rest: Any) -> Any:
    return set_field(counter(library), Setting(patron_id, field, text, "lone", **rest))


def shown(library: Library, patron_id: str) -> dict[str, Any]:
    return RecordViewer(library, "lone").shown(patron_id)


@pytest.fixture
def nursery(library: Library) -> str:
    """An institution with a name, and no number."""
    patron_id = enrol(library, None)
    write(library, patron_id, "name", NURSERY)
    return patron_id


def test_what_the_library_wrote_of_her_is_shown_as_its_own(library: Library, nursery: str) -> None:
    document = shown(library, nursery)
    assert (document["protected"], document["in_register"], document["verified"]) == (False, False, False)
    name = document["fields"]["name"]
    assert (name["value"], name["owner"], name["source"]) == (NURSERY, "staff", "staff")
    assert (entries(library)[-1]["kind"], entries(library)[-1]["actions"]) == ("set", ["name"])
    assert NURSERY not in str(entries(library))


def test_the_night_counts_nobody_as_sealed_by_silence_whom_no_register_knows(library: Library) -> None:
    before = library.store.patrons.count_silent()
    patron_id = enrol(library, MADE[0])
    assert library.store.patrons.count_silent() == before
    library.register.down = RegisterUnavailable("no answer")
    set_cpr(library, patron_id)
    # it is a real one now, and CPR could have spoken
    assert library.store.patrons.count_silent() == before + 1
    assert shown(library, patron_id)["protected"]


def test_staff_protect_whom_no_register_knows_and_end_it(library: Library, nursery: str) -> None:
    assert write(library, nursery, "protection", "ja")["outcome"] == "set"
    before = library.everything()
    assert write(library, nursery, "protection", "JA")["outcome"] == "unchanged"
    assert library.everything() == before
    document = shown(library, nursery)
    assert document["protected"]
    assert (document["fields"]["name"]["value"], document["fields"]["name"]["sealed"]) == (None, True)
    assert write(library, nursery, "protection", None)["outcome"] == "set"
    assert shown(library, nursery)["fields"]["name"]["value"] == NURSERY


def test_a_night_leaves_the_librarys_word_alone(library: Library, nursery: str) -> None:
    before = shown(library, nursery)
    library.deliver(MONDAY)
    library.night()
    assert shown(library, nursery) == before


@pytest.mark.parametrize("row", ["protection-staff-own"])
def test_with_a_real_number_the_registers_word_takes_its_place(library: Library, row: str) -> None:
    patron_id = enrol(library, MADE[0])
    write(library, patron_id, "name", "Edith uden nummer")
    write(library, patron_id, "protection", "ja")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id, EDITH)
    # at the desk nobody's protection ends (decision 35): the night's own look-up decides
    assert shown(library, patron_id)["protected"]
    library.night()
    document = shown(library, patron_id)
    assert (document["protected"], document["in_register"]) == (False, True), row
    assert document["fields"]["name"]["owner"] == "register"
    assert library.record("EDITH").name == person("EDITH").name


def test_what_is_refused_changes_nothing(library: Library, nursery: str) -> None:
    before = library.everything()
    for field, text, rest, kind in (
        ("name", "x" * 35, {}, "input.value"),
        ("name", " ", {}, "input.empty"),
        ("protection", "ja", {"reason": "asked for it"}, "usage.field"),
        ("status", "01", {}, "usage.field"),
    ):
        with pytest.raises((BadInput, ConfigurationError)) as refused:
            write(library, nursery, field, text, **rest)
        assert refused.value.kind == kind
    assert library.everything() == before


@pytest.mark.parametrize(
    ("key", "field", "text"),
    [
        ("ANNA", "name", "ja"),
        pytest.param("ANNA", "protection", "ja", id="protection-staff-never-set"),
        pytest.param("BO", "protection", "nej", id="protection-staff-never-lifted"),
        pytest.param("BO", "protection", None, id="protection-staff-never-emptied"),
    ],
)
def test_of_whom_the_register_knows_staff_write_neither_for_good(
    library: Library, key: str, field: str, text: str | None
) -> None:
    before = library.everything()
    with pytest.raises(ConfigurationError):
        write(library, library.id_of(key), field, text)
    assert library.everything() == before


@pytest.mark.parametrize(
    ("field", "seen", "theirs", "typed"),
    [
        ("name", NURSERY, "Børnehaven Solsikken", "Børnehaven Regnbuen, stue 2"),
        ("birth_date", "", "1990-04-10", "1991-04-10"),
        # a form that shows no protection is sent as it is
        ("protection", "nej", "ja", "nej"),
    ],
)
def test_what_a_colleague_wrote_since_the_form_was_shown_is_not_written_over(  # noqa: PLR0913, PLR0917 -- one row
    library: Library, nursery: str, field: str, seen: str, theirs: str, typed: str
) -> None:
    assert write(library, nursery, field, theirs, was=seen)["outcome"] == "set"
    before = library.everything()
    for text in (typed, None):
        with pytest.raises(NotConfirmed) as refused:
            write(library, nursery, field, text, was=seen)
        assert refused.value.kind == "confirm.changed"
    # what is sent twice is there already
    assert write(library, nursery, field, theirs, was=seen)["outcome"] == "unchanged"
    assert library.everything() == before
    assert write(library, nursery, field, typed, was=theirs)["outcome"] == "set"


def test_a_birth_date_that_comes_from_a_number_made_up_is_what_the_form_showed(library: Library) -> None:
    patron_id = enrol(library, MADE[0])
    seen = shown(library, patron_id)["fields"]["birth_date"]["value"]
    before = library.everything()
    with pytest.raises(NotConfirmed):
        write(library, patron_id, "birth_date", "1990-04-10", was="1990-04-11")
    assert library.everything() == before
    assert write(library, patron_id, "birth_date", "1990-04-10", was=seen)["outcome"] == "set"


@pytest.mark.parametrize(
    ("field", "text", "was"), [("birth_date", "1990-04-10", "i går"), ("protection", "ja", "måske")]
)
def test_what_cannot_have_been_shown_is_not_what_the_record_holds(
    library: Library, nursery: str, field: str, text: str, was: str
) -> None:
    before = library.everything()
    with pytest.raises(NotConfirmed):
        write(library, nursery, field, text, was=was)
    assert library.everything() == before


def test_a_correction_is_what_the_form_showed(library: Library, nursery: str) -> None:
    until = date(2027, 5, 1)
    write(library, nursery, "name", "Børnehaven Solsikken", reason="Skiltet siger det", until=until)
    with pytest.raises(NotConfirmed):
        write(library, nursery, "name", "Børnehaven", was=NURSERY)
    assert write(library, nursery, "name", "Børnehaven", was="Børnehaven Solsikken")["outcome"] == "set"


def test_a_refusal_tells_nobody_that_a_protected_patron_has_another_name_than_they_guess(
    library: Library, nursery: str
) -> None:
    write(library, nursery, "protection", "ja")
    assert write(library, nursery, "name", "Børnehaven", was="Børnehaven Solsikken")["outcome"] == "set"
    assert entries(library)[-1]["actions"] == ["name"]


@pytest.mark.parametrize(
    ("call", "time", "field", "typed", "refused"),
    [
        # between the check and the write: a name takes a reason from then on
        ("staff_changes.write_own", 1, "name", "Edith uden nummer", "usage.reason"),
        # before the value is looked at: only the register protects from then on
        ("views.patron", 2, "protection", "ja", "usage.field.protection"),
    ],
)
def test_what_staff_say_of_a_patron_is_refused_once_a_colleague_has_given_them_a_number(  # noqa: PLR0913, PLR0917 -- a table
    library: Library, call: str, time: int, field: str, typed: str, refused: str
) -> None:
    patron_id, calls, given = enrol(library, MADE[0]), 0, []
    library.register.knows(person("EDITH"))

    def meanwhile(name: str, real: Any) -> Any:
        nonlocal calls
        calls += name == call
        if calls == time and not given:
            set_cpr(library, patron_id, EDITH)
            given.append(library.everything())
        return real

    with pytest.raises(ConfigurationError) as error:
        set_field(counter(library, Wrapped(library.store, meanwhile)), Setting(patron_id, field, typed, "lone"))
    assert error.value.kind == refused
    assert library.everything() == given[0]


def test_a_name_that_was_emptied_is_none(library: Library, nursery: str) -> None:
    write(library, nursery, "name", None)
    (patron,) = library.store.patrons.read([nursery])
    assert (patron.register.name, patron.number) == (SILENT, CprNumber.none_of(nursery))
    assert Name(NURSERY) != patron.register.name


# -- a delivery about a number that the register does not have ----------------------------------------------------

#: Numbers with the day raised by 60.
REPLACEMENTS = tuple(number for number in MADE if number.kind is NumberKind.REPLACEMENT)


def told(number: CprNumber, what: str) -> Delivered:
    """What a delivery could say of a number."""
    whole = replace(person("EDITH"), number=number)
    return {
        "whole": whole,
        "protected": gains_protection(whole),
        "dead": dies(whole),
        "replaced": replace(silence_by_status(replace(whole, status=Status.CHANGED)), current_number=cpr("EDITH")),
        "annulled": silence_by_status(replace(whole, status=Status.ANNULLED)),
        "unreadable": Unreadable(number, "person.status", PROTECTED, Status.DEAD),
    }[what]


@pytest.mark.parametrize("what", ["whole", "protected", "dead", "replaced", "annulled", "unreadable"])
def test_a_delivered_replacement_number_is_nobodys_and_what_the_library_wrote_stands(
    library: Library, what: str
) -> None:
    """The register has no such number (erstatningspersonnummer): whoever made the file made it up."""
    patron_id = enrol(library, REPLACEMENTS[0])
    write(library, patron_id, "name", NURSERY)
    library.night()
    before, looked_up = library.everything(), list(library.register.looked_up)
    library.deliver(MONDAY, told(REPLACEMENTS[0], what))
    report = library.night()
    assert [outcome for outcome, _ in library.items(report)] == ["not_ours"]
    assert (report.exit_code, report.document()["not_ours"]) == (0, 1)
    assert unowned(library.everything(), "inbox", "agreement") == unowned(before, "inbox", "agreement")
    assert library.register.looked_up == looked_up


def test_a_replacement_number_that_a_patron_once_had_is_nobodys_either(library: Library) -> None:
    patron_id = enrol(library, REPLACEMENTS[0])
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    asked = library.reviews()
    library.deliver(MONDAY, told(REPLACEMENTS[0], "whole"))
    report = library.night()
    assert library.items(report) == [("not_ours", None)]
    assert library.reviews() == asked


def test_a_patron_gets_no_replacement_number_from_the_register(library: Library) -> None:
    changed = replace(silence_by_status(replace(person("ANNA"), status=Status.CHANGED)), current_number=REPLACEMENTS[0])
    library.deliver(MONDAY, changed, told(REPLACEMENTS[0], "whole"))
    report = library.night()
    assert library.items(report) == [("parked", "number.unresolved"), ("not_ours", None)]
    assert library.record("ANNA") == person("ANNA")
