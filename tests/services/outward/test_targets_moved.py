"""Targets as an operator moves them: stopped, released, set up otherwise; and told by the desk."""

from __future__ import annotations

import io
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library, altered
from sqlalchemy import insert
from test_sending import EVERYTHING, PLAIN, hears, held
from townspeople import cpr, gains_protection, moves, person, renames

from cprsync.domain.outward import target as target_rules
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import BadInput, ConfigurationError, TargetUnavailable
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.imports.patrons import Importing, import_patrons
from cprsync.services.outward import sending
from cprsync.services.outward.sending import tell_of_patron
from cprsync.services.outward.targets import (
    find_targets,
    release_target,
    send_now,
    wrong_targets,
)
from cprsync.services.ports.night import Silence
from cprsync.services.ports.outward import Undelivered
from cprsync.services.trust.status import Around, status_of
from cprsync.store import tables
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from cprsync.services.outward.sending import Sent

OTHER = Target("hook", TargetKind.WEBHOOK, frozenset({OutwardField.STATUS, OutwardField.MUNICIPALITY}))
#: Only those of Aarhus.
AARHUS = replace(PLAIN, municipalities=frozenset({"0751"}))


def sends(library: Library, *, load: bool = False) -> list[Sent]:
    """What an operator sends between two nights."""
    return send_now(library.store, library.targets, progress=Silence(), raise_if_stopped=lambda: None, load=load)


def state(library: Library, name: str = "koha") -> Any:
    return next(one for one in find_targets(library.store) if one.name == name)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brake that lets one patron go at once."""
    monkeypatch.setattr(target_rules, "GONE_MOST", 1)


def test_a_target_that_refuses_everybody_is_said_with_how_many_wait_until_they_are_answered(library: Library) -> None:
    double = hears(library)
    keys = ("ANNA", "BO", "CLARA", "DAVID")
    double.refuses = {library.id_of(key): Undelivered("http_404", final=True) for key in keys}
    sends(library, load=True)
    (said,) = wrong_targets(find_targets(library.store), library.clock.now())
    assert said == {"what": "target_refuses", "name": "koha", "count": 4}
    status = status_of(library.store, Around(AGENCY, "", library.clock.now()))
    assert said in status.wrong
    assert (status.ok, status.waits.kinds["target.not_taken"]) == (False, 4)
    double.refuses = {}
    sends(library, load=True)
    assert wrong_targets(find_targets(library.store), library.clock.now()) == []


def test_what_had_nothing_to_do_is_counted_apart(library: Library) -> None:
    double = hears(library)
    double.idle = {library.id_of("ANNA")}
    (sent,) = sends(library, load=True)
    assert (sent.sent, sent.written) == (4, 3)
    assert (sent.document(0, 0)["sent"], sent.document(0, 0)["written"]) == (4, 3)


# -- two at once -------------------------------------------------------------------------------------------


def test_a_target_that_is_down_holds_up_no_other(either_library: Library) -> None:
    library = either_library
    library.sets_targets_up(PLAIN, OTHER)
    library.night()
    library.target("koha").down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    report = library.one_night()
    assert held(library.target("hook"), library, "ANNA")["municipality"] == "0461"
    assert held(library.target("koha"), library, "ANNA")["municipality"] == "0751"
    told = {one["name"]: (one["sent"], one["waiting"], one["error"]) for one in report.document()["targets"]}
    assert told == {"koha": (0, 1, "target.unavailable"), "hook": (1, 0, None)}
    assert report.exit_code == 4


def test_a_target_that_answers_about_nobody_is_said_to_be_down_however_few_wait(either_library: Library) -> None:
    """Too few for the client to give up: each patron alone might be the reason."""
    library = either_library
    library.sets_targets_up(PLAIN, OTHER)
    library.night()
    keys = ("ANNA", "CLARA")
    library.target("koha").refuses = {library.id_of(key): Undelivered("no_answer") for key in keys}
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in keys))
    report = library.one_night()
    told = {one["name"]: (one["sent"], one["waiting"], one["error"]) for one in report.document()["targets"]}
    assert told == {"koha": (0, 2, "target.unavailable"), "hook": (2, 0, None)}
    assert report.exit_code == 4
    assert {one.name: one.error is None for one in sends(library)} == {"koha": False, "hook": True}
    # about one it answers: the other one alone is the reason
    del library.target("koha").refuses[library.id_of("ANNA")]
    assert [one.error for one in sends(library)] == [None, None]
    assert state(library).waiting == 1


def test_a_night_tells_a_slow_target_for_an_hour_and_holds_up_no_other(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call was answered in time, and the night was killed after four hours, before the next target's turn."""
    monkeypatch.setattr(sending, "TOGETHER", 1)
    library.sets_targets_up(PLAIN, OTHER)
    library.night()
    koha, hook = library.target("koha"), library.target("hook")
    before, keys = len(koha.calls), ("ANNA", "CLARA", "DAVID")
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in keys))
    report = library.one_night_with(monotonic=lambda: sending.NIGHT_SECONDS / 2 * (len(koha.calls) - before))
    told = {one["name"]: (one["sent"], one["waiting"], one["error"]) for one in report.document()["targets"]}
    assert told == {"koha": (2, 1, None), "hook": (3, 0, None)}
    library.one_night()
    assert {held(one, library, key)["municipality"] for key in keys for one in (koha, hook)} == {"0461"}


def test_a_protection_that_is_written_while_a_target_is_told_goes_before_the_rest(
    either_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first load by day takes hours, in which the desk can tell nobody: the address stood there until the morning."""
    library = either_library
    monkeypatch.setattr(sending, "TOGETHER", 1)
    double, keys = hears(library), ("ANNA", "CLARA", "DAVID")
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in keys))
    library.one_night_with(targets=())
    before = len(double.calls)

    def protect_the_first() -> bool:
        if len(double.calls) == before + 1:
            first = next(key for key in keys if library.id_of(key) == double.calls[-1].patron_id)
            library.deliver(TUESDAY, gains_protection(moves(person(first), "ODENSE")))
            library.one_night_with(targets=())
        return False

    double.is_lost = protect_the_first
    (sent,) = sending.Sender(library.store, Silence()).send_all(library.targets)
    told = [(call.patron_id, call.payload["protected"]) for call in double.calls[before:] if call.payload is not None]
    first = told[0][0]
    assert told[:2] == [(first, False), (first, True)]
    assert (sent.sent, len(told)) == (4, 4)
    assert state(library).waiting == 0


def test_a_target_whose_client_breaks_holds_up_no_other(library: Library) -> None:
    library.sets_targets_up(PLAIN, OTHER)
    library.night()

    def broken(_: object) -> Any:
        raise ConfigurationError("its key is missing")

    library.target("koha").send_many = broken  # type: ignore[method-assign]  # a client that cannot be made
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    report = library.one_night()
    assert held(library.target("hook"), library, "ANNA")["municipality"] == "0461"
    assert report.exit_code == 2
    assert state(library).waiting == 1


def test_one_that_is_added_later_is_told_of_everyone_and_the_first_hears_nothing_twice(library: Library) -> None:
    first = hears(library)
    library.sets_targets_up(PLAIN, OTHER)
    library.target("koha").takes_over(first)
    library.night()
    assert set(library.target("hook").holds) == {library.id_of(key) for key in ("ANNA", "CLARA", "DAVID")}
    assert library.target("koha").calls == []


# -- the brake ---------------------------------------------------------------------------------------------


def loses_two(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))


@pytest.mark.usefixtures("narrow")
def test_a_mass_of_leavers_stops_the_target_and_protections_still_go(either_library: Library) -> None:
    library = either_library
    double = hears(library, AARHUS)
    loses_two(library)
    library.deliver(TUESDAY, gains_protection(person("DAVID")))
    report = library.one_night()
    assert [call.patron_id for call in double.calls] == [library.id_of("DAVID")]
    assert held(double, library, "DAVID")["protected"]
    assert held(double, library, "ANNA")["municipality"] == "0751"
    assert report.document()["targets"][0]["stopped"] == "gone"
    assert report.exit_code == 3
    assert state(library).waiting == 2
    (wrong,) = wrong_targets(find_targets(library.store), library.clock.now())
    assert wrong["what"] == "target_stopped"


@pytest.mark.usefixtures("narrow")
def test_a_stopped_target_that_is_released_loses_them_once_and_then_brakes_again(library: Library) -> None:
    double = hears(library, AARHUS)
    loses_two(library)
    library.one_night()
    release_target(library.store, "koha", user="operator", reason="they have moved")
    sends(library)
    assert set(double.holds) == {library.id_of(key) for key in ("BO", "DAVID")}
    sends(library)
    library.deliver(TUESDAY, person("ANNA"), person("CLARA"))
    library.one_night()
    library.deliver(WEDNESDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    assert state(library).stopped is not None
    assert len(double.holds) == 4


def test_only_a_stopped_target_is_released_and_only_for_a_reason(library: Library) -> None:
    hears(library)
    before = library.everything()
    with pytest.raises(ConfigurationError, match="say why"):
        release_target(library.store, "koha", user="operator", reason=" ")
    with pytest.raises(BadInput, match="is stopped"):
        release_target(library.store, "koha", user="operator", reason="why not")
    assert library.everything() == before


# -- other settings ----------------------------------------------------------------------------------------


def test_narrower_settings_tell_a_target_that_some_are_gone(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    double = hears(library)
    library.sets_targets_up(AARHUS)
    library.target("koha").takes_over(double)
    library.night()
    assert held(library.target("koha"), library, "ANNA") is None
    assert held(library.target("koha"), library, "CLARA")["municipality"] == "0751"


def test_a_writer_with_older_settings_queues_what_the_new_ones_want(library: Library) -> None:
    """The desk was started before cprsync.toml was changed. Nothing that it writes may be lost."""
    hears(library, replace(PLAIN, fields=frozenset({OutwardField.GROUP})))
    older = library.store._tenant
    double = hears(library, PLAIN)
    library.store._bind(older)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night_with(targets=())
    library.sets_targets_up(PLAIN)
    library.target("koha").takes_over(double)
    library.one_night()
    assert held(library.target("koha"), library, "ANNA")["municipality"] == "0461"


def test_everything_is_told_anew_when_an_operator_asks(library: Library) -> None:
    double = hears(library)
    told = dict(double.holds)
    double.holds.clear()
    sends(library, load=True)
    assert double.holds == told
    assert len(double.calls) == 4
    sends(library)
    assert len(double.calls) == 4


# -- what staff answer -------------------------------------------------------------------------------------


def test_what_was_not_taken_is_sent_again_when_staff_say_so(library: Library) -> None:
    double = hears(library)
    anna = library.id_of("ANNA")
    double.refuses[anna] = Undelivered("http_400", final=True)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    double.refuses.clear()
    answer_item(library, "accept")
    sends(library)
    assert held(double, library, "ANNA")["municipality"] == "0461"
    assert state(library).failed == 0


def test_of_two_states_that_are_refused_only_the_later_waits_for_staff(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    double.refuses[library.id_of("ANNA")] = Undelivered("unknown_category", final=True)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night_with(targets=())
    library.deliver(TUESDAY, renames(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    assert (state(library).waiting, state(library).failed) == (0, 1)
    calls = len(double.calls)
    sends(library)
    assert len(double.calls) == calls
    double.refuses.clear()
    answer_item(library, "accept")
    sends(library)
    assert held(double, library, "ANNA")["municipality"] == "0461"


def test_an_effect_is_left_to_staff_after_its_last_try_while_others_are_taken(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cprsync.store.outward import queues

    monkeypatch.setattr(queues, "ATTEMPTS", 3)
    double = hears(library)
    double.refuses[library.id_of("ANNA")] = Undelivered("http_500")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    for day, move in ((TUESDAY, "SKOLEN"), (WEDNESDAY, "ODENSE")):
        assert "target.not_taken" not in dict(library.reviews()).values()
        library.deliver(day, moves(person("CLARA"), move))
        library.one_night()
    assert (library.id_of("ANNA"), "target.not_taken") in library.reviews()
    calls = len(double.calls)
    sends(library)
    assert len(double.calls) == calls


def test_a_target_that_was_away_for_weeks_hears_of_everybody_and_no_staff_are_asked(
    either_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer runs three times a day: after ten days each patron was left to staff, also a new protection."""
    from cprsync.store.outward import queues

    library = either_library
    monkeypatch.setattr(queues, "ATTEMPTS", 3)
    double, keys = hears(library), ("ANNA", "CLARA")
    double.refuses = {library.id_of(key): Undelivered("no_answer") for key in keys}
    library.deliver(MONDAY, gains_protection(person("ANNA")), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    for _ in range(5):
        (sent,) = sends(library)
        assert isinstance(sent.error, TargetUnavailable)
    assert (state(library).waiting, state(library).failed) == (2, 0)
    assert "target.not_taken" not in dict(library.reviews()).values()
    double.refuses.clear()
    sends(library)
    assert held(double, library, "ANNA")["protected"]
    assert held(double, library, "CLARA")["municipality"] == "0461"


def answer_item(library: Library, answer: str) -> None:
    reviews = StaffReviews(library, "staff")
    (item,) = [one["id"] for one in reviews.listed() if one["kind"] == "target.not_taken"]
    getattr(reviews, answer)(item)


def test_the_rule_leaves_a_protected_patron_out_where_the_target_says_so(library: Library) -> None:
    double = hears(library, Target("few", TargetKind.KOHA, EVERYTHING, ProtectedRule.LEAVE_OUT))
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    assert library.id_of("ANNA") not in double.holds


def test_a_list_that_is_only_tried_tells_nobody(library: Library) -> None:
    """A dry run takes back what it wrote before the end of its transaction."""
    double = hears(library)
    before = library.everything()
    listed = f"cpr_number\n{cpr('ANNA').digits}\n{cpr('BO').digits}\n".encode()
    told = import_patrons(io.BytesIO(listed), Importing(library.store, MONDAY, apply=False)).document()
    assert told["rows"] == 2
    assert library.everything() == before
    assert double.calls == []


# -- at the desk -------------------------------------------------------------------------------------------


def tells(library: Library, key: str, store: Any = None) -> None:
    """What the desk does after a write."""
    tell_of_patron(store or library.store, lambda: nullcontext(library.targets), library.id_of(key))


def blocks(library: Library, key: str) -> None:
    """Somebody at the desk writes a record."""
    library.deliver(MONDAY, moves(person(key), "ODENSE"))
    library.one_night_with(targets=())


def test_what_the_desk_writes_is_told_at_once_and_not_again_by_the_night(library: Library) -> None:
    double = hears(library)
    blocks(library, "ANNA")
    tells(library, "CLARA")
    assert double.calls == []
    tells(library, "ANNA")
    assert [call.patron_id for call in double.calls] == [library.id_of("ANNA")]
    library.one_night()
    assert len(double.calls) == 1


def test_to_tell_of_one_patron_no_queue_is_counted(library: Library) -> None:
    """After a restore there may be a row for each patron and target, and the desk waits for the answer."""
    double = hears(library)
    blocks(library, "ANNA")
    tells(library, "ANNA", altered(library.store, targets_states=lambda: pytest.fail("all queues are counted")))
    assert held(double, library, "ANNA")["municipality"] == "0461"


def test_of_one_who_is_still_marked_the_desk_tells_nothing_and_the_night_tells_it(library: Library) -> None:
    """What waits is older than what was written: after a restore not everybody is described at once."""
    double = hears(library)
    blocks(library, "ANNA")
    with writing(library.engine) as connection:
        mark = {"agency": AGENCY, "patron_id": library.id_of("ANNA")}
        connection.execute(insert(tables.change_mark), [mark])
    tells(library, "ANNA")
    assert double.calls == []
    library.one_night()
    assert [call.patron_id for call in double.calls] == [library.id_of("ANNA")]


def test_what_the_desk_cannot_tell_waits_for_the_night_and_stops_no_desk(library: Library) -> None:
    double = hears(library)
    blocks(library, "ANNA")
    double.down = TargetUnavailable("it does not answer")
    tells(library, "ANNA")
    with library.store.runs.lock():
        tells(library, "ANNA")
    assert state(library).waiting == 1
    double.down = None
    library.one_night()
    assert held(double, library, "ANNA")["municipality"] == "0461"


@pytest.mark.usefixtures("narrow")
def test_the_desk_takes_nobody_away_from_a_stopped_target(library: Library) -> None:
    double = hears(library, AARHUS)
    loses_two(library)
    library.one_night()
    tells(library, "ANNA")
    assert double.calls == []


def test_the_desk_tells_a_stopped_target_what_protects_and_nothing_else(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    library.store.targets.stop("koha", "gone")
    library.deliver(MONDAY, moves(person("CLARA"), "ODENSE"), gains_protection(person("ANNA")))
    library.one_night_with(targets=())
    tells(library, "CLARA")
    assert double.calls == []
    tells(library, "ANNA")
    assert held(double, library, "ANNA")["protected"]
    assert "address" not in held(double, library, "ANNA")
    (said,) = wrong_targets(find_targets(library.store), library.clock.now())
    assert (said["what"], said["count"]) == ("target_stopped", 1)
    library.store.targets.release("koha", user="operator", reason="looked")
    library.one_night()
    assert held(double, library, "CLARA")["municipality"] == "0461"
