"""An old number that leads elsewhere than to the patron's present one: nothing is dropped, and a person decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from begun import begin
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, altered, refused
from kills import killed, lived_whole, sample
from test_number_change import NEW, OLD, anna, lines, register_of, replaced, subscriptions, told
from test_reviewing import number_of, reviews, waits
from townspeople import cpr, gains_protection, moves, person
from whole import verify_audit

from cprsync.cli.desk.review import item_lines
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person, Protection, Status, silence_by_status
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, Braked, LostCompare, ReviewChanged, ReviewClosed
from cprsync.language.review import with_words
from cprsync.services.night.dry_run import plan_night
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.imports.import_rows import create

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from beginnings import Beginnings

#: Numbers of nobody, with ANNA's birth date.
THIRD, FOURTH = (CprNumber(f"{OLD.digits[:7]}77{n}") for n in (1, 2))
OTHER, BOTH = "parked.number.other_successor", "parked.number.both_patrons"
PARKED_LINE = ("parked", "number.other_successor", "")


def annulled(number: CprNumber) -> Person:
    return silence_by_status(Person(number, status=Status.ANNULLED))


@pytest.fixture
def library(beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """The library in which ANNA's number was replaced by NEW the night before."""
    with beginnings.copied(tmp_path / "library", begin, replace_annas_number) as library:
        yield library


def replace_annas_number(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()


@pytest.fixture
def patron(library: Library) -> str:
    return library.id_of("ANNA")


def disputed(library: Library, *more: Person) -> int:
    """Tuesday her old number leads to a third one; returns the number of the item."""
    library.deliver(TUESDAY, replaced(OLD, THIRD), *more)
    library.night()
    return number_of(library, OTHER)


@pytest.mark.parametrize(("batch", "old_first"), [(500, True), (1, False)])
@pytest.mark.parametrize("b", ["silent", "alive", "annulled"])
def test_nothing_of_it_is_dropped_and_the_record_stays(
    library: Library, patron: str, b: str, batch: int, *, old_first: bool
) -> None:
    library.batch = batch
    own = {"silent": [], "alive": [anna()], "annulled": [annulled(NEW)]}[b]
    delivered = [replaced(OLD, THIRD), moves(anna(THIRD)), *own]
    library.deliver(TUESDAY, *(delivered if old_first else reversed(delivered)))
    before, asked = register_of(library, patron), list(library.register.looked_up)
    report = library.night()
    hers = {"silent": [], "alive": [("unchanged", None, "")], "annulled": [PARKED_LINE]}[b]
    assert sorted(map(str, lines(library, report))) == sorted(map(str, [PARKED_LINE, PARKED_LINE, *hers]))
    assert (report.exit_code, report.reasons, waits(library)) == (3, {"number.other_successor": 1}, [OTHER])
    assert (register_of(library, patron), library.register.looked_up) == (before, asked)
    assert library.store.patrons.find(THIRD) is None
    view = library.store.views.patron(patron)
    assert view is not None
    assert view.parked


@pytest.mark.parametrize("key", ["number-old-elsewhere"])
def test_accepted_she_gets_the_number_is_subscribed_and_looked_up(library: Library, patron: str, key: str) -> None:
    number = disputed(library, moves(anna(THIRD)), annulled(NEW))
    answered = reviews(library).accept(number)
    assert (answered["state"], register_of(library, patron)) == ("accepted", anna(THIRD)), key
    assert {library.store.patrons.find(one) for one in (OLD, NEW, THIRD)} == {patron}
    assert told(library, patron)[-1]["replaces"] == NEW.digits
    assert library.questions() == [(patron, "number_change")]
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    library.register.knows(moves(anna(THIRD)))
    assert library.night().exit_code == 0
    assert (register_of(library, patron), library.questions(), waits(library)) == (moves(anna(THIRD)), [], [])
    assert subscriptions(library, patron) == sorted([(THIRD.digits, "patron"), (NEW.digits, "old_number")])
    library.deliver(WEDNESDAY, moves(anna(THIRD)))
    library.night()
    assert subscriptions(library, patron) == [(THIRD.digits, "patron")]
    verify_audit(library.store)


def test_the_answer_stands_in_the_audit_without_any_number(library: Library, patron: str) -> None:
    number = disputed(library)
    reviews(library).accept(number)
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    (entry,) = [one for one in entries if one["kind"] == "review"]
    assert (entry["patron"], entry["actions"], entry["fields"]) == (patron, [OTHER, "accepted"], "cpr_number")
    assert THIRD.digits not in json.dumps(entries)


def test_rejected_the_register_is_asked_what_became_of_the_number_she_has(library: Library, patron: str) -> None:
    number = disputed(library, annulled(NEW))
    reviews(library).reject(number, reason="Hun har det nummer")
    assert library.questions() == [(patron, "first_copy")]
    library.register.knows(annulled(NEW))
    library.deliver(WEDNESDAY)
    library.night()
    assert register_of(library, patron).status is Status.ANNULLED
    assert sorted(waits(library)) == ["block.annulled", "number.annulled"]


@pytest.mark.parametrize("key", ["number-old-elsewhere"])
def test_an_annulment_that_comes_while_a_person_has_to_decide_waits_too(
    library: Library, patron: str, key: str
) -> None:
    disputed(library)
    library.deliver(WEDNESDAY, annulled(NEW))
    report = library.night()
    assert (lines(library, report), waits(library)) == ([PARKED_LINE], [OTHER]), key
    assert register_of(library, patron) == anna()


def test_a_protection_under_the_other_number_seals_her(library: Library, patron: str) -> None:
    number = disputed(library, gains_protection(anna(THIRD)))
    assert register_of(library, patron).protection is Protection.NAME_AND_ADDRESS
    reviews(library).reject(number, reason="Hun har det nummer")
    assert register_of(library, patron).protection is Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize("annul", [True, False])
@pytest.mark.parametrize("key", ["number-old-others"])
def test_a_number_of_another_patron_offers_to_merge_the_two(
    library: Library, patron: str, key: str, *, annul: bool
) -> None:
    other = library.id_of("CLARA")
    library.batch = 1
    own = [annulled(NEW)] if annul else [moves(anna())]
    library.deliver(TUESDAY, *own, replaced(OLD, cpr("CLARA")), person("CLARA"))
    report = library.night()
    assert lines(library, report)[1:] == [("parked", f"number.both_patrons:{other}", ""), ("unchanged", None, "")]
    # what is told of the number she has settles nothing of it
    library.deliver(WEDNESDAY, anna())
    assert plan_night(library.ports()).closing.reviews_waiting == {BOTH: 1}
    library.night()
    (item,) = reviews(library).listed()
    assert (item["kind"], item["about"], item["patron"]) == (BOTH, other, patron), key
    reviews(library).reject(item["id"], reason="De er to")
    assert library.questions() == [(patron, "first_copy")]


def test_it_still_waits_when_she_moves_under_the_number_she_has(library: Library, patron: str) -> None:
    disputed(library)
    library.deliver(WEDNESDAY, moves(anna()))
    library.night()
    assert (register_of(library, patron), waits(library)) == (moves(anna()), [OTHER])


@pytest.mark.parametrize(
    "said",
    [[replaced(OLD, NEW)], [replaced(NEW, THIRD), anna(THIRD)], [replaced(NEW, FOURTH), replaced(FOURTH, THIRD)]],
    ids=["it leads to hers again", "hers leads there", "hers leads there by a chain"],
)
def test_it_is_settled_once_the_register_agrees_with_itself(library: Library, patron: str, said: list[Person]) -> None:
    disputed(library)
    library.register.knows(anna(THIRD))
    library.deliver(WEDNESDAY, *said)
    assert plan_night(library.ports()).closing.reviews_waiting == {}
    assert library.night().exit_code == 0
    assert waits(library) == []
    assert library.store.patrons.find(NEW) == patron
    # of numbers that nobody has to look at any more nothing is kept
    assert [row["undo"] for row in library.rows("review_item")] == [None]


def test_one_that_leads_there_in_the_same_delivery_is_followed(library: Library, patron: str) -> None:
    library.deliver(TUESDAY, replaced(OLD, THIRD), replaced(NEW, THIRD), anna(THIRD))
    assert library.night().exit_code == 0
    assert (register_of(library, patron), waits(library)) == (anna(THIRD), [])


def test_the_registers_last_word_is_what_waits(library: Library, patron: str) -> None:
    number = disputed(library)
    library.deliver(WEDNESDAY, replaced(OLD, FOURTH))
    library.night()
    assert number_of(library, OTHER) == number
    reviews(library).accept(number)
    assert register_of(library, patron).number == FOURTH


def test_an_item_gives_way_when_the_number_leads_to_another_patron_instead(library: Library, patron: str) -> None:
    disputed(library)
    library.deliver(WEDNESDAY, replaced(OLD, cpr("CLARA")))
    library.night()
    assert (waits(library), library.store.patrons.find(NEW)) == ([BOTH], patron)


def test_two_deliveries_of_one_night_that_contradict_each_other_leave_it_to_a_person(
    beginnings: Beginnings, tmp_path: Path
) -> None:
    with beginnings.copied(tmp_path / "library", begin) as library:
        patron = library.id_of("ANNA")
        library.deliver(MONDAY, replaced(OLD, NEW), anna())
        library.deliver(TUESDAY, annulled(NEW), replaced(OLD, THIRD))
        library.night()
        assert (register_of(library, patron), waits(library)) == (anna(), [OTHER])


#: What ends the dispute of Tuesday.
ENDS = [
    [replaced(OLD, NEW)],
    [replaced(THIRD, NEW), anna()],
    [replaced(NEW, THIRD), anna(THIRD)],
    [annulled(OLD)],
]
ENDS_BY = ["it leads to hers again", "the third leads to hers", "hers leads to the third", "it is annulled"]


@pytest.mark.parametrize("said", ENDS, ids=ENDS_BY)
@pytest.mark.parametrize("nights", [1, 2])
def test_a_dispute_that_a_later_delivery_ends_is_left_to_nobody_in_one_night_as_in_two(
    library: Library, patron: str, said: list[Person], nights: int
) -> None:
    library.register.knows(anna(THIRD))
    library.deliver(TUESDAY, replaced(OLD, THIRD))
    if nights == 2:
        library.night()
    library.deliver(WEDNESDAY, *said)
    planned = plan_night(library.ports())
    report = library.night()
    assert (report.exit_code, report.reasons, waits(library)) == (0, {}, [])
    assert (planned.exit_code, planned.closing.reviews_waiting) == (0, {})
    assert register_of(library, patron).number == (THIRD if anna(THIRD) in said else NEW)


@pytest.mark.parametrize("nights", [1, 2])
def test_an_annulment_waits_with_the_dispute_in_one_night_as_in_two(library: Library, patron: str, nights: int) -> None:
    library.deliver(TUESDAY, replaced(OLD, THIRD))
    if nights == 2:
        library.night()
    library.deliver(WEDNESDAY, annulled(NEW))
    report = library.night()
    assert (report.exit_code, waits(library), register_of(library, patron)) == (3, [OTHER], anna())


@pytest.mark.parametrize("nights", [1, 2])
def test_an_annulment_counts_again_once_the_dispute_is_over(library: Library, patron: str, nights: int) -> None:
    library.deliver(TUESDAY, replaced(OLD, THIRD))
    if nights == 2:
        library.night()
    library.deliver(WEDNESDAY, replaced(OLD, NEW), annulled(NEW))
    library.night()
    assert register_of(library, patron).status is Status.ANNULLED


def test_a_link_that_is_older_than_what_is_known_of_her_is_no_dispute(library: Library, patron: str) -> None:
    library.strict = False
    library.deliver(WEDNESDAY, moves(anna()), previous=MONDAY)
    library.night()
    assert library.store.patrons.read([patron])[0].as_of == AsOf(WEDNESDAY, Source.FILE)
    library.feed.files.clear()
    library.deliver(TUESDAY, replaced(OLD, THIRD))
    library.clock.set_after(WEDNESDAY)
    report = library.night()
    assert (lines(library, report), waits(library)) == ([("unchanged", "number.old", "")], [])


def test_a_dispute_is_over_when_the_third_number_is_replaced_by_the_one_she_has(library: Library, patron: str) -> None:
    """As after a look-up that has followed both links, when their deliveries come late, one a night."""
    disputed(library, anna(THIRD))
    library.deliver(WEDNESDAY, replaced(THIRD, NEW), anna())
    report = library.night()
    assert lines(library, report) == [("unchanged", "number.replaced", ""), ("unchanged", None, "")]
    assert (report.exit_code, waits(library), register_of(library, patron)) == (0, [], anna())


@pytest.mark.parametrize("annul", [True, False])
def test_an_old_number_in_a_circle_is_left_to_a_person(library: Library, patron: str, *, annul: bool) -> None:
    library.batch = 1
    own = annulled(NEW) if annul else moves(anna())
    library.deliver(TUESDAY, replaced(OLD, THIRD), replaced(THIRD, OLD), own)
    assert plan_night(library.ports()).closing.reviews_waiting == {"parked.number.circle": 1}
    library.night()
    assert waits(library) == ["parked.number.circle"]
    assert register_of(library, patron) == (anna() if annul else moves(anna()))


# -- the answer ------------------------------------------------------------------------------------------


def take(library: Library, number: CprNumber) -> str:
    tenant = library.store._tenant
    with tenant.writing() as transaction:
        create(transaction, NewPatron(number, Local()))
    found = library.store.patrons.find(number)
    assert found is not None
    return found


def test_a_number_that_someone_else_has_by_then_is_not_given(library: Library, patron: str) -> None:
    number, other = disputed(library), take(library, THIRD)
    with pytest.raises(BadInput) as raised:
        reviews(library).accept(number)
    assert raised.value.kind == "number.both_patrons"
    assert register_of(library, patron) == anna()
    (item,) = [one for one in reviews(library).listed() if one["kind"] == BOTH]
    assert (item["patron"], item["about"]) == (patron, other)


def test_a_number_that_the_patron_has_by_then_is_not_given_again(library: Library, patron: str) -> None:
    number, own = disputed(library), library.store.patrons.read([patron])[0].number
    store = altered(library.store, review_desk_named_number=lambda _: own)
    refused(library, lambda: replace(reviews(library), library=library.ports(store)).accept(number), ReviewChanged)


def test_giving_a_number_is_braked_as_merging_is(library: Library, patron: str) -> None:
    number = disputed(library)
    library.limit(Harm.MERGED, 0)
    refused(library, lambda: reviews(library).accept(number), Braked)
    assert register_of(library, patron) == anna()


def _busy(store: Any, times: int) -> Any:
    """A store in which someone else writes her record between the look and the answer, so many times."""
    left = [LostCompare("a record changed between the decision and the write")] * times

    def write(answer: Any) -> None:
        if left:
            raise left.pop()
        store.review_desk.write(answer)

    return altered(store, review_desk_write=write)


@pytest.mark.parametrize("times", [2, 3])
def test_a_record_that_is_written_meanwhile_is_decided_again_and_not_for_ever(
    library: Library, patron: str, times: int
) -> None:
    number = disputed(library)
    busy = replace(reviews(library), library=library.ports(_busy(library.store, times)))
    if times == 2:
        busy.accept(number)
        assert register_of(library, patron).number == THIRD
    else:
        refused(library, lambda: busy.accept(number), LostCompare)


def test_a_rejected_one_waits_again_while_it_stands(library: Library, patron: str) -> None:
    number = disputed(library)
    reviews(library).reject(number, reason="Nej")
    reviews(library).reopen(number, reason="Jo")
    assert waits(library) == [OTHER]
    reviews(library).reject(number, reason="Nej")
    library.register.knows(anna(THIRD))
    library.deliver(WEDNESDAY, replaced(NEW, THIRD), anna(THIRD))
    library.night()
    assert register_of(library, patron).number == THIRD
    refused(library, lambda: reviews(library).reopen(number, reason="Jo"), ReviewChanged)


def test_one_whose_numbers_are_forgotten_is_refused(library: Library, patron: str) -> None:
    number = disputed(library)
    with writing(library.engine) as connection:
        connection.execute(tables.review_item.update().values(undo=None, key=None))
    refused(library, lambda: reviews(library).accept(number), ReviewClosed)
    assert register_of(library, patron) == anna()


@pytest.mark.parametrize("language", ["da", "en"])
def test_both_numbers_are_shown_and_neither_whole(library: Library, patron: str, language: str) -> None:
    shown = reviews(library).shown(disputed(library))
    assert (shown["patron"], set(shown["numbers"])) == (patron, {"ours", "register"})
    text = "\n".join(item_lines(with_words(shown), language))  # type: ignore[arg-type]  # one of the two
    assert shown["numbers"]["register"] in text
    assert all(number.digits not in text + json.dumps(shown) for number in (OLD, NEW, THIRD))


def test_a_night_of_it_killed_anywhere_ends_as_one_that_was_not(library: Library, patron: str, tmp_path: Path) -> None:
    library.batch = 1
    delivered = [moves(person("CLARA")), replaced(OLD, THIRD), annulled(NEW), gains_protection(anna(THIRD))]
    library.deliver(TUESDAY, *delivered)
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = (register_of(whole, patron), waits(whole))
    assert wanted[1] == [OTHER]
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert (register_of(other, patron), waits(other)) == wanted
        reviews(other).accept(number_of(other, OTHER))
        assert register_of(other, patron).number == THIRD
        verify_audit(other.store)
    whole.engine.dispose()
