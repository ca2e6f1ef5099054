"""Which review items a batch of changes raises and settles: the night writes this answer, and a dry run counts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from people import PROTECTED, STORED, TONIGHT, patron, person

from cprsync.domain.deciding.reviews import (
    HARMS,
    ItemInForce,
    OldNumber,
    ReviewNews,
    birth_match_changes,
    decide_reviews,
    kinds_of_harm,
    only_protects,
)
from cprsync.domain.patron.responsible import Answering
from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    BLOCK_DEAD,
    BOTH_PATRONS,
    DEATH_ANNULLED,
    NET_MEDIA_FOREIGN,
    NET_MEDIA_REFUSED,
    NO_SUCH_PERSON,
    OTHER_SUCCESSOR,
    PROTECTION_CONTRADICTED,
    PROTECTION_DOUBTED,
    RESPONSIBLE_GONE,
    REVERTED_PROTECTED,
    State,
)
from cprsync.domain.person.person import EMPTY, Birth, Person, Status
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from cprsync.domain.patron.patron import Patron

ANNA = patron("ANNA")
DEAD = replace(ANNA, register=replace(ANNA.register, status=Status.DEAD))
OLD, NEW, NEXT = ANNA.number, person("CLARA").number, person("EDITH").number
CIRCLE = "parked.number.circle"
MINOR = "40817264"


def item(kind: str, state: State = State.WAITING, about: OldNumber | None = None, **more: Any) -> ItemInForce:
    return ItemInForce(**{"id": 7, "patron_id": ANNA.id, "kind": kind, "state": state, "about": about} | more)


def becomes(before: Patron, **groups: Any) -> tuple[Patron, Person]:
    return before, replace(before.register, **groups)


def answer(news: ReviewNews, *items: ItemInForce, links: tuple[Answering, ...] = ()) -> tuple[list[str], list[str]]:
    """The kinds that are settled, and those that are raised."""
    reviews = decide_reviews(news, items, links)
    return [one.kind for one in reviews.settled], [kind for _, kind in reviews.raised]


@pytest.mark.parametrize(
    ("before", "after", "held", "settled", "raised"),
    [
        (ANNA, Status.DEAD, [], [], [BLOCK_DEAD]),
        (ANNA, Status.DEAD, [item(BLOCK_DEAD, State.ACCEPTED)], [], []),
        (DEAD, Status.RESIDENT, [item(BLOCK_DEAD)], [BLOCK_DEAD], []),
        (DEAD, Status.RESIDENT, [item(BLOCK_DEAD, State.ACCEPTED)], [], [DEATH_ANNULLED]),
        (ANNA, Status.DEAD, [item(DEATH_ANNULLED)], [DEATH_ANNULLED], [BLOCK_DEAD]),
        (ANNA, Status.RESIDENT, [item(BLOCK_DEAD)], [], []),
        (ANNA, Status.EMIGRATED, [item(BLOCK_DEAD)], [], []),
    ],
)
def test_a_status_proposes_a_block_or_its_end_once(
    before: Patron, after: Status, held: list[ItemInForce], settled: list[str], raised: list[str]
) -> None:
    assert answer(ReviewNews([becomes(before, status=after)]), *held) == (settled, raised)


def test_a_contradicted_protection_is_asked_about_until_it_has_ended() -> None:
    ends, stays = becomes(ANNA, protection=EMPTY), becomes(ANNA, protection=PROTECTED)
    assert answer(ReviewNews([ends]), item(PROTECTION_CONTRADICTED)) == ([PROTECTION_CONTRADICTED], [])
    assert answer(ReviewNews([stays]), item(PROTECTION_CONTRADICTED)) == ([], [])


def test_an_item_of_another_patron_stays() -> None:
    other = item(BLOCK_DEAD, patron_id=MINOR)
    assert answer(ReviewNews([becomes(DEAD, status=Status.RESIDENT)]), other) == ([], [])


def test_a_decision_settles_what_was_parked_about_the_present_number() -> None:
    parked, old = item("parked.status.missing"), item(CIRCLE, about=OldNumber(OLD, None), id=8)
    assert answer(ReviewNews(decided=frozenset({ANNA.id})), parked, old) == ([parked.kind], [])
    assert answer(ReviewNews(), parked, old) == ([], [])


def test_an_answer_that_could_not_be_read_is_over_when_the_register_says_that_there_is_no_such_person() -> None:
    """Also for a number that stays unknown: otherwise staff are asked about a fault of one night for ever."""
    unread, gap = item("parked.register.not_xml"), item("parked.status.missing", id=8)
    assert answer(ReviewNews(asked=[(ANNA.id, NO_SUCH_PERSON)]), unread, gap) == ([unread.kind], [NO_SUCH_PERSON])
    # and not the other way round: what the register said is true until it says something else
    said, again = item(NO_SUCH_PERSON), ReviewNews(asked=[(ANNA.id, unread.kind), (MINOR, NO_SUCH_PERSON)])
    assert answer(again, said) == ([], [unread.kind, NO_SUCH_PERSON])
    assert answer(ReviewNews(asked=[(MINOR, NO_SUCH_PERSON)]), unread) == ([], [NO_SUCH_PERSON])


def test_an_answer_that_could_not_be_read_is_over_when_one_can_be_whatever_it_decides() -> None:
    unread, gap, unknown = (
        item("parked.register.not_xml"),
        item("parked.status.missing", id=8),
        item(NO_SUCH_PERSON, id=9),
    )
    assert answer(ReviewNews(read=frozenset({ANNA.id})), unread, gap, unknown) == ([unread.kind, NO_SUCH_PERSON], [])
    assert answer(ReviewNews(read=frozenset({MINOR})), unread) == ([], [])


def test_parked_items_may_be_over_for_whom_a_source_has_decided_and_for_whom_the_register_answers() -> None:
    assert ReviewNews(decided=frozenset({ANNA.id}), read=frozenset({MINOR})).heard_of == {ANNA.id, MINOR}


@pytest.mark.parametrize(
    "news",
    [
        ReviewNews(agreed=frozenset({(ANNA.id, OLD)})),
        ReviewNews(agreed=frozenset({(ANNA.id, NEW)})),
        ReviewNews(given=frozenset({(ANNA.id, NEW)})),
        ReviewNews(named={(ANNA.id, CIRCLE): OldNumber(OLD, NEXT)}),
    ],
)
def test_an_item_about_an_old_number_ends_when_the_register_agrees_gives_the_number_or_says_something_else(
    news: ReviewNews,
) -> None:
    assert answer(news, item(OTHER_SUCCESSOR, about=OldNumber(OLD, NEW))) == ([OTHER_SUCCESSOR], [])


@pytest.mark.parametrize(
    "news",
    [
        ReviewNews(agreed=frozenset({(ANNA.id, NEXT)})),
        ReviewNews(given=frozenset({(ANNA.id, NEXT)})),
        ReviewNews(named={(ANNA.id, OTHER_SUCCESSOR): OldNumber(OLD, NEXT), (MINOR, CIRCLE): OldNumber(OLD, NEXT)}),
        ReviewNews(named={(ANNA.id, CIRCLE): OldNumber(NEXT, NEW)}),
    ],
)
def test_an_item_about_an_old_number_outlives_news_of_other_numbers(news: ReviewNews) -> None:
    assert answer(news, item(OTHER_SUCCESSOR, about=OldNumber(OLD, NEW))) == ([], [])


def test_a_question_that_waits_is_not_raised_twice_and_one_that_was_settled_is_raised_anew() -> None:
    waits, asked = item(BOTH_PATRONS), ReviewNews(asked=[(ANNA.id, BOTH_PATRONS)])
    again = decide_reviews(asked, [waits], [])
    assert (again.settled, again.raised, again.asked_again) == ([], [], [waits])
    anew = decide_reviews(replace(asked, decided=frozenset({ANNA.id})), [waits], [])
    assert (anew.settled, anew.raised, anew.asked_again) == ([waits], [(ANNA.id, BOTH_PATRONS)], [])


def test_a_doubt_ends_when_the_register_has_answered_without_one() -> None:
    doubted = item(PROTECTION_DOUBTED)
    assert answer(ReviewNews(undoubted=frozenset({ANNA.id})), doubted) == ([PROTECTION_DOUBTED], [])
    assert answer(ReviewNews([becomes(ANNA, status=Status.EMIGRATED)], frozenset({ANNA.id})), doubted) == ([], [])
    assert ReviewNews(undoubted=frozenset({ANNA.id})).patrons == {ANNA.id}


def test_a_birth_date_that_begins_to_differ_from_the_number_is_asked_about_until_it_agrees() -> None:
    assert isinstance(ANNA.register.birth, Birth)
    wrong = becomes(ANNA, birth=Birth(date(1950, 1, 1)))
    right = (replace(ANNA, register=wrong[1]), ANNA.register)
    assert answer(ReviewNews([wrong])) == ([], [BIRTH_DIFFERS])
    assert answer(ReviewNews([right]), item(BIRTH_DIFFERS)) == ([BIRTH_DIFFERS], [])
    assert answer(ReviewNews([wrong]), item(BIRTH_DIFFERS)) == ([], [])
    assert answer(ReviewNews([becomes(ANNA)]), item(BIRTH_DIFFERS)) == ([], [])
    still = becomes(right[0], birth=Birth(date(1951, 1, 1)))
    assert not birth_match_changes(still[0].register, still[1])


def test_news_of_a_responsible_person_is_a_question_about_the_minor() -> None:
    died, lives = becomes(ANNA, status=Status.DEAD), becomes(DEAD, status=Status.RESIDENT)
    link = Answering(MINOR, ANNA.id, frozenset({RESPONSIBLE_GONE}))
    reviews = decide_reviews(ReviewNews([died]), [], [link])
    assert list(reviews.raised) == [(ANNA.id, BLOCK_DEAD), (MINOR, RESPONSIBLE_GONE)]
    about_minor = item(RESPONSIBLE_GONE, patron_id=MINOR)
    assert answer(ReviewNews([lives]), about_minor, links=(replace(link, troubles=frozenset()),)) == (
        [RESPONSIBLE_GONE],
        [],
    )
    # another responsible of the same minor is still gone
    other = replace(link, responsible_id="40817265")
    assert answer(ReviewNews([lives]), about_minor, links=(replace(link, troubles=frozenset()), other)) == ([], [])


def test_only_a_change_of_status_or_seal_is_news_for_minors() -> None:
    news = ReviewNews([becomes(ANNA, birth=Birth(date(1950, 1, 1))), becomes(DEAD, status=Status.DISAPPEARED)])
    assert news.troubled == {}
    assert set(ReviewNews([becomes(ANNA, protection=PROTECTED)]).troubled) == {ANNA.id}


def test_the_items_that_are_needed_are_those_of_the_patrons_that_the_news_is_about() -> None:
    assert ReviewNews([becomes(ANNA)], decided=frozenset({ANNA.id})).patrons == set()
    for news in (
        ReviewNews([becomes(ANNA, status=Status.DEAD)]),
        ReviewNews([becomes(ANNA, birth=Birth(date(1950, 1, 1)))]),
        ReviewNews(asked=[(ANNA.id, CIRCLE)]),
        ReviewNews(agreed=frozenset({(ANNA.id, OLD)})),
        ReviewNews(named={(ANNA.id, CIRCLE): OldNumber(OLD, None)}),
    ):
        assert news.patrons == {ANNA.id}


@pytest.mark.parametrize(
    ("as_of", "actions", "only"),
    [
        (STORED, (Action.PROTECT,), True),
        (STORED, (Action.PROTECT, Action.STOP_LETTERS), True),
        (STORED, (Action.PROTECT, Action.MOVE), False),
        (TONIGHT, (Action.PROTECT,), False),
    ],
)
def test_a_write_that_moves_no_date_and_only_protects_decides_nothing(
    as_of: Any, actions: tuple[Action, ...], only: bool
) -> None:
    assert only_protects(ANNA, as_of, actions) is only


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        (Harm.MERGED, {BOTH_PATRONS, OTHER_SUCCESSOR}),
        (Harm.PROTECTION_LIFTED, {PROTECTION_DOUBTED, REVERTED_PROTECTED}),
        (Harm.CHANGED, {NET_MEDIA_REFUSED, NET_MEDIA_FOREIGN}),
        (Harm.GONE, set()),
    ],
)
def test_a_days_answers_are_counted_by_the_harm_they_do(harm: Harm, kinds: set[str]) -> None:
    assert set(kinds_of_harm(harm)) == kinds
    assert (harm in HARMS.values()) is bool(kinds)
