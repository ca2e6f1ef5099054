"""The register's files that no night could take: forgotten as long after they came as the policy says, and once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, FileDouble
from test_forgetting import chunks, morning
from townspeople import moves, person

from cprsync.domain.policy.policy import RetentionDays
from cprsync.errors import BadInput
from cprsync.services.feed.stopped import DeliveryDecisions

if TYPE_CHECKING:
    from doubles import Library

#: The day of the night that refuses, and the first on which what it refused is forgotten.
CAME = date(2027, 3, 23)
OVER = CAME + timedelta(days=90)


def damaged(library: Library) -> str:
    """A night that a damaged file stops; returns the file's name. What else is in the inbox is forgotten before."""
    library.damage(MONDAY)
    (name,) = (name for name in library.feed.files if name.startswith(f"D{MONDAY:%y%m%d}"))
    library.one_night()
    assert [row["state"] for row in library.rows("inbox") if row["name"] == name] == ["refused"]
    return name


def states(library: Library, name: str) -> list[tuple[str, str | None]]:
    return [(row["state"], row["reason"]) for row in library.rows("inbox") if row["name"] == name]


def test_a_file_that_was_refused_loses_its_content_after_its_days_and_stays_known(either_library: Library) -> None:
    library = either_library
    name = damaged(library)
    library.feed.files.clear()
    morning(library, OVER - timedelta(days=1))
    assert "refused_deliveries" not in library.night().document()["forgotten"]
    morning(library, OVER)
    assert library.night().document()["forgotten"]["refused_deliveries"] == 1
    assert (chunks(library), states(library, name)) == (0, [("refused", "delivery.damaged")])
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    assert [one["count"] for one in entries if one["actions"] == ["refused_deliveries"]] == ["1"]


def test_a_library_says_how_long_a_refused_file_is_kept(library: Library) -> None:
    library.policy = replace(library.policy, retention=RetentionDays(refused_deliveries_days=2))
    damaged(library)
    library.feed.files.clear()
    morning(library, CAME + timedelta(days=2))
    assert library.night().document()["forgotten"]["refused_deliveries"] == 1


@pytest.mark.parametrize("kept", [True, False], ids=["content there", "content forgotten"])
def test_a_damaged_file_that_still_lies_there_stops_the_night_whether_its_content_is_kept_or_not(
    library: Library, kept: bool
) -> None:
    name = damaged(library)
    lying = library.feed.files.pop(name)
    if not kept:
        morning(library, OVER)
        library.night()
        assert chunks(library) == 0
    library.feed.files[name] = lying
    for _ in range(2):
        report = library.one_night().document()
        assert report["error"]["kind"] == "delivery.damaged"
    assert states(library, name) == [("refused", "delivery.damaged")]
    assert chunks(library) >= 1


def test_a_file_of_a_day_that_was_taken_already_stays_refused_after_its_content_is_forgotten(library: Library) -> None:
    """The server keeps it: it is no news, and is not fetched again."""
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    (taken,) = (name for name in library.feed.files if name.startswith(f"D{MONDAY:%y%m%d}"))
    copy = f"{taken}.2"
    library.feed.files[copy] = FileDouble(copy, library.feed.files[taken].token)
    library.one_night()
    assert states(library, copy) == [("refused", "repeat")]
    morning(library, OVER)
    library.night()
    assert chunks(library) == 0
    before = library.rows("inbox")
    assert copy not in {line["file"] for line in library.night().document()["deliveries"]}
    assert (library.rows("inbox"), chunks(library)) == (before, 0)


def test_what_is_forgotten_can_be_accepted_no_more_and_says_so(library: Library) -> None:
    name = damaged(library)
    library.feed.files.clear()
    morning(library, OVER)
    library.night()
    before = library.everything()
    with pytest.raises(BadInput, match="no delivery of that name waits"):
        DeliveryDecisions(library.store, library.reader, None, strict=True).accept(
            name, reason="Den er god nok", user="lone"
        )
    assert library.everything() == before
