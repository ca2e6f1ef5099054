"""What waits for a person, through the API: put off, taken back, and many accepted with one yes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from callers import records, refusal
from test_box import patron_of
from test_item_sides import refused
from test_item_sides import shown as shown_by_command
from test_review_pages import merge_shown_one, states
from test_review_pages import number as number  # noqa: PLC0414 -- the same item as on the pages
from test_review_pages import several as several  # noqa: PLC0414 -- and the same items
from test_set_cpr import MADE, enrol, set_cpr
from townspeople import person

from cprsync.domain.patron.review import BOTH_PATRONS, NUMBER_SET, State
from cprsync.domain.policy.policy import Harm
from cprsync.errors import TargetUnavailable
from cprsync.language.review import with_words

if TYPE_CHECKING:
    from browser import Served
    from callers import Caller


def answer(api: Caller, number: int, given: str, **more: Any) -> Any:
    return api.post(f"/reviews/{number}/answer", {"answer": given, **more})


def test_an_item_is_put_off_to_a_day_and_brought_back(desk: Served, api: Caller, number: int) -> None:
    until = (desk.library.clock.today() + timedelta(7)).isoformat()
    later = answer(api, number, "later", until=until, reason="Kommer på mandag").json()["item"]["later"]
    assert later == {"until": until, "by": "lisbeth"}
    assert answer(api, number, "now").json()["item"]["later"] is None


@pytest.mark.parametrize("more", [{"reason": "Senere"}, {"until": "2020-01-01", "reason": "Senere"}, {"until": "x"}])
def test_an_item_is_put_off_to_a_day_and_for_a_reason_alone(
    desk: Served, api: Caller, number: int, more: dict[str, str]
) -> None:
    before = records(desk)
    told = answer(api, number, "later", **more)
    assert told.status_code == 422
    assert records(desk) == before


def test_an_answer_is_taken_back_and_reopened_and_no_answer_is_given_twice(
    desk: Served, api: Caller, number: int
) -> None:
    assert api.get("/reviews?answered=true").json()["items"] == []
    assert answer(api, number, "accept").json()["item"]["state"] == "accepted"
    assert [one["id"] for one in api.get("/reviews?answered=true").json()["items"]] == [number]
    before = records(desk)
    refusal(answer(api, number, "accept"), 422, "review.closed")
    assert records(desk) == before
    assert answer(api, number, "undo", reason="Forkert").json()["item"]["state"] == "undone"
    assert answer(api, number, "reopen", reason="Spørg igen").json()["item"]["state"] == "waiting"
    about = api.get(f"/patrons/{patron_of(desk, 'CLARA')}/reviews").json()["items"]
    assert [one["id"] for one in about] == [number]


def test_an_item_is_answered_about_the_patron_who_was_shown_and_about_no_other(
    desk: Served, api: Caller, number: int
) -> None:
    shown = api.get(f"/reviews/{number}").json()["about"]
    merge_shown_one(desk)
    before = records(desk)
    refusal(answer(api, number, "accept", about=shown), 422, "review.changed")
    refusal(answer(api, number, "reject", about=shown, reason="To forskellige"), 422, "review.changed")
    assert records(desk) == before
    now = api.get(f"/reviews/{number}").json()["about"]
    assert now == patron_of(desk, "DAVID") != shown
    assert answer(api, number, "accept", about=now).json()["item"]["state"] == "accepted"


def test_a_number_that_was_given_is_taken_back_as_it_was_shown(desk: Served, api: Caller) -> None:
    library = desk.library
    patron = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    set_cpr(library, patron)
    (given,) = [one.id for one in library.store.review_desk.items(all_states=True) if one.kind == NUMBER_SET]
    before = records(desk)
    for digest in (None, f"sha256:{'0' * 64}"):
        refusal(answer(api, given, "undo", digest=digest, reason="Forkert person"), 409, "confirm.changed")
    assert records(desk) == before
    shown = api.get(f"/reviews/{given}/taking-back").json()
    assert shown["preview"]["whose"]["name"] == person("EDITH").name.addressing
    undone = answer(api, given, "undo", digest=shown["preview"]["digest"], reason="Forkert person").json()
    assert undone["item"]["state"] == "undone"
    assert library.store.patrons.read([patron])[0].number == MADE[0]
    refusal(api.get(f"/reviews/{given}/taking-back"), 422, "number.not_set")


# -- many at once ------------------------------------------------------------------------------------------


def test_several_are_shown_and_accepted_with_one_yes_and_once(desk: Served, api: Caller, several: list[int]) -> None:
    shown = api.post("/reviews/bulk/preview", {"items": several}).json()
    assert ([one["id"] for one in shown["items"]], shown["written"]) == (several, False)
    assert states(desk, several) == [State.WAITING] * 3
    yes = {"items": several, "digest": shown["digest"]}
    done = api.post("/reviews/bulk/accept", yes).json()
    assert ([one["state"] for one in done["accepted"]], done["missed"]) == (["accepted"] * 3, [])
    assert len(desk.site.told) == 3
    before = records(desk)
    refusal(api.post("/reviews/bulk/accept", yes), 422, "review.closed")
    assert records(desk) == before


def test_a_yes_to_other_items_than_were_shown_accepts_none(desk: Served, api: Caller, several: list[int]) -> None:
    shown = api.post("/reviews/bulk/preview", {"items": several[:2]}).json()
    refusal(api.post("/reviews/bulk/accept", {"items": several, "digest": shown["digest"]}), 409, "confirm.changed")
    assert states(desk, several) == [State.WAITING] * 3


def test_what_writes_a_record_is_not_accepted_among_others(desk: Served, api: Caller, several: list[int]) -> None:
    desk.library.store.desk.ask_staff(patron_of(desk, "ANNA"), BOTH_PATRONS, about=patron_of(desk, "CLARA"))
    merge = max(item.id for item in desk.library.store.review_desk.items(all_states=False))
    refusal(api.post("/reviews/bulk/preview", {"items": [*several, merge]}), 422, "review.bulk")
    assert states(desk, [*several, merge]) == [State.WAITING] * 4


def test_more_than_the_days_limit_is_stopped_before_the_first_write(
    desk: Served, api: Caller, several: list[int]
) -> None:
    desk.library.limit(Harm.CHANGED, 2)
    refusal(api.post("/reviews/bulk/preview", {"items": several}), 409, "review.braked")
    assert states(desk, several) == [State.WAITING] * 3


def test_an_item_that_a_target_refused_has_both_sides_as_the_command_has_them(desk: Served, api: Caller) -> None:
    look = refused(desk.library)
    (item,) = [one for one in api.get("/reviews").json()["items"] if one["kind"] == "target.not_taken"]
    assert item["targets"] == [{"name": "koha", "code": "unknown_category"}]
    assert look.least == []
    shown = api.get(f"/reviews/{item['id']}").json()
    assert shown == with_words(shown_by_command(desk.library))
    (sides,) = [one["sides"] for one in shown["targets"]]
    (city,) = [one for one in sides["held"][0]["fields"] if one["field"] == "city"]
    assert (sides["reading"], city["theirs"], city["again"]) == ("read", "Ry", "sets")


def test_while_the_target_is_down_the_item_is_answered_all_the_same(desk: Served, api: Caller) -> None:
    refused(desk.library, down=TargetUnavailable("Koha does not answer"))
    (item,) = [one for one in api.get("/reviews").json()["items"] if one["kind"] == "target.not_taken"]
    (told,) = api.get(f"/reviews/{item['id']}").json()["targets"]
    assert (told["sides"]["reading"], told["sides"]["failure"]) == ("unanswered", "target.unavailable")
    assert answer(api, item["id"], "reject", reason="Koha har ret").status_code == 200
