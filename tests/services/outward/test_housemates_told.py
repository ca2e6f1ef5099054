"""Those who live with somebody protected: each target hears of their address again once the protected one has left.

A move, a death, an emigration and a disappearance count alike (decision 45). The clients are those of an installation.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Killed, Library, altered
from outward.receiver import KEY, Receiver, receiving
from test_feeding import EVERYTHING, Copy, reader
from townspeople import cpr, dies, disappears, emigrates, gains_protection, moves, person

from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.person import SILENT
from cprsync.outward.file import FileClient
from cprsync.outward.settings import FileSettings, WebhookSettings
from cprsync.outward.webhook import WebhookClient
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.outward.sending import tell_of_patron
from cprsync.services.ports.deliveries import Unreadable
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.domain.person.person import Person

FEED, HOOK, FOLDER = (
    Target(name, kind, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
    for name, kind in (("website", TargetKind.FEED), ("hook", TargetKind.WEBHOOK), ("folder", TargetKind.FILE))
)
HOME = person("ANNA").address


@pytest.fixture(scope="module")
def receiver(mock_keys: Path) -> Iterator[Receiver]:
    with receiving(mock_keys / "certs") as served:
        yield served


@pytest.fixture
def town(library: Library, receiver: Receiver) -> Iterator[Library]:
    """BO, who is protected, and CLARA live in one dwelling. Three targets have heard of everyone."""
    with living_together(library, receiver, protected()):
        yield library


@contextmanager
def living_together(library: Library, receiver: Receiver, bo: Person) -> Iterator[None]:
    receiver.begin_anew()
    key = library.folder / "key-1.key"
    key.write_text(KEY, encoding="utf-8")
    key.chmod(0o600)
    settings = WebhookSettings(url=receiver.url, ca=receiver.ca, agency=library.agency, keys=(key,))
    hook = WebhookClient(settings, surroundings=CallSurroundings(sleep=lambda _: None))
    files = FileSettings(target=FOLDER, folder=library.folder / "folder")
    library.clients = {"hook": lambda _: hook, "folder": lambda here: FileClient(files, now=here.clock.now)}
    library.sets_targets_up(FEED, HOOK, FOLDER)
    clara = replace(person("CLARA"), address=HOME)
    library.register.knows(bo, clara)
    library.deliver(MONDAY, bo, clara)
    library.one_night()
    yield
    hook.close()


def protected() -> Person:
    return gains_protection(replace(person("BO"), address=HOME))


def lines_of_the_folder(library: Library) -> list[dict[str, Any]]:
    paths = sorted((library.folder / "folder").glob("*.ndjson"))
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def in_the_folder(library: Library) -> dict[str, Any]:
    """By patron, the last line of the folder's files."""
    return {one["patron"]: one for one in lines_of_the_folder(library)}


def told(library: Library, key: str) -> list[dict[str, Any]]:
    """What the reader of the feed and that of the folder hold of somebody."""
    patron = library.id_of(key)
    return [Copy(reader(library, FEED)).catch_up().holds[patron], in_the_folder(library)[patron]]


@pytest.mark.parametrize("leaves", [moves, dies, emigrates, disappears])
def test_a_housemates_address_is_told_again_once_the_protected_one_has_left(
    town: Library, receiver: Receiver, leaves: Callable[[Person], Person]
) -> None:
    clara = town.id_of("CLARA")
    assert [(one["address"], one["withheld"]) for one in told(town, "CLARA")] == [(None, ["address"])] * 2
    receiver.got.clear()
    town.deliver(TUESDAY, leaves(protected()))
    town.night()
    for one in told(town, "CLARA"):
        assert (one["address"]["postcode"], "withheld" in one) == ("8000", False)
    assert clara in {one["patron"] for one in receiver.said()}
    # the one who has left stays hidden
    assert [(one["protected"], one.get("address")) for one in told(town, "BO")] == [(True, None)] * 2
    # one comes home, and both are hidden again
    receiver.got.clear()
    town.deliver(WEDNESDAY, protected())
    town.night()
    assert [(one["address"], one["withheld"]) for one in told(town, "CLARA")] == [(None, ["address"])] * 2
    assert clara in {one["patron"] for one in receiver.said()}


def test_while_news_of_the_one_who_has_left_may_be_missing_a_housemate_is_hidden_again(town: Library) -> None:
    """In a window, and while their record waits for staff, nobody knows whether they are back."""
    town.register.knows(gains_protection(dies(protected())))
    town.deliver(TUESDAY, dies(protected()))
    town.one_night()
    assert [one["address"] is None for one in told(town, "CLARA")] == [False, False]
    town.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    assert Copy(reader(town, FEED)).catch_up().holds[town.id_of("CLARA")].get("address") is None
    town.one_night()
    assert [one["address"] is None for one in told(town, "CLARA")] == [False, False]
    town.deliver(WEDNESDAY, Unreadable(cpr("BO"), "person.status", SILENT))
    town.one_night()
    assert [one["address"] is None for one in told(town, "CLARA")] == [True, True]
    (item,) = [row["id"] for row in town.rows("review_item") if row["kind"] == "parked.person.status"]
    StaffReviews(town, "lone").reject(item, reason="set efter")
    town.one_night()
    assert [one["address"] is None for one in told(town, "CLARA")] == [False, False]


def looks_up(library: Library, key: str, store: Any = None) -> None:
    """Somebody at the desk of an installation asks the register, and says yes to nothing."""

    def publish(patron_id: str) -> None:
        tell_of_patron(store or library.store, lambda: nullcontext(library.targets), patron_id)

    desk = Desk(library.agency, library.store, library.register, library.clock, library.policy, publish=publish)
    look_up(desk, Asked(cpr(key), Purpose.CORRECTION, "lisbeth"))


def test_a_protection_that_a_look_up_tells_of_hides_the_patron_and_housemates_from_each_target_at_once(
    either_library: Library, receiver: Receiver
) -> None:
    """Decision 3: until the next night a folder's last line would tell where they live."""
    library = either_library
    with living_together(library, receiver, replace(person("BO"), address=HOME)):
        assert [one["address"]["postcode"] for key in ("BO", "CLARA") for one in told(library, key)] == ["8000"] * 4
        receiver.got.clear()
        library.register.knows(protected())
        looks_up(library, "BO")
        assert [one["address"] for one in told(library, "CLARA")] == [None] * 2
        assert [(one["protected"], one.get("address")) for one in told(library, "BO")] == [(True, None)] * 2
        assert {one["patron"] for one in receiver.said()} >= {library.id_of("BO"), library.id_of("CLARA")}
        files = list((library.folder / "folder").glob("*.ndjson"))
        assert len(files) == 2  # one of the load, and one for all
        # the night has nothing more to tell
        library.night()
        assert list((library.folder / "folder").glob("*.ndjson")) == files


def test_what_is_not_urgent_waits_for_the_nights_file(library: Library, receiver: Receiver) -> None:
    with living_together(library, receiver, replace(person("BO"), address=HOME)):
        files = list((library.folder / "folder").iterdir())
        library.deliver(TUESDAY, moves(person("CLARA")))
        library.one_night_with(targets=())
        receiver.got.clear()
        tell_of_patron(library.store, lambda: nullcontext(library.targets), library.id_of("CLARA"))
        assert [one["patron"] for one in receiver.said()] == [library.id_of("CLARA")]
        assert list((library.folder / "folder").iterdir()) == files
        library.one_night()
        assert len(list((library.folder / "folder").glob("*.ndjson"))) == 2


@pytest.mark.parametrize("where", ["queues_around", "queues_offer", "queues_settle"])
def test_a_look_up_that_is_killed_while_it_tells_the_folder_loses_nothing_and_tells_nothing_twice(
    either_library: Library, receiver: Receiver, where: str
) -> None:
    def dies_there(*_: object) -> None:
        raise Killed

    library = either_library
    with living_together(library, receiver, replace(person("BO"), address=HOME)):
        library.register.knows(protected())
        with pytest.raises(Killed):
            looks_up(library, "BO", altered(library.store, **{where: dies_there}))
        library.night()
        lines = lines_of_the_folder(library)
        assert [one["address"] for one in told(library, "CLARA")] == [None] * 2
        assert [(one["protected"], one.get("address")) for one in told(library, "BO")] == [(True, None)] * 2
        assert len(lines) == len({(one["patron"], one["version"]) for one in lines})
