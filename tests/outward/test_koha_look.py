"""One patron in Koha is read beside ours, and nothing is written there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from koha_library import gone, protected, send, told

from cprsync.domain.outward.sides import Match, Sending, Withholding
from cprsync.errors import TargetRefused, TargetUnavailable
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.services.ports.outward import Delivered
from cprsync.wire.limits import Patience
from cprsync.wiring.targets import UnopenedTarget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from koha_library import KohaDesk

    from cprsync.domain.outward.sides import Sides
    from cprsync.outward.koha import KohaClient
    from cprsync.services.ports.outward import OutwardEffect

    Make = Callable[..., KohaClient]


def look(koha: KohaClient, effect: OutwardEffect, least: Withholding = Withholding.NOTHING) -> Sides:
    return koha.look(effect, least=least)


def test_what_a_look_says_of_a_write_is_what_the_write_does(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    koha, effect = make_koha(), told(number)
    (there,) = look(koha, effect).held
    assert there.remote == str(patron_id)
    assert not koha_desk.written()
    before = koha_desk.patron(patron_id)
    assert send(koha, effect) == [Delivered(str(patron_id))]
    after = koha_desk.patron(patron_id)
    shown = {one.field: one for one in there.pairs if one.field in after and one.withheld is None}
    assert {name: (one.theirs, one.ours) for name, one in shown.items()} == {
        name: (before[name], after[name]) for name in shown
    }
    assert look(koha, effect).sending is Sending.NOTHING


def test_of_two_patrons_with_one_number_both_are_shown_and_both_stay(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    patron_id = koha_desk.has(number)
    calls.twin(koha_desk.ready, patron=patron_id)
    found = look(make_koha(), protected(number, remote=patron_id))
    assert (found.match, len(found.held), found.sending) == (Match.SEVERAL, 2, Sending.REFUSED)
    assert not any("Havnen" in str(one.theirs) for there in found.held for one in there.pairs)
    # sending takes the addresses of both away; looking does not
    assert not koha_desk.written()
    assert {one["address"] for one in koha_desk.all_with(number)} == {"Havnen 1"}


def test_whom_koha_lacks_is_shown_as_they_would_be_added(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    found = look(make_koha(), told(number))
    assert (found.match, found.sending, found.held[0].remote) == (Match.NOBODY, Sending.ADDS, None)
    assert look(make_koha(creates=False), told(number)).sending is Sending.REFUSED
    assert not koha_desk.all_with(number)


def test_of_another_person_who_has_the_id_now_nothing_is_shown(koha_desk: KohaDesk, make_koha: Make) -> None:
    ours, theirs = koha_desk.new_number(), koha_desk.new_number()
    patron_id = koha_desk.has(theirs, surname="Vind", date_of_birth="1950-05-05", city="Ry")
    found = look(make_koha(), told(ours, remote=patron_id))
    assert (found.match, found.held[0].remote) == (Match.OTHER_PERSON, str(patron_id))
    assert {one.theirs for one in found.held[0].pairs} == {None}


def test_of_one_who_is_not_for_koha_any_more_no_address_is_shown(koha_desk: KohaDesk, make_koha: Make) -> None:
    patron_id = koha_desk.has(koha_desk.new_number())
    found = look(make_koha(), gone("40817263", remote=patron_id))
    assert found.sending is Sending.WRITES
    assert not any(
        value in str(one.theirs) for one in found.held[0].pairs for value in ("Havnen", "Skanderborg", "8660")
    )


def test_what_staff_of_koha_wrote_reaches_no_screen_as_a_control(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    koha_desk.has(number, city="Ry\x1b]0;owned\x07")
    (city,) = [one for one in look(make_koha(), told(number)).held[0].pairs if one.field == "city"]
    assert isinstance(city.theirs, str)
    assert city.theirs.isprintable()


@pytest.mark.parametrize(
    ("fault", "error"), [("koha-maintenance", TargetUnavailable), ("koha-garbage", TargetUnavailable)]
)
def test_a_koha_that_cannot_be_read_is_told_as_an_error(
    koha_desk: KohaDesk, make_koha: Make, fault: str, error: type[Exception]
) -> None:
    number = koha_desk.new_number()
    koha_desk.has(number)
    control.fault(koha_desk.ready, fault, times=100)
    with pytest.raises(error) as refusal:
        look(make_koha(), told(number))
    assert number not in f"{refusal.value}{refusal.value.__cause__}"
    assert not koha_desk.written()


def test_a_wrong_secret_is_refused_before_anything_is_read(
    koha_desk: KohaDesk, make_koha: Make, tmp_path: Path
) -> None:
    wrong = tmp_path / "secret"
    wrong.write_text("another one", "utf-8")
    wrong.chmod(0o600)
    with pytest.raises(TargetRefused):
        look(make_koha(secret_file=wrong), told(koha_desk.new_number()))


def test_nobody_waits_longer_than_they_may(koha_desk: KohaDesk, make_koha: Make) -> None:
    number = koha_desk.new_number()
    koha_desk.has(number)
    spent = iter(range(1000))
    over = Patience(2, monotonic=lambda: next(spent))
    with pytest.raises(TargetUnavailable):
        look(make_koha(patience=over), told(number))


def test_a_target_that_is_set_up_wrongly_says_so_when_it_is_looked_at() -> None:
    wrong = TargetRefused("Koha does not accept our client id and secret")
    with pytest.raises(TargetRefused):
        UnopenedTarget(wrong).look(told("0101901234"), least=Withholding.NOTHING)


def test_a_look_logs_no_number(koha_desk: KohaDesk, make_koha: Make) -> None:
    lines: list[dict[str, object]] = []

    class Log:
        def debug(self, event: str, **said: object) -> None:
            lines.append({"event": event, **said})

        info = warning = debug

    number = koha_desk.new_number()
    koha_desk.has(number)
    look(make_koha(log=Log()), told(number))
    assert lines
    assert number not in json.dumps(lines, default=str)
