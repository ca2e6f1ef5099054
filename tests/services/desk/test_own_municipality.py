"""Somebody whom no register knows says where they live. It counts until a register says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_adding import KIM, add, refused
from test_counting import POLICY
from test_set_cpr import EDITH, entries, set_cpr, told, undo
from test_setting import counter
from townspeople import person
from whole import verify_audit

from cprsync.domain.patron.override import Overridden
from cprsync.errors import ConfigurationError
from cprsync.services.desk.setting import Setting, set_field

if TYPE_CHECKING:
    from doubles import Library

COPENHAGEN, AARHUS = "0101", "0751"
LIVES = {**KIM, "municipality": "101"}


def counted(library: Library) -> list[str]:
    """The municipalities in which the statistics count somebody, of those who came since the library began."""
    library.policy = POLICY
    return sorted(cell[0] for cell in library.store.statistics.counted(library.clock.today(), POLICY))


def corrections(library: Library, patron_id: str) -> list[tuple[str, str, bool]]:
    view = library.store.views.patron(patron_id)
    assert view is not None
    return [(one.field.value, one.text, one.until is None) for one in view.patron.overrides]


def test_the_municipality_of_somebody_without_a_number_counts_from_their_registration(either_library: Library) -> None:
    library = either_library
    before = counted(library)
    patron_id = add(library, LIVES)["patron"]
    assert library.row(patron_id)["municipality"] == COPENHAGEN
    assert counted(library) == sorted([*before, COPENHAGEN])
    assert corrections(library, patron_id) == [("municipality", COPENHAGEN, True)]
    # the net media are told, as of any correction
    assert [one["municipalityNo"] for one in told(library, patron_id)] == ["101"]
    kinds = [one["kind"] for one in entries(library) if one.get("patron") == patron_id]
    assert kinds == ["register", "override"]
    for _ in range(2):
        library.one_night()
        assert library.row(patron_id)["municipality"] == COPENHAGEN
    verify_audit(library.store)


def test_the_registers_own_municipality_wins_when_a_number_comes_and_the_typed_one_is_back_if_that_is_undone(
    either_library: Library,
) -> None:
    library = either_library
    patron_id = add(library, LIVES)["patron"]
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    assert library.row(patron_id)["municipality"] == AARHUS
    assert corrections(library, patron_id) == []
    assert told(library, patron_id)[-1]["municipalityNo"] == "751"
    assert entries(library)[-1]["kind"] != "override"
    verify_audit(library.store)
    undo(library, patron_id)
    assert library.row(patron_id)["municipality"] == COPENHAGEN
    assert corrections(library, patron_id) == [("municipality", COPENHAGEN, True)]
    verify_audit(library.store)


def test_what_staff_have_corrected_for_a_time_since_then_stays_when_the_number_is_taken_back(library: Library) -> None:
    patron_id = add(library, LIVES)["patron"]
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    correct(library, patron_id, "0851", until=True)
    undo(library, patron_id)
    assert corrections(library, patron_id) == [("municipality", "0851", False)]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({**KIM, "municipality": "9999"}, "no Danish municipality"),
        ({**KIM, "municipality": "Aarhus"}, "no Danish municipality"),
        ({"cpr_number": EDITH.digits, "cards": "E1", "municipality": COPENHAGEN}, "comes from CPR"),
    ],
)
def test_a_municipality_is_refused_that_is_none_or_that_the_register_says(
    library: Library, typed: dict[str, str], says: str
) -> None:
    refused(library, typed, "input.value", says)


def correct(library: Library, patron_id: str, code: str | None, *, until: bool = False) -> dict[str, Any]:
    last = library.clock.today() if until else None
    asked = Setting(patron_id, Overridden.MUNICIPALITY.value, code, "lone", reason="Sagde det", until=last)
    return set_field(counter(library), asked)


def test_staff_correct_it_without_a_last_day_while_no_register_knows_the_patron(library: Library) -> None:
    patron_id = add(library, LIVES)["patron"]
    correct(library, patron_id, "0851")
    assert corrections(library, patron_id) == [("municipality", "0851", True)]
    assert correct(library, patron_id, "0851")["outcome"] == "unchanged"
    assert library.row(patron_id)["municipality"] == "0851"
    correct(library, patron_id, None)
    assert library.row(patron_id)["municipality"] is None
    before = library.everything()
    with pytest.raises(ConfigurationError, match="a last day"):
        correct(library, library.id_of("ANNA"), "0851")
    assert library.everything() == before
