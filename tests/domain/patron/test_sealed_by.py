"""Why a record is sealed, as staff are told: the same reasons for which it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from people import PROTECTED, patron, person

from cprsync.domain.patron.patron import Patron, SealedBy
from cprsync.domain.person.person import EMPTY, SILENT, Person, Status

OPEN = person("ANNA")
WHY = {
    "open": (OPEN, False, None),
    "protected": (replace(OPEN, protection=PROTECTED), False, SealedBy.PROTECTION),
    "protected, at such a street": (person("JESPER"), False, SealedBy.PROTECTION),
    "such a street": (person("KLAUS"), False, SealedBy.STREET),
    "the status of such a street": (replace(OPEN, status=Status.RESIDENT_ADMINISTRATIVE), False, SealedBy.STREET),
    "parked": (OPEN, True, SealedBy.PARKED),
    "protected and parked": (replace(OPEN, protection=PROTECTED), True, SealedBy.PROTECTION),
    "silent": (replace(OPEN, protection=SILENT), False, SealedBy.SILENCE),
}


def record(register: Person) -> Patron:
    return replace(patron("ANNA"), register=register)


@pytest.mark.parametrize("why", list(WHY))
def test_a_sealed_record_says_the_first_reason_that_holds(why: str) -> None:
    register, parked, expected = WHY[why]
    assert record(register).sealed_by(silent_is_sealed=True, parked=parked) is expected


@pytest.mark.parametrize("silent_is_sealed", [True, False])
@pytest.mark.parametrize("why", list(WHY))
def test_there_is_a_reason_exactly_where_it_is_sealed(why: str, *, silent_is_sealed: bool) -> None:
    register, parked, _ = WHY[why]
    one = record(register)
    told = one.sealed_by(silent_is_sealed=silent_is_sealed, parked=parked)
    assert (told is not None) is one.is_sealed(silent_is_sealed=silent_is_sealed, parked=parked)


def test_someone_who_is_not_protected_is_not_called_so() -> None:
    assert person("KLAUS").protection is EMPTY
