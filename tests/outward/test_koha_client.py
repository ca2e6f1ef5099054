"""Koha hears of every change once, whatever happens on the way, and what staff write there stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from koha_library import gone, pairs_of, protected, send, told

from cprsync.domain.outward.koha_drift import KohaDrift
from cprsync.errors import TargetUnavailable
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.services.ports.outward import Delivered, OutwardEffect, Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from koha_library import KohaDesk

    from cprsync.outward.koha import KohaClient

    Make = Callable[..., KohaClient]


# -- one patron ------------------------------------------------------------------------------------------------


def test_a_move_is_written_once_and_what_is_kohas_stays(koha_desk: KohaDesk, make_koha: Make) -> None:
    koha = make_koha()
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number, cardnumber=f"K{number}")
    assert send(koha, told(number)) == [Delivered(str(patron_id))]
    now = koha_desk.patron(patron_id)
    assert (now["address"], now["street_number"], now["city"]) == ("Strandvejen", "12A", "Odense SØ")
    assert (now["phone"], now["cardnumber"]) == ("20304050", f"K{number}")
    assert set(pairs_of(now)) == {
        ("CPR", number),
        ("INTERESSE", "krimi"),
        ("KOMMUNE", "0461"),
        ("STATUS", "resident"),
    }
    assert send(koha, told(number, remote=patron_id)) == [Delivered(str(patron_id), wrote=False)]
    assert len(koha_desk.written()) == 1


def test_a_protected_patron_loses_the_address_and_has_it_again_when_it_ends(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    koha, number = make_koha(), koha_desk.new_number()
    patron_id = koha_desk.has(number, altaddress_address="Havnen 9", opac_notes="Bor på Havnen")
    send(koha, protected(number))
    now = koha_desk.patron(patron_id)
    assert not any(now[name] for name in ("address", "city", "postal_code", "altaddress_address", "opac_notes"))
    assert {("BESKYTTET", "1"), ("KOMMUNE", "0461")} <= set(pairs_of(now))
    send(koha, told(number, remote=patron_id))
    now = koha_desk.patron(patron_id)
    assert (now["address"], now["city"]) == ("Strandvejen", "Odense SØ")
    assert "BESKYTTET" not in dict(pairs_of(now))


def test_a_patron_who_is_gone_is_expired_without_an_address_and_stays(koha_desk: KohaDesk, make_koha: Make) -> None:
    koha, number = make_koha(), koha_desk.new_number()
    patron_id = koha_desk.has(number)
    assert send(koha, gone(number, remote=patron_id)) == [Delivered(str(patron_id))]
    now = koha_desk.patron(patron_id)
    assert (now["address"], now["expiry_date"]) == (None, "2027-03-23")
    later = make_koha(on=date(2027, 5, 1))
    send(later, gone(number, remote=patron_id))
    assert len(koha_desk.written()) == 1
    assert send(koha, OutwardEffect("koha", "never told", 1, None)) == [Delivered(wrote=False)]


def test_one_whom_staff_had_written_down_is_found_by_number_and_shut_though_we_never_told_of_them(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    koha, number = make_koha(), koha_desk.new_number()
    patron_id = koha_desk.has(number)
    forgotten = OutwardEffect("koha", "never told", 1, None, number=number)
    assert KohaDrift.GONE_OPEN in koha.compare_many([forgotten])["never told"]
    assert send(koha, forgotten) == [Delivered(str(patron_id))]
    now = koha_desk.patron(patron_id)
    assert (now["address"], now["expiry_date"], now["phone"]) == (None, "2027-03-23", "20304050")
    assert koha.compare_many([forgotten]) == {"never told": ()}
    nobody = replace(forgotten, number=koha_desk.new_number())
    assert send(koha, nobody) == [Delivered(wrote=False)]


def test_one_who_was_imported_is_added_as_soon_as_the_first_copy_has_told_the_name(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    """The import waits too, without a name: Koha would refuse it for good."""
    koha, number = make_koha(), koha_desk.new_number()
    queue = (told(number, name=None), replace(told(number), version=2))
    ((effect, outcome),) = koha.send_many([queue])
    assert (effect.version, type(outcome)) == (2, Delivered)
    assert len(koha_desk.all_with(number)) == 1
    assert send(koha, told(koha_desk.new_number(), name=None)) == [Undelivered("no_name", final=True)]


def test_what_was_told_before_a_kill_is_not_taken_back_for_a_moment(koha_desk: KohaDesk, make_koha: Make) -> None:
    """The process was killed before it noted the answers, so that both changes are sent once more."""
    koha, number = make_koha(), koha_desk.new_number()
    patron_id = koha_desk.has(number)
    queue = (told(number, remote=patron_id, municipality="0751"), replace(told(number, remote=patron_id), version=2))
    for _ in range(2):
        assert [effect.version for effect, _ in koha.send_many([queue])] == [2]
    assert len(koha_desk.written()) == 1


def test_the_id_in_koha_is_kept_through_a_new_number(koha_desk: KohaDesk, make_koha: Make) -> None:
    koha, old, new = make_koha(), koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(old)
    effect = told(new, remote=patron_id, name={"addressing": "", "first": "Anna", "middle": "", "last": f"Holm{old}"})
    assert send(koha, effect) == [Delivered(str(patron_id))]
    assert [value for code, value in pairs_of(koha_desk.patron(patron_id)) if code == "CPR"] == [new]
    assert not koha_desk.all_with(old)


def test_an_id_that_has_become_somebody_else_is_left_to_staff(koha_desk: KohaDesk, make_koha: Make) -> None:
    theirs, ours = koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(theirs, surname="Berg", date_of_birth="1950-05-05")
    before = koha_desk.patron(patron_id)
    assert send(make_koha(), told(ours, remote=patron_id)) == [Undelivered("other_person", final=True)]
    assert koha_desk.patron(patron_id) == before
    # as after Koha was restored: the patron is there under another id
    found = koha_desk.has(ours)
    assert send(make_koha(), told(ours, remote=patron_id)) == [Delivered(str(found))]
    assert koha_desk.patron(patron_id) == before
    assert make_koha().compare_many([told(ours, remote=patron_id)]) == {ours: ()}


# -- creating --------------------------------------------------------------------------------------------------


def test_a_patron_whom_koha_lacks_is_added_without_a_welcome_letter(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    (outcome,) = send(make_koha(), told(number, group="Barn"))
    (now,) = koha_desk.all_with(number)
    assert outcome == Delivered(str(now["patron_id"]))
    assert (now["category_id"], now["library_id"], now["address"]) == ("BARN", "HB", "Strandvejen")
    assert "welcomed" not in now["hidden"]


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"status": "dead"}, Delivered(wrote=False)),
        ({"number": None}, Delivered(wrote=False)),
        ({"name": None}, Undelivered("no_name", final=True)),
    ],
)
def test_nobody_is_added_who_is_dead_or_has_no_number_or_no_name(
    koha_desk: KohaDesk, make_koha: Make, values: dict[str, Any], outcome: Any
) -> None:
    number = koha_desk.new_number()
    assert send(make_koha(), told(number, **values)) == [outcome]
    assert not koha_desk.written()


def test_where_the_library_adds_nobody_an_unknown_patron_is_left_to_staff_and_stops_nobody(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    unknown, known = koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(known)
    outcomes = send(make_koha(creates=False), told(unknown), told(known))
    assert outcomes == [Undelivered("unknown_patron", final=True), Delivered(str(patron_id))]
    assert not koha_desk.all_with(unknown)


def test_someone_of_the_same_name_and_birth_date_is_not_taken_for_the_patron(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    number = koha_desk.new_number()
    koha_desk.has("", surname=f"Holm{number}", extended_attributes=[])
    before = calls.show(koha_desk.ready)["total"]
    assert send(make_koha(), told(number)) == [Undelivered("possible_duplicate", final=True)]
    assert calls.show(koha_desk.ready)["total"] == before


# -- lost answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["koha-lost", "koha-500", "koha-garbage"])
def test_a_write_whose_answer_was_lost_is_not_made_again(koha_desk: KohaDesk, make_koha: Make, fault: str) -> None:
    known, new = koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(known)
    control.fault(koha_desk.ready, fault, times=2)
    koha = make_koha(workers=1)
    (first, second) = send(koha, told(known), told(new))
    assert first == Delivered(str(patron_id))
    assert isinstance(second, Delivered)
    assert len(koha_desk.all_with(new)) == 1
    assert len(koha_desk.written()) == 2


def test_with_a_tenth_of_the_answers_lost_each_change_is_in_effect_once(koha_desk: KohaDesk, make_koha: Make) -> None:
    numbers = [koha_desk.new_number() for _ in range(20)]
    for number in numbers[:10]:
        koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-lost", times=1000, share=0.3, seed=7)
    koha, waiting = make_koha(), [told(number) for number in numbers]
    for _ in range(5):
        outcomes = send(koha, *waiting)
        waiting = [one for one, outcome in zip(waiting, outcomes, strict=True) if not isinstance(outcome, Delivered)]
    assert not waiting
    assert {len(koha_desk.all_with(number)) for number in numbers} == {1}
    assert len(koha_desk.written()) == len(numbers)


def test_an_answer_that_is_never_given_is_left_for_later(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-garbage", times=50)
    assert send(make_koha(), told(number)) == [Undelivered("no_answer")]
    assert len(koha_desk.written()) <= 1


# -- looking without writing -----------------------------------------------------------------------------------


def test_a_comparison_names_each_difference_and_writes_nothing(koha_desk: KohaDesk, make_koha: Make) -> None:
    moved, open_, dead, missing, double, stranger, equal = (koha_desk.new_number() for _ in range(7))
    koha = make_koha()
    for number in (moved, open_, dead, double):
        koha_desk.has(number)
    calls.twin(koha_desk.ready, patron=koha_desk.all_with(double)[0]["patron_id"])
    other = koha_desk.has(koha_desk.new_number(), surname="Berg", date_of_birth="1950-05-05")
    send(koha, told(equal))
    written = len(koha_desk.written())
    found = koha.compare_many(
        [
            told(moved),
            protected(open_),
            told(dead, status="dead", address=None),
            told(missing),
            told(double),
            told(stranger, remote=other),
            told(equal),
            gone("gone", remote=other),
        ]
    )
    names = {number: [kind.value for kind in kinds] for number, kinds in found.items()}
    assert names[moved] == ["address", "municipality", "status"]
    assert names[open_] == ["protected_open", "flag", "address", "municipality", "status"]
    assert names[dead] == ["ending", "municipality", "status"]
    assert (names[missing], names[double], names[stranger]) == (["absent"], ["double"], ["other_person"])
    assert names[equal] == []
    assert "gone_open" in names["gone"]
    assert len(koha_desk.written()) == written


def test_a_comparison_that_koha_does_not_answer_says_so(koha_desk: KohaDesk, make_koha: Make) -> None:
    control.fault(koha_desk.ready, "koha-maintenance", times=100)
    with pytest.raises(TargetUnavailable):
        make_koha().compare_many([told(koha_desk.new_number())])
