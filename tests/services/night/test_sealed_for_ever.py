"""Nobody stays hidden for ever without a question: the record opens, or there is something to do about it.

The register tells the truth here: it tells of a change once, and its answers agree with it. What it told may be lost on
the way: a record cannot be read, a file is missing, a run is undone, staff leave a record as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import pytest
from begun import begin
from doubles import MONDAY, Library
from hypothesis import given, settings
from hypothesis import strategies as st
from test_accepting import accept
from test_approved_plans import approve
from test_discarding import discard
from test_leaving import leave
from test_lookup import lookup
from test_merging_patrons import put_number
from test_number_change import NEW, OLD, anna, replaced
from test_protections_attacked import DRAWN, EXAMPLES, in_turn
from test_reverted_runs import undo
from townspeople import PROTECTED, as_looked_up, dies, gains_protection, moves, person

from cprsync.domain.feed.delivery import working_day_after
from cprsync.domain.person.person import EMPTY, SILENT, Person
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm
from cprsync.errors import CprsyncError, NoSuchPerson, RegisterUnavailable
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.night.reverting import release
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from datetime import date

    from beginnings import Beginnings

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.deliveries import Delivered

Line: TypeAlias = "Callable[[Person], Delivered | None]"


@dataclass
class Town:
    """A library, and what is true of ANNA by the register."""

    library: Library
    number: CprNumber = OLD
    protected: bool = False
    moved: bool = False
    #: the next delivery's day
    day: date = MONDAY
    runs: list[int] = field(default_factory=list)

    def becomes(self, line: Line, *before: Delivered, lost: bool = False) -> None:
        """What is true now is answered from now on, and the next delivery tells it. `lost`: it never comes."""
        now = moves(anna(self.number)) if self.moved else anna(self.number)
        now = gains_protection(now) if self.protected else now
        self.library.register.knows(now)
        told = line(now)
        if not lost:
            self.library.deliver(self.day, *before, *(() if told is None else (told,)))
        self.day = working_day_after(self.day)

    @property
    def patron(self) -> str | None:
        """Her record: that of the other one once the two were merged. None: she has left."""
        return self.library.store.patrons.find(self.number) or self.library.store.patrons.find(OLD)

    def is_hidden(self) -> bool:
        view = self.patron and self.library.store.views.patron(self.patron)
        return bool(view) and (view.patron.register.is_shut or view.parked or view.patron.window is not None)

    def questions(self) -> list[str]:
        """What there is to ask the register or staff about her, and whether `status` counts her as unverified."""
        (row,) = [one for one in self.library.rows("patron") if one["id"] == self.patron]
        # also one that is asked again tomorrow
        asked = [one["kind"] for one in self.library.rows("follow_up") if one["patron_id"] == self.patron]
        items = [one for one in self.library.rows("review_item") if one["patron_id"] == self.patron]
        waiting = [one["kind"] for one in items if one["state"] == "waiting"]
        return [*asked, *waiting, *(["window"] if row["unverified_since"] else [])]


Step: TypeAlias = Callable[[Town], None]

# -- how a delivery tells of her -----------------------------------------------------------------------------


def whole(one: Person) -> Delivered:
    return one


def unread(one: Person) -> Delivered:
    return Unreadable(one.number, "address.street", PROTECTED if one.protection is PROTECTED else SILENT)


def homeless(one: Person) -> Delivered:
    return replace(one, address=SILENT)


def unsent(_: Person) -> None:
    """The delivery has no record of her own."""


LINES = (whole, whole, unread, homeless)


# -- what happens --------------------------------------------------------------------------------------------


def begins(line: Line, *, lost: bool = False) -> Step:
    def step(town: Town) -> None:
        town.protected = True
        town.becomes(line, lost=lost)

    return step


def ends(line: Line, *, lost: bool = False) -> Step:
    def step(town: Town) -> None:
        town.protected = False
        town.becomes(line, lost=lost)

    return step


def ends_while_the_register_says_it_stands(town: Town) -> None:
    ends(whole)(town)
    town.library.register.knows(gains_protection(anna(town.number)))


def register_doubts(town: Town) -> None:
    """It says that she is not protected, with a period that has begun and has no end."""
    town.library.register.knows(replace(gains_protection(anna(town.number)), is_end_doubted=True))


def register_agrees(town: Town) -> None:
    town.library.register.knows(anna(town.number))


def moves_on(line: Line) -> Step:
    def step(town: Town) -> None:
        town.moved = not town.moved
        town.becomes(line)

    return step


def gets_a_number(line: Line) -> Step:
    def step(town: Town) -> None:
        if town.number == OLD:
            town.number = NEW
            town.library.register.persons[OLD] = as_looked_up(replaced(OLD, NEW))
            town.becomes(line, replaced(OLD, NEW))

    return step


def old_number_lives(town: Town) -> None:
    """A record with a 0001 under her old number, which cannot be read."""
    town.library.deliver(town.day, Unreadable(OLD, "person.status", PROTECTED))
    town.day = working_day_after(town.day)


def night(town: Town) -> None:
    town.runs.append(town.library.one_night().run.id)


def quiet(town: Town) -> None:
    """A delivery that tells of nobody, and its night."""
    town.library.deliver(town.day)
    town.day = working_day_after(town.day)
    night(town)


def another_dies(town: Town) -> None:
    town.library.deliver(town.day, dies(person("DAVID")))
    town.day = working_day_after(town.day)


def damaged(town: Town) -> None:
    town.library.damage(town.day)
    town.day = working_day_after(town.day)


def staff_accept(town: Town) -> None:
    for user in ("lone", "per"):
        for one in StaffReviews(town.library, user).listed():
            with suppress(CprsyncError):
                StaffReviews(town.library, user).accept(one["id"])


def staff_reject(town: Town) -> None:
    for one in StaffReviews(town.library, "lone").listed():
        with suppress(CprsyncError):
            StaffReviews(town.library, "lone").reject(one["id"], reason="set efter")


def staff_take_back(town: Town) -> None:
    for row in town.library.rows("review_item"):
        with suppress(CprsyncError):
            StaffReviews(town.library, "lone").undo(row["id"], reason="en fejl", is_shown=True)


def another_has_the_number(town: Town) -> None:
    with suppress(CprsyncError):
        put_number(town.library, NEW)


def desk_asks(town: Town) -> None:
    with suppress(CprsyncError):
        lookup(town.library, "ANNA", register=True)


def everyone_is_asked_about(town: Town) -> None:
    town.library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")


def files_are_accepted(town: Town) -> None:
    for name in sorted(town.library.feed.files):
        with suppress(CprsyncError):
            accept(town.library, name)


def files_are_set_aside(town: Town) -> None:
    for name in sorted(town.library.feed.files):
        with suppress(CprsyncError):
            discard(town.library, name)


def run_is_undone(town: Town) -> None:
    with suppress(CprsyncError, IndexError):
        town.runs.append(undo(town.library, town.runs[-1])["run"])


def let_go(town: Town) -> None:
    for run in {row["held_by"] for row in town.library.rows("patron") if row["held_by"]}:
        release(town.library.store, run, user="anna", reason="set efter")


def brake(town: Town) -> None:
    for harm in (Harm.GONE, Harm.PROTECTION_LIFTED):
        town.library.limit(harm, 0)


def brake_is_lifted(town: Town) -> None:
    town.library.policy = replace(town.library.policy, limits=dict(DEFAULT_LIMITS))


def two_approve(town: Town) -> None:
    with suppress(CprsyncError, KeyError, TypeError):
        approve(town.library, "lone", "ole")


def down(town: Town) -> None:
    town.library.register.down = RegisterUnavailable("no answer")


def unknown(town: Town) -> None:
    """The register knows no such number."""
    town.library.register.failures[town.number] = NoSuchPerson("PNR not found")


def up(town: Town) -> None:
    town.library.register.down = None
    town.library.register.failures.clear()


def leaves(town: Town) -> None:
    """She may have left before."""
    if town.patron is not None:
        with suppress(CprsyncError):
            leave(town.library, town.patron)


#: Whatever the history: she is not protected any more, and nothing is in the way.
GOES_ON: tuple[Step, ...] = (
    *(up, brake_is_lifted, two_approve, night, files_are_accepted),
    *(quiet, files_are_accepted, night) * 3,
)
PROTECTED_FIRST: tuple[Step, ...] = (begins(whole), night)
CONTRADICTED: tuple[Step, ...] = (*PROTECTED_FIRST, ends_while_the_register_says_it_stands, night)
MERGED: tuple[Step, ...] = (*PROTECTED_FIRST, another_has_the_number, gets_a_number(whole), night, staff_accept)
#: By name, how the end of a protection, or its day, may be lost.
HISTORIES: dict[str, tuple[Step, ...]] = {
    "its end waits, and is left": (*PROTECTED_FIRST, ends(unread), night, staff_reject),
    "its end is left, and the desk is answered first": (
        *(*PROTECTED_FIRST, ends(unread), night),
        *(staff_reject, desk_asks),
    ),
    "its end is left, and the desk hears a doubt first": (
        *(*PROTECTED_FIRST, ends(unread), night),
        *(staff_reject, register_doubts, desk_asks),
    ),
    "its end has no address, and is left": (*PROTECTED_FIRST, ends(homeless), night, staff_reject),
    "its end is asked about, nobody is known, and is left": (
        *(*PROTECTED_FIRST, ends(unread), night, staff_accept),
        *(unknown, night, staff_reject, night),
    ),
    "begins and ends in records that wait": (begins(unread), night, staff_reject, ends(unread), night, staff_reject),
    "its end is lost with a file": (*PROTECTED_FIRST, ends(unsent, lost=True), quiet, files_are_accepted),
    "ends after a number change without a record": (
        *(*PROTECTED_FIRST, gets_a_number(unsent), night),
        *(ends(unread), night, staff_reject),
    ),
    "ends after two were merged": (*MERGED, night, ends(unread), night, staff_reject),
    "ends after a merge was undone": (*MERGED, night, staff_take_back, night, ends(whole), night, staff_reject),
    "the old number lives in a record that waits": (gets_a_number(whole), night, old_number_lives, night, staff_reject),
    "the run with its end is undone": (*PROTECTED_FIRST, ends(whole), night, run_is_undone, staff_reject),
    "ends while held": (*PROTECTED_FIRST, run_is_undone, ends(unread), night, let_go, staff_reject),
    "ends while she had left": (*PROTECTED_FIRST, leaves, night, ends(unread), night, desk_asks, staff_reject),
    "begins beyond a file that is set aside": (damaged, begins(whole), night, files_are_set_aside, ends(unsent), night),
}


#: By name, what staff do about two sources that contradict each other. Later the look-up says what the delivery said.
CONTRADICTIONS: dict[str, tuple[Step, ...]] = {
    "nobody answers": (night,),
    "seen": (staff_accept, night),
    "rejected": (staff_reject, night),
    "seen, and taken back": (staff_accept, staff_take_back, quiet),
    "seen, and days pass": (staff_accept, quiet, quiet, quiet),
    "seen, and the night is undone": (staff_accept, run_is_undone, let_go, quiet),
    "the night is undone": (run_is_undone, quiet, let_go, quiet),
    "the register is down": (staff_accept, down, quiet, up),
}


def live(library: Library, *steps: Step) -> Town:
    town = Town(library)
    for step in steps:
        step(town)
    return town


def hold(town: Town) -> None:
    """Let it go on. Whoever is hidden then has a question."""
    if town.protected:
        ends(whole)(town)
    for step in GOES_ON:
        step(town)
    assert not town.is_hidden() or town.questions(), "hidden, and nobody is asked"


@pytest.mark.parametrize(("history", "omits_false"), in_turn(HISTORIES))
def test_whoever_is_hidden_has_a_question_however_the_end_of_the_protection_was_lost(
    library: Library, history: str, omits_false: bool
) -> None:
    library.register.omits_false = omits_false
    hold(live(library, *HISTORIES[history]))


@pytest.mark.parametrize(("history", "omits_false"), in_turn(CONTRADICTIONS))
def test_a_protection_that_the_look_up_contradicted_ends_once_it_agrees(
    library: Library, history: str, omits_false: bool
) -> None:
    library.register.omits_false = omits_false
    town = live(library, *CONTRADICTED)
    assert "protection.contradicted" in town.questions()
    for step in CONTRADICTIONS[history]:
        step(town)
        assert town.is_hidden()
    for step in (register_agrees, *GOES_ON):
        step(town)
    assert (town.is_hidden(), town.questions()) == (False, [])


def test_staff_who_have_seen_a_contradiction_are_not_told_of_it_each_night(library: Library) -> None:
    town = live(library, *CONTRADICTED, staff_accept, quiet, quiet)
    assert (town.is_hidden(), town.questions()) == (True, ["protection_end"])
    live_on = (ends_while_the_register_says_it_stands, night)
    for step in live_on:
        step(town)
    assert town.questions() == ["protection_end", "protection.contradicted"]
    for step in (begins(whole), night):
        step(town)
    assert town.questions() == ["protection.contradicted"]


def test_an_answer_about_the_protection_alone_leaves_a_record_that_waits_to_staff(library: Library) -> None:
    """Her protection has ended. Then she moved, and that record cannot be read: where she lives is not known."""
    town = live(library, *PROTECTED_FIRST, down, ends(whole), night, moves_on(unread), night)
    assert town.questions() == ["protection_end", "parked.address.street"]
    for step in (up, quiet):
        step(town)
    assert (library.record("ANNA").protection, library.view("ANNA").parked) == (EMPTY, True)
    assert town.questions() == ["parked.address.street"]
    library.nothing_is_left()


def test_a_record_that_is_left_to_wait_asks_the_register_of_nobody_who_is_open(library: Library) -> None:
    town = live(library, moves_on(unread), night, staff_reject)
    assert (town.questions(), town.is_hidden()) == ([], False)


STEPS = st.one_of(
    *(st.builds(one, st.sampled_from(LINES)) for one in (begins, ends, ends, moves_on)),
    st.builds(gets_a_number, st.sampled_from((*LINES, unsent))),
    st.builds(begins, st.just(unsent), lost=st.just(True)),
    st.builds(ends, st.just(unsent), lost=st.just(True)),
    st.sampled_from(
        (
            *(night, night, night, night, night, quiet, quiet, another_dies, damaged, leaves, desk_asks),
            *(staff_accept, staff_reject, staff_reject, staff_take_back, another_has_the_number, old_number_lives),
            *(everyone_is_asked_about, files_are_accepted, files_are_set_aside, run_is_undone, let_go, let_go),
            *(brake, brake_is_lifted, two_approve, down, up, unknown, register_doubts),
        )
    ),
)


@settings(DRAWN, max_examples=EXAMPLES)
@given(steps=st.lists(STEPS, min_size=4, max_size=14), omits_false=st.booleans())
def test_no_drawn_history_leaves_anybody_hidden_without_a_question(
    beginnings: Beginnings, tmp_path_factory: pytest.TempPathFactory, steps: list[Step], omits_false: bool
) -> None:
    with beginnings.copied(tmp_path_factory.mktemp("drawn") / "library", begin) as library:
        library.register.omits_false = omits_false
        hold(live(library, *PROTECTED_FIRST, *steps))
