"""A day without the register: everyone who comes is registered by their own words, and none is left out afterwards."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import Killed, KilledStore
from said_yes import yes_to
from test_dry_run import as_planned, asked
from test_number_change import replaced
from test_registering import desk
from test_reviewing import circulate, number_of, reviews
from town import PEOPLE
from townspeople import cpr, gains_protection, moves, person

from cprsync.cli.desk.background import ask_once, verifying
from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.patron.provisional import WAITS_MOST
from cprsync.domain.person.person import SILENT, Status, silence_by_status
from cprsync.domain.person.sealed import Name
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, RegisterUnavailable
from cprsync.services.desk.adding import Addition, answered_by, confirm_addition, preview_addition
from cprsync.services.desk.answering import preview_responsible
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.feed.provisional import ask_about_provisional
from cprsync.services.night.dry_run import plan_night
from cprsync.services.ports.patrons import NewPatron
from cprsync.services.trust.status import Around, status_of
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

DOWN = RegisterUnavailable("the register did not answer in time", kind="register.unavailable")
#: Twenty-five of the town who are not patrons yet.
COME = (
    *("EDITH", "FINN", "GRETHE", "HENRIK", "IVAN", "JOHANNE", "LAURA", "MOGENS", "NINA", "OSCAR", "HELLE", "MIA"),
    *(
        "INGER",
        "JESPER",
        "KLAUS",
        "KAREN",
        "LARS",
        "NICOLAI",
        "OTTO",
        "PIA",
        "RIKKE",
        "SVEND",
        "SOFIE",
        "THOMAS",
        "UNA",
    ),
)
#: The register has protected this one, knows that one by another name, and the last not at all.
SHUT, OTHER, UNKNOWN = "EDITH", "FINN", "GRETHE"


def said_by(key: str) -> dict[str, str]:
    """What somebody of the town says of themselves, rightly."""
    raw = PEOPLE[key]
    at = raw.get("address", {})
    written = (f"{at.get('road', '')} {at.get('house', '').lstrip('0')}", f"{at.get('postcode', '')}")
    said = {"cpr_number": cpr(key).digits, "name": raw["name"]["addressing"], "cards": f"K-{key}"}
    return said | {"address": "|".join(written)}


def shown(library: Library, values: dict[str, str], **more: Any) -> Addition:
    return preview_addition(desk(library), json.dumps(values), user="lisbeth", provisional=True, **more)


def comes(library: Library, key: str, **values: str) -> str:
    addition = shown(library, said_by(key) | values)
    return str(confirm_addition(desk(library), addition, yes_to(addition.preview))["patron"])


def returns(library: Library) -> None:
    """The register answers again."""
    library.register.down = None
    library.register.knows(*(person(key) for key in COME if key != UNKNOWN))
    library.register.knows(gains_protection(person(SHUT)), replace(person(OTHER), name=Name("Somebody Else")))


def waits(library: Library) -> tuple[int, int]:
    waiting = library.store.provisional.waiting()
    return waiting.register, waiting.staff


def is_settled(library: Library) -> None:
    """Nobody waits for the register; each is as it says, or waits for a person who is told why."""
    assert library.store.provisional.waiting().register == 0
    for key in COME:
        (patron,) = library.store.patrons.read([library.id_of(key)])
        if key == UNKNOWN:
            assert (patron.id, "parked.register.no_such_person") in library.reviews()
            assert not patron.is_known
        else:
            assert patron.is_known
            assert cpr(key) in library.register.listed or patron.number != cpr(key)
    assert (library.id_of(OTHER), "said.name") in library.reviews()
    kept = {row["patron_id"] for row in library.rows("provisional")}
    assert kept == {library.id_of(OTHER), library.id_of(UNKNOWN)}


def a_day_without(library: Library) -> None:
    library.register.down = DOWN
    for key in COME:
        comes(library, key)
    assert waits(library) == (len(COME), 0)


def test_everyone_of_a_day_without_the_register_is_verified_by_the_next_night(either_library: Library) -> None:
    library = either_library
    a_day_without(library)
    library.one_night()
    assert waits(library) == (len(COME), 0)
    returns(library)
    library.deliver(date(2027, 3, 22))
    library.one_night()
    is_settled(library)
    library.nothing_is_left()


def test_a_dry_run_foresees_what_differs_from_what_was_said(either_library: Library) -> None:
    library = either_library
    a_day_without(library)
    other = comes(library, "LIV", address="Nowhere Road 7|9999 Nowhere")
    returns(library)
    library.register.knows(person("LIV"))
    # one of them is told of by the delivery too, and compared once
    library.deliver(date(2027, 3, 22), moves(person("IVAN"), "HAVNEN"))
    assert {"said.name", "said.address"} <= asked(library, about=26).document()["reviews"]["kinds"].keys()
    # in several batches, each patron is compared once
    assert plan_night(replace(library.ports(), batch=7)).document()["reviews"]["kinds"]["said.name"] == 1
    as_planned(library)
    assert (other, "said.address") in library.reviews()
    assert (library.id_of(OTHER), "said.name") in library.reviews()


def test_everyone_is_verified_between_two_nights_and_a_second_try_does_nothing(either_library: Library) -> None:
    library = either_library
    a_day_without(library)
    assert ask_about_provisional(library.ports()).error is not None
    assert waits(library) == (len(COME), 0)
    returns(library)
    asked = ask_about_provisional(library.ports())
    assert (asked.asked, asked.left, asked.error) == (len(COME), 0, None)
    is_settled(library)
    before, looked = library.everything(), len(library.register.looked_up)
    assert ask_about_provisional(library.ports()).asked == 0
    assert (library.everything(), len(library.register.looked_up)) == (before, looked)
    library.deliver(date(2027, 3, 22))
    library.one_night()
    is_settled(library)


@pytest.mark.parametrize("at", [1, 2, 4])
def test_an_asking_that_is_killed_loses_nobody(library: Library, tmp_path: Path, at: int) -> None:
    a_day_without(library)
    returns(library)
    ports = replace(library.ports(KilledStore(library.store, at=at)), batch=7)
    with pytest.raises(Killed):
        ask_about_provisional(ports)
    register, staff = waits(library)
    assert register + staff > 0
    assert ask_about_provisional(library.ports()).left == 0
    is_settled(library)


def test_a_registration_that_is_killed_leaves_nothing_half_done(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.register.down = DOWN
    before = library.everything()
    addition = shown(library, said_by("EDITH") | {"pin": "2468"})

    def dies(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr("cprsync.store.desk.desk.give_pin", dies)
    with pytest.raises(Killed):
        confirm_addition(desk(library), addition, yes_to(addition.preview))
    assert library.everything() == before


def test_a_protected_person_stays_sealed_and_leaves_nothing_of_what_they_said(library: Library) -> None:
    library.register.down = DOWN
    patron = comes(library, SHUT)
    view = library.store.views.patron(patron)
    assert view is not None
    assert view.is_sealed(replace(library.policy, silent_is_sealed=False))
    returns(library)
    ask_about_provisional(library.ports())
    view = library.store.views.patron(patron)
    assert view is not None
    assert (view.said_since, view.is_sealed(library.policy)) == (None, True)


def test_what_differs_is_kept_until_staff_have_looked_and_then_deleted(library: Library) -> None:
    library.register.down = DOWN
    patron = comes(library, OTHER)
    returns(library)
    ask_about_provisional(library.ports())
    assert waits(library) == (0, 1)
    (number,) = [one.id for one in library.store.review_desk.items(all_states=False) if one.patron_id == patron]
    reviews(library).accept(number)
    library.deliver(date(2027, 3, 22))
    library.one_night()
    assert library.rows("provisional") == []


def test_an_address_that_was_said_otherwise_goes_to_staff(library: Library) -> None:
    library.register.down = DOWN
    patron = comes(library, "IVAN", address="Nowhere Road 7|9999 Nowhere")
    returns(library)
    ask_about_provisional(library.ports())
    assert (patron, "said.address") in library.reviews()


def test_what_somebody_said_is_kept_until_the_register_tells_a_name(either_library: Library) -> None:
    """Of an annulled number it tells none: what they said was deleted, and nobody knew who had borrowed."""
    library = either_library
    library.register.down = DOWN
    patron = comes(library, "IVAN")
    returns(library)
    library.register.knows(silence_by_status(replace(person("IVAN"), status=Status.ANNULLED)))
    assert ask_about_provisional(library.ports()).left == 0
    assert waits(library) == (0, 1)
    assert (patron, "number.annulled") in library.reviews()
    reviews(library).accept(number_of(library, "number.annulled"))
    library.deliver(date(2027, 3, 22))
    library.one_night()
    opened = RecordViewer(library, "lisbeth").revealed(patron, reason="Låneren står her")
    assert (opened["said"]["waits"], opened["said"]["name"]) == (True, person("IVAN").name.addressing)  # type: ignore[union-attr]  # known
    assert waits(library) == (0, 1)
    # the annulment was a mistake
    library.deliver(date(2027, 3, 23), person("IVAN"))
    library.one_night()
    assert (waits(library), library.rows("provisional")) == ((0, 0), [])


def test_the_desks_own_look_up_verifies_too(library: Library) -> None:
    from cprsync.domain.patron.patron import Purpose
    from cprsync.services.desk.lookup import Asked
    from cprsync.services.desk.registering import confirm_registration, preview_registration

    library.register.down = DOWN
    patron = comes(library, "IVAN")
    returns(library)
    seen = preview_registration(desk(library), Asked(cpr("IVAN"), Purpose.RENEWAL, "lisbeth"))
    # the words of a first copy say already that changes follow
    assert seen.document["preview"]["changes"] == ["first_copy"]
    confirm_registration(desk(library), seen, yes_to(seen.preview))
    assert library.rows("provisional") == []
    assert library.store.patrons.read([patron])[0].verified


def child_comes(library: Library) -> tuple[str, str]:
    """LIV comes with IVAN, who is no patron and is to answer for her."""
    minor = replace(library.store.patrons.read([library.id_of("ANNA")])[0], id="", register=person("LIV"))
    found = preview_responsible(desk(library), minor, cpr("IVAN").digits, "lisbeth")
    child = answered_by(shown(library, said_by("LIV")), found)
    done = confirm_addition(desk(library), child, yes_to(child.preview))
    (answers,) = done["done"]["responsible"]
    assert answers == library.id_of("IVAN")
    return done["patron"], answers


def test_who_answers_for_a_child_is_asked_about_with_the_child_between_two_nights(either_library: Library) -> None:
    """The child's address was hidden until the night, for somebody whom nobody had protected."""
    library = either_library
    library.register.down = DOWN
    child, answers = child_comes(library)
    assert ask_about_provisional(library.ports()).error is not None
    returns(library)
    library.register.knows(person("LIV"))
    asked = ask_about_provisional(library.ports())
    assert (asked.asked, asked.left, asked.error) == (2, 0, None)
    assert all(one.verified for one in library.store.patrons.read([child, answers]))
    assert not library.store.views.patron(child).household
    assert cpr("IVAN") in library.register.listed
    before, looked = library.everything(), len(library.register.looked_up)
    assert ask_about_provisional(library.ports()).asked == 0
    assert (library.everything(), len(library.register.looked_up)) == (before, looked)


def test_who_answers_and_is_left_to_staff_is_not_asked_about_again_and_again(library: Library) -> None:
    library.register.knows(replace(person("IVAN"), address=SILENT))
    _, answers = child_comes(library)
    assert (answers, "parked.address.missing") in library.reviews()
    looked = len(library.register.looked_up)
    assert answers not in library.store.provisional.to_ask(10)
    ask_about_provisional(library.ports())
    assert cpr("IVAN") not in library.register.looked_up[looked:]


def test_somebody_who_only_answers_for_a_minor_becomes_a_patron_and_is_verified(library: Library) -> None:
    """The hole of another system: who was responsible already was never verified."""
    library.register.down = DOWN
    _, answers = child_comes(library)
    assert comes(library, "IVAN") == answers
    assert library.store.patrons.read([answers])[0].borrows
    returns(library)
    library.register.knows(person("LIV"))
    assert ask_about_provisional(library.ports()).left == 0
    assert library.store.patrons.read([answers])[0].verified
    assert library.rows("provisional") == []


def test_whoever_was_registered_at_another_desk_meanwhile_is_not_registered_twice(library: Library) -> None:
    library.register.down = DOWN
    first, second = (shown(library, said_by("IVAN") | {"cards": card}) for card in ("K1", "K2"))
    confirm_addition(desk(library), first, yes_to(first.preview))
    before = library.everything()
    with pytest.raises(BadInput) as error:
        confirm_addition(desk(library), second, yes_to(second.preview))
    assert error.value.kind == "patron.exists"
    assert library.everything() == before


@pytest.mark.parametrize("hours", [0, 27])
def test_the_status_counts_who_waits_and_alarms_after_a_day(library: Library, hours: int) -> None:
    library.register.down = DOWN
    comes(library, "IVAN")
    now: datetime = library.clock.now() + timedelta(hours=hours)
    status = status_of(library.store, Around("775100", "Byen", now))
    assert status.waits.provisional.register == 1
    assert ("unheard" in {one["what"] for one in status.wrong}) is (timedelta(hours=hours) > WAITS_MOST)


def test_whoever_is_merged_into_the_patron_they_are_waits_for_the_register_no_more(either_library: Library) -> None:
    """Provisionally registered by an old number, whose successor another patron of ours has."""
    library, old = either_library, cpr("IVAN")
    library.register.down = DOWN
    shell = comes(library, "IVAN")
    library.register.down = None
    library.register.knows(replaced(old, cpr("ANNA")))
    assert ask_about_provisional(library.ports()).left == 0
    assert waits(library) == (0, 1)
    reviews(library).accept(number_of(library, "parked.number.both_patrons"))
    assert library.store.patrons.find(old) == library.id_of("ANNA") != shell
    assert waits(library) == (0, 0)
    library.deliver(date(2027, 3, 22))
    library.one_night()
    assert library.rows("provisional") == []


def test_nobody_is_asked_about_who_leaves_before_the_register_answers(either_library: Library) -> None:
    library = either_library
    library.register.down = DOWN
    patron = comes(library, "IVAN")
    circulate(library, tables.loan, "IVAN", 1, due=date(2027, 4, 1), returned=None)
    departure = library.store.leaving.leave(patron, user="lisbeth", reason="")
    assert departure is not None
    assert departure.stage is Stage.LEAVING
    returns(library)
    before = library.everything()
    assert ask_about_provisional(library.ports()).asked == 0
    assert (library.everything(), waits(library), library.register.listed & {cpr("IVAN")}) == (before, (0, 0), set())
    # an import brings them back
    library.store.imports.take_patrons([NewPatron(cpr("IVAN"), Local())])
    assert ask_about_provisional(library.ports()).asked == 1
    assert library.store.patrons.read([patron])[0].verified


def test_an_open_desk_asks_by_itself_and_tells_the_net_media_of_who_was_answered_about(library: Library) -> None:
    told: list[str] = []
    site: Any = SimpleNamespace(
        store=lambda: nullcontext(library.store),
        night=lambda **_: nullcontext(library.ports()),
        publish_patron=told.append,
    )
    assert ask_once(site) == 0
    library.register.down = DOWN
    patron = comes(library, "IVAN")
    assert ask_once(site) == 0
    assert told == []
    returns(library)
    assert ask_once(site) == 1
    assert told == [patron]
    assert ask_once(site) == 0


def test_an_open_desk_asks_no_second_time_what_a_limit_leaves_to_the_night(library: Library) -> None:
    """Each time would be a look-up of all of them, every two minutes for the rest of the day."""
    site: Any = SimpleNamespace(
        store=lambda: nullcontext(library.store),
        night=lambda **_: nullcontext(library.ports()),
        publish_patron=lambda _: True,
    )
    library.limit(Harm.PARKED, 0)
    library.register.down = DOWN
    comes(library, UNKNOWN)
    returns(library)
    held: set[str] = set()
    assert [ask_once(site, held) for _ in range(3)] == [0, 0, 0]
    assert library.register.looked_up == [cpr(UNKNOWN)]
    library.register.down = DOWN
    comes(library, "IVAN")
    returns(library)
    assert [ask_once(site, held) for _ in range(3)] == [0, 0, 0]
    assert len(library.register.looked_up) == 3


def test_an_open_desk_goes_on_asking_after_a_try_that_failed(library: Library) -> None:
    tried, done = [0], threading.Event()

    @contextmanager
    def store() -> Iterator[Any]:
        tried[0] += 1
        if tried[0] != 3:
            raise (DOWN if tried[0] == 1 else RuntimeError("nobody foresaw it"))
        yield library.store
        done.set()

    with verifying(SimpleNamespace(store=store), every=0.01):  # type: ignore[arg-type]  # as much of a site as is used
        assert done.wait(20)
