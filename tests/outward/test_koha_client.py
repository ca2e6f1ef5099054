"""Koha hears of every change once, whatever happens on the way, and what staff write there stays."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from koha_library import pairs_of, send

from cprsync.errors import TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.services.ports.outward import Delivered, OutwardEffect, Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from koha_library import KohaDesk

    from cprsync.outward.koha import KohaClient

    Make = Callable[..., KohaClient]


def told(number: str, /, *, remote: int | None = None, **values: Any) -> OutwardEffect:
    """What Koha is to hold of the patron with a number."""
    payload = {
        "patron": "40817263",
        "protected": False,
        "number": number,
        "name": {"addressing": f"Anna Holm{number}", "first": "Anna", "middle": "", "last": f"Holm{number}"},
        "birth_date": "1990-01-01",
        "address": {
            **dict.fromkeys(("street_code", "building", "door", "floor", "co", "locality", "town"), ""),
            "street": "Strandvejen",
            "house": "12A",
            "postcode": "5220",
            "district": "Odense SØ",
            "lines": ["Strandvejen 12A", "5220 Odense SØ"],
            "current": True,
        },
        "municipality": "0461",
        "status": "resident",
        **values,
    }
    return OutwardEffect("koha", number, 1, payload, remote=None if remote is None else str(remote))


def protected(number: str, *, remote: int | None = None) -> OutwardEffect:
    shut = told(number, remote=remote, protected=True, withheld=["address"])
    assert shut.payload is not None
    del shut.payload["address"]
    return shut


def gone(number: str, *, remote: int) -> OutwardEffect:
    return OutwardEffect("koha", number, 2, None, remote=str(remote))


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
    assert send(koha, told(number, remote=patron_id)) == [Delivered(str(patron_id))]
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
    assert send(koha, OutwardEffect("koha", "never told", 1, None)) == [Delivered()]


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
        ({"status": "dead"}, Delivered()),
        ({"number": None}, Delivered()),
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


# -- others write too ------------------------------------------------------------------------------------------


def test_what_staff_write_between_our_read_and_our_write_stays(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.edit(koha_desk.ready, patron=patron_id, set={"phone": "11223344"}, when="read", same_second=True)
    assert send(make_koha(), told(number, remote=patron_id)) == [Delivered(str(patron_id))]
    now = koha_desk.patron(patron_id)
    assert (now["phone"], now["city"]) == ("11223344", "Odense SØ")


def test_a_patron_whom_staff_change_all_the_time_is_left_to_staff_with_the_fields(
    koha_desk: KohaDesk, make_koha: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    koha, phones = make_koha(), itertools.count()
    reading = koha._koha.read

    def interrupted(one: int) -> Any:
        shown = reading(one)
        calls.edit(koha_desk.ready, patron=one, set={"phone": str(next(phones))})
        return shown

    monkeypatch.setattr(koha._koha, "read", interrupted)
    (outcome,) = send(koha, told(number, remote=patron_id))
    assert outcome == Undelivered("changed_meanwhile", final=True, fields=("phone",))
    assert koha_desk.patron(patron_id)["city"] == "Skanderborg"


@pytest.mark.parametrize("creates", [True, False])
def test_a_patron_whom_staff_delete_meanwhile_is_added_again_only_where_the_library_says_so(
    koha_desk: KohaDesk, make_koha: Make, creates: bool
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.edit(koha_desk.ready, patron=patron_id, deletes=True, when="write")
    (outcome,) = send(make_koha(creates=creates), told(number, remote=patron_id))
    found = koha_desk.all_with(number)
    if creates:
        assert outcome == Delivered(str(found[0]["patron_id"]))
    else:
        assert outcome == Undelivered("unknown_patron", final=True)
        assert not found


def test_of_two_patrons_with_one_number_none_is_chosen(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.twin(koha_desk.ready, patron=patron_id)
    assert send(make_koha(), told(number)) == [Undelivered("two_patrons", final=True)]
    assert not koha_desk.written()


@pytest.mark.parametrize("is_known", [True, False])
def test_of_two_patrons_with_a_protected_number_none_keeps_an_address(
    koha_desk: KohaDesk, make_koha: Make, is_known: bool
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.twin(koha_desk.ready, patron=patron_id)
    (outcome,) = send(make_koha(), protected(number, remote=patron_id if is_known else None))
    assert isinstance(outcome, Undelivered)
    assert {one["address"] for one in koha_desk.all_with(number)} == {None}


def test_a_number_that_another_patron_has_in_koha_is_not_given(koha_desk: KohaDesk, make_koha: Make) -> None:
    koha, old, new = make_koha(), koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(old)
    koha_desk.has(new, surname="Berg")
    (outcome,) = send(koha, told(new, remote=patron_id))
    assert outcome == Undelivered("two_patrons", final=True)
    assert not koha_desk.written()


# -- what Koha refuses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "values", "code"),
    [
        ("", {"group": "Nowhere"}, "unknown_category"),
        ("FIL", {}, "unknown_library"),
        ("STATUS", {}, "invalid_attribute_type"),
    ],
)
def test_a_code_that_koha_does_not_know_is_left_to_staff(
    koha_desk: KohaDesk, make_koha: Make, without: str, values: dict[str, Any], code: str
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number, library_id="FIL")
    calls.setup(koha_desk.ready, without=[without])
    before = koha_desk.patron(patron_id)
    (outcome,) = send(make_koha(), told(number, **values))
    assert isinstance(outcome, Undelivered)
    assert (outcome.code, outcome.final) == (code, True)
    assert "address" in outcome.fields
    assert koha_desk.patron(patron_id) == before


def test_an_attribute_that_koha_wants_and_one_that_it_takes_once_are_refused_by_name(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    number = koha_desk.new_number()
    koha_desk.has(
        number, extended_attributes=[{"type": "CPR", "value": number}] + 2 * [{"type": "INTERESSE", "value": "a"}]
    )
    types = calls.setup(koha_desk.ready)["attribute_types"]
    once = types | {"INTERESSE": types["INTERESSE"] | {"is_repeatable": False}}
    calls.setup(koha_desk.ready, {"attribute_types": once})
    (first,) = send(make_koha(), told(number))
    wanted = types | {"KODE": {"description": "Kode", "is_mandatory": True}}
    calls.setup(koha_desk.ready, {"attribute_types": wanted})
    (second,) = send(make_koha(), told(number))
    assert [first.code, second.code] == ["non_repeatable_attribute", "missing_mandatory_attribute"]


def test_a_protected_patron_loses_the_address_also_where_koha_refuses_the_flag(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.setup(koha_desk.ready, without=["BESKYTTET"])
    (outcome,) = send(make_koha(), protected(number))
    assert (outcome.code, outcome.final) == ("invalid_attribute_type", True)
    assert koha_desk.patron(patron_id)["address"] is None


def test_the_address_of_a_superlibrarian_is_written_though_their_mail_may_not_be(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number, email="a@example.org", hidden={"superlibrarian": 1})
    assert send(make_koha(), told(number)) == [Delivered(str(patron_id))]


# -- Koha as a whole -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        ("koha-maintenance", TargetUnavailable, "target.maintenance"),
        ("koha-forbidden", TargetRefused, "target.refused"),
        ("koha-expired", TargetRefused, "target.refused"),
    ],
)
def test_while_koha_serves_nobody_nothing_is_written_and_afterwards_it_is(
    koha_desk: KohaDesk, make_koha: Make, fault: str, error: type[Exception], kind: str
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    control.fault(koha_desk.ready, fault, times=100)
    (outcome,) = send(make_koha(), told(number))
    assert isinstance(outcome, error)
    assert getattr(outcome, "kind", "") == kind
    assert not koha_desk.written()
    control.calm(koha_desk.ready)
    assert send(make_koha(), told(number)) == [Delivered(str(patron_id))]


def test_a_koha_that_is_down_is_not_called_for_everybody(koha_desk: KohaDesk, make_koha: Make) -> None:
    numbers = [koha_desk.new_number() for _ in range(30)]
    control.fault(koha_desk.ready, "koha-down", times=1000)
    outcomes = send(make_koha(), *map(told, numbers))
    assert outcomes.count(None) > 15
    assert any(isinstance(one, TargetUnavailable) for one in outcomes)
    assert not koha_desk.written()


def test_a_token_that_ends_before_its_time_is_replaced(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-expired", times=1)
    assert send(make_koha(), told(number)) == [Delivered(str(patron_id))]


def test_basic_is_as_good_as_a_token_and_a_wrong_secret_is_no_entry(
    koha_desk: KohaDesk, make_koha: Make, tmp_path: Any
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    assert send(make_koha(basic=True), told(number)) == [Delivered(str(patron_id))]
    wrong = tmp_path / "secret"
    wrong.touch(mode=0o600)
    wrong.write_text("guessed", encoding="utf-8")
    for basic in (True, False):
        (refused,) = send(make_koha(basic=basic, secret_file=wrong), told(number))
        assert isinstance(refused, TargetRefused)


def test_a_koha_whose_certificate_comes_from_a_stranger_hears_nothing(koha_desk: KohaDesk, make_koha: Make) -> None:
    import certifi

    number = koha_desk.new_number()
    koha_desk.has(number)
    before = calls.show(koha_desk.ready)["calls"]
    (outcome,) = send(make_koha(ca=Path(certifi.where())), told(number))
    assert isinstance(outcome, TargetUntrusted)
    assert calls.show(koha_desk.ready)["calls"] == before


def test_no_number_and_no_name_is_in_an_address_or_a_log(
    koha_desk: KohaDesk, make_koha: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, new = koha_desk.new_number(), koha_desk.new_number()
    koha_desk.has(known)
    asked: list[str] = []
    said = _Log()
    koha = make_koha(log=said)
    channel = koha._koha._calls.channel
    sending = channel.send

    def listening(method: str, url: str, body: bytes, headers: Any) -> Any:
        asked.append(url)
        return sending(method, url, body, headers)

    monkeypatch.setattr(channel, "send", listening)
    send(koha, told(known), told(new), replace(told("1"), payload=None))
    koha.compare_many([told(known), told(new)])
    assert len(asked) > 8
    assert not any(part in text for text in (*asked, *said.lines) for part in (known, new, "Holm", "Strandvejen"))


class _Log:
    """Remembers what was logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, event: str, **values: Any) -> None:
        self.lines.append(event + json.dumps(values))

    warning = info = debug


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
