"""Patrons whose number no register knows: silence seals nothing of theirs, and staff write name and protection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY
from test_set_cpr import EDITH, MADE, enrol, set_cpr
from test_setting import counter, entries
from townspeople import person

from cprsync.domain.number import CprNumber
from cprsync.domain.person import SILENT, Name
from cprsync.errors import BadInput, ConfigurationError, RegisterUnavailable
from cprsync.sync.revealing import Window
from cprsync.sync.setting import Setting, set_field

if TYPE_CHECKING:
    from doubles import Library

NURSERY = "Børnehaven Regnbuen"


def write(library: Library, patron_id: str, field: str, text: str | None, **rest: Any) -> Any:
    return set_field(counter(library), Setting(patron_id, field, text, "lone", **rest))


def shown(library: Library, patron_id: str) -> dict[str, Any]:
    return Window(AGENCY, library.store, library.clock, library.policy, "lone").shown(patron_id)


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
    before = library.store.silent_count()
    patron_id = enrol(library, MADE[0])
    assert library.store.silent_count() == before
    library.register.down = RegisterUnavailable("no answer")
    set_cpr(library, patron_id)
    # it is a real one now, and CPR could have spoken
    assert library.store.silent_count() == before + 1
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


def test_a_name_that_was_emptied_is_none(library: Library, nursery: str) -> None:
    write(library, nursery, "name", None)
    (patron,) = library.store.patrons([nursery])
    assert (patron.register.name, patron.number) == (SILENT, CprNumber.none_of(nursery))
    assert Name(NURSERY) != patron.register.name
