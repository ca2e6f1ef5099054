"""Koha as it is with others in it: staff who write too, refusals, and times when it serves nobody."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from koha_library import gone, protected, send, told

from cprsync.errors import TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.language.errors import advice_for
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.services.ports.outward import Delivered, Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from koha_library import KohaDesk

    from cprsync.outward.koha import KohaClient
    from cprsync.services.ports.outward import OutwardEffect

    Make = Callable[..., KohaClient]


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
        ("koha-expired", TargetUnavailable, "target.tokens"),
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


@pytest.mark.parametrize("fault", ["koha-gone", "koha-blocked"])
@pytest.mark.parametrize("build", [told, protected, gone])
def test_a_page_of_a_server_before_koha_is_no_answer_about_a_patron(
    koha_desk: KohaDesk, make_koha: Make, build: Callable[..., OutwardEffect], fault: str
) -> None:
    """One who left kept name and address there for ever: the page's 404 was taken for "no such patron"."""
    number = koha_desk.new_number()
    patron_id, client = koha_desk.has(number), make_koha(basic=True)
    control.fault(koha_desk.ready, fault, times=100)
    assert send(client, build(number, remote=patron_id)) == [Undelivered("no_answer")]
    assert not koha_desk.written()
    control.calm(koha_desk.ready)
    assert send(client, build(number, remote=patron_id)) == [Delivered(str(patron_id))]
    assert koha_desk.patron(patron_id)["address"] != "Havnen 1"


def test_a_redirect_of_koha_is_not_followed_and_the_address_is_named_as_the_fault(
    koha_desk: KohaDesk, make_koha: Make
) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-moved", times=100)
    (outcome,) = send(make_koha(), told(number, remote=patron_id))
    assert isinstance(outcome, TargetRefused)
    assert not koha_desk.written()


def test_a_koha_that_is_down_is_not_called_for_everybody(koha_desk: KohaDesk, make_koha: Make) -> None:
    numbers = [koha_desk.new_number() for _ in range(30)]
    control.fault(koha_desk.ready, "koha-down", times=1000)
    outcomes = send(make_koha(), *map(told, numbers))
    assert outcomes.count(None) > 15
    assert any(isinstance(one, TargetUnavailable) for one in outcomes)
    assert not koha_desk.written()


def test_tokens_that_koha_never_takes_are_told_with_what_may_remove_them(koha_desk: KohaDesk, make_koha: Make) -> None:
    """It said "try again later" each night, for ever."""
    number = koha_desk.new_number()
    koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-expired", times=100)
    (outcome,) = send(make_koha(), told(number))
    control.calm(koha_desk.ready)
    assert isinstance(outcome, TargetUnavailable)
    assert "Authorization" in advice_for(outcome).next.en
    assert not koha_desk.written()


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_token_that_ends_before_its_time_is_replaced_also_several_times_in_a_row(
    koha_desk: KohaDesk, make_koha: Make, times: int
) -> None:
    """Koha loses its tokens as it starts anew, again and again: our secret is right all the time."""
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    control.fault(koha_desk.ready, "koha-expired", times=times)
    assert send(make_koha(), told(number)) == [Delivered(str(patron_id))]


@pytest.mark.parametrize("basic", [True, False])
def test_a_secret_that_is_changed_while_patrons_are_told_is_taken_at_once(
    koha_desk: KohaDesk, make_koha: Make, tmp_path: Path, basic: bool
) -> None:
    """Both sides change it while a drain of hours goes on: the drain goes on too."""
    theirs, ours = Path(koha_desk.ready["koha"]["secret_file"]), tmp_path / "secret"
    before = theirs.read_bytes()
    ours.touch(mode=0o600)
    ours.write_bytes(before)
    client = make_koha(secret_file=ours, basic=basic)
    first, second = koha_desk.new_number(), koha_desk.new_number()
    ids = [koha_desk.has(number) for number in (first, second)]
    assert send(client, told(first)) == [Delivered(str(ids[0]))]
    try:
        for path in (theirs, ours):
            path.write_text("a secret that was changed meanwhile", encoding="ascii")
        if not basic:
            control.fault(koha_desk.ready, "koha-expired", times=1)
        assert send(client, told(second)) == [Delivered(str(ids[1]))]
    finally:
        theirs.write_bytes(before)


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
