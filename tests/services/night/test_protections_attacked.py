"""Protections that begin and end at awkward moments: no history opens name and address before it may (decision 43).

Each history is lived step by step. After each step the record is held against what the sources have told so far: a
protection that a delivery told of stands until a look-up of a later day, asked by a night, says that there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest
from begun import begin
from doubles import MONDAY, Library
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_accepting import accept
from test_approved_plans import approve
from test_lookup import lookup
from test_number_change import NEW, OLD, anna, register_of, replaced
from test_reverted_runs import undo
from townspeople import PROTECTED, dies, emigrates, gains_protection, loses_protection, moves, person

from cprsync.domain.feed.delivery import working_day_after
from cprsync.domain.person.person import EMPTY, SILENT, Person, Status
from cprsync.domain.person.sealed import same_dwelling
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm
from cprsync.errors import CprsyncError, RegisterUnavailable
from cprsync.services.night.reverting import release
from cprsync.services.planning.steps import as_of_lookup
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from datetime import date

    from beginnings import Beginnings

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.sealed import Address
    from cprsync.services.ports.deliveries import Delivered


#: Set in the environment: how many histories are drawn. Those that are written down are lived in each way then.
AT_LENGTH = "CPRSYNC_HISTORIES"
#: Where ANNA lives, and CLARA too in these histories.
HOME = cast("Address", person("ANNA").address)


@dataclass
class Life:
    """A library, ANNA in it, and what may be known of her protection by now. CLARA lives in the same dwelling."""

    library: Library
    patron: str = ""
    #: the next delivery's day
    day: date = MONDAY
    #: the days of the deliveries with a 0001 that have come, and whether she may be open
    told: list[date] = field(default_factory=list)
    waiting: list[date] = field(default_factory=list)
    #: the days of the deliveries without one that have come
    ended: list[date] = field(default_factory=list)
    may_be_open: bool = True
    run: int = 0
    asks_at_night: bool = False

    def __post_init__(self) -> None:
        self.patron = self.library.id_of("ANNA")
        self.library.register.on_look_up = self._note
        at_home = replace(person("CLARA"), address=HOME)
        self.library.register.knows(at_home)
        self.library.deliver(self.day, at_home)
        self.library.one_night()
        self.day = working_day_after(self.day)

    def _note(self, number: CprNumber) -> None:
        """A look-up of the night that may end the protection."""
        said = self.library.register.persons.get(number)
        if not self.asks_at_night or number not in {OLD, NEW} or said is None or self.library.register.down is not None:
            return
        if said.protection is PROTECTED or said.status not in {Status.RESIDENT, Status.DEAD, Status.EMIGRATED}:
            return
        day = as_of_lookup(self.library.ports()).day
        # silence ends a protection only where a source has said that it ended (decision 2)
        says_so = not self.library.register.omits_false or any(day >= max(self.told, default=day) for day in self.ended)
        if says_so and all(day > told for told in self.told):
            self.may_be_open = True

    @property
    def number(self) -> CprNumber:
        return register_of(self.library, self.patron).number

    def hold_against_sources(self) -> None:
        record = register_of(self.library, self.patron)
        if not self.may_be_open:
            assert record.protection is PROTECTED, "opened too early"
        at_home = record.address is not SILENT and same_dwelling(record.address, HOME)
        if record.is_shut and at_home and not record.has_left:
            assert self.library.view("CLARA").household, "the housemate shows where she lives"


Step: TypeAlias = Callable[[Life], None]


def comes(*lines: Callable[[Life], Delivered], lost: bool = False) -> Step:
    """The next delivery has these lines. `lost`: that of the day before it never came."""

    def step(life: Life) -> None:
        if lost:
            life.day = working_day_after(life.day)
        told = [line(life) for line in lines]
        life.library.deliver(life.day, *told)
        if any(isinstance(one, Person | Unreadable) and one.protection is PROTECTED for one in told):
            life.waiting.append(life.day)
        if any(isinstance(one, Person) and one.protection is EMPTY for one in told):
            life.ended.append(life.day)
        life.day = working_day_after(life.day)

    return step


def night(life: Life) -> None:
    """A night. What it takes, or sees beyond a stop, is told from then on."""
    if life.waiting:
        life.may_be_open = False
    life.told += life.waiting
    life.waiting, life.asks_at_night = [], True
    life.run = life.library.one_night().run.id
    life.asks_at_night = False


def says(change: Callable[[Person], Person] | None = None) -> Step:
    """What the register answers from now on. None: it is down."""

    def step(life: Life) -> None:
        register = life.library.register
        register.down = None if change is not None else RegisterUnavailable("no answer")
        if change is not None:
            register.knows(change(anna(OLD)), change(anna(NEW)))

    return step


def desk_asks(life: Life) -> None:
    with suppress(CprsyncError):
        lookup(life.library, "ANNA", register=True)


def everyone_is_asked_about(life: Life) -> None:
    life.library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")


def gap_is_accepted(life: Life) -> None:
    for name in sorted(life.library.feed.files):
        with suppress(CprsyncError):
            accept(life.library, name)


def brake(life: Life) -> None:
    life.library.limit(Harm.GONE, 0)


def brake_is_lifted(life: Life) -> None:
    life.library.policy = replace(life.library.policy, limits=dict(DEFAULT_LIMITS))


def two_approve(life: Life) -> None:
    approve(life.library, "lone", "ole")


def run_is_undone(life: Life) -> None:
    with suppress(CprsyncError):
        undo(life.library, life.run)


def patrons_are_let_go(life: Life) -> None:
    for run in {row["held_by"] for row in life.library.rows("patron") if row["held_by"]}:
        release(life.library.store, run, user="anna", reason="set efter")


def leaves_and_returns(life: Life) -> None:
    """She goes abroad and comes back, and the register says so too: neither says anything of a protection."""
    for line in (lambda one: emigrates(anna(one.number)), whole):
        comes(line)(life)
        night(life)


# -- lines of a delivery ---------------------------------------------------------------------------------------


def whole(life: Life) -> Delivered:
    return anna(life.number)


def protected(life: Life) -> Delivered:
    return gains_protection(anna(life.number))


def unread(life: Life) -> Delivered:
    return Unreadable(life.number, "address.street", PROTECTED)


def unread_and_silent(life: Life) -> Delivered:
    return Unreadable(life.number, "address.street")


def homeless(life: Life) -> Delivered:
    """A 0001 and no address."""
    return gains_protection(replace(anna(life.number), address=SILENT))


def moved_and_open(life: Life) -> Delivered:
    return moves(anna(life.number))


def old_number(_: Life) -> Delivered:
    return replaced(OLD, NEW)


def old_lives_unread(_: Life) -> Delivered:
    return Unreadable(OLD, "person.status", PROTECTED)


def old_lives(_: Life) -> Delivered:
    return gains_protection(moves(anna(OLD)))


def new_unread(_: Life) -> Delivered:
    return Unreadable(NEW, "address.street", PROTECTED)


def new_homeless(_: Life) -> Delivered:
    return gains_protection(replace(anna(NEW), address=SILENT))


def new_whole(_: Life) -> Delivered:
    return anna(NEW)


def new_protected(_: Life) -> Delivered:
    return gains_protection(anna(NEW))


def death_of_another(_: Life) -> Delivered:
    return dies(person("DAVID"))


OPEN = says(loses_protection)
SHUT = says(gains_protection)
DOUBT = says(lambda one: replace(gains_protection(one), is_end_doubted=True))

#: By name, a history. The register says that she is not protected unless the history says otherwise.
HISTORIES: dict[str, tuple[Step, ...]] = {
    "begins and ends in one night, two files": (comes(protected), comes(whole), night, night),
    "ends and begins in one night, two files": (comes(protected), night, comes(whole), comes(protected), night, night),
    "waits and ends in one night, two files": (comes(unread), comes(whole), night, night),
    "protected, then told again in a record that waits": (comes(protected), night, comes(unread), night, night),
    "an open question meets a record that waits": (
        comes(protected),
        night,
        says(None),
        comes(whole),
        night,
        OPEN,
        comes(unread),
        night,
        night,
    ),
    "new number first, unread": (comes(new_unread, old_number), night, night),
    "old number first, unread": (comes(old_number, new_unread), night, night),
    "new number without an address": (comes(old_number, new_homeless), night, night),
    "protected under the old number, open under the new": (
        comes(protected),
        night,
        comes(old_number, new_whole),
        night,
        night,
    ),
    "unread under the old number, open under the new, one file": (
        comes(old_number, new_whole),
        night,
        comes(old_lives_unread, new_whole),
        night,
        night,
    ),
    "open under the new number, unread under the old, one file": (
        comes(old_number, new_whole),
        night,
        comes(new_whole, old_lives_unread),
        night,
        night,
    ),
    "protected, then both numbers in one file": (
        comes(old_number, new_protected),
        night,
        comes(old_lives_unread, new_whole),
        night,
        night,
    ),
    "the old number lives again and is protected": (
        comes(old_number, new_whole),
        night,
        comes(old_lives),
        night,
        everyone_is_asked_about,
        night,
    ),
    "a number change while the register is down": (
        says(None),
        comes(old_number, new_unread),
        night,
        OPEN,
        night,
        night,
    ),
    "everyone is asked about on the day": (everyone_is_asked_about, comes(unread), night, night),
    "everyone is asked about after the night": (comes(unread), night, everyone_is_asked_about, night, night),
    "everyone is asked about, whole": (comes(protected), everyone_is_asked_about, night, night),
    "a gap, then accepted": (comes(unread, lost=True), night, gap_is_accepted, night, night),
    "a gap with a whole 0001, asked between": (
        comes(protected, lost=True),
        night,
        desk_asks,
        night,
        gap_is_accepted,
        desk_asks,
        night,
        night,
    ),
    "a gap while a window is open": (
        everyone_is_asked_about,
        comes(homeless, lost=True),
        night,
        night,
        gap_is_accepted,
        night,
    ),
    "two files behind a gap": (
        comes(unread, lost=True),
        comes(whole),
        night,
        gap_is_accepted,
        night,
        night,
    ),
    "the desk asks on the same day, before": (comes(unread), desk_asks, night, night),
    "the desk asks on the same day, after": (comes(unread), night, desk_asks, night, desk_asks, night),
    "the desk asks, then a gap": (
        desk_asks,
        comes(unread, lost=True),
        desk_asks,
        night,
        desk_asks,
        gap_is_accepted,
        night,
    ),
    "a brake, then lifted": (brake, comes(unread, death_of_another), night, night, brake_is_lifted, night, night),
    "a brake holds a whole 0001, and everyone is asked about": (
        brake,
        comes(protected, death_of_another),
        everyone_is_asked_about,
        night,
        night,
        brake_is_lifted,
        night,
    ),
    "a brake holds an open question": (
        comes(protected),
        night,
        says(None),
        comes(whole),
        night,
        OPEN,
        brake,
        comes(protected, death_of_another),
        night,
        night,
        brake_is_lifted,
        night,
    ),
    "a held night is approved": (
        brake,
        comes(unread, death_of_another),
        night,
        two_approve,
        night,
        brake_is_lifted,
        night,
    ),
    "a held night is approved after a later file": (
        brake,
        comes(homeless, death_of_another),
        night,
        comes(whole),
        brake_is_lifted,
        night,
        night,
    ),
    "the run is undone, and she is let go": (
        comes(protected),
        night,
        run_is_undone,
        night,
        patrons_are_let_go,
        night,
        night,
    ),
    "the run is undone, and a 0001 comes meanwhile": (
        comes(moved_and_open),
        night,
        run_is_undone,
        comes(unread),
        night,
        patrons_are_let_go,
        night,
        night,
    ),
    "the run is undone, and a whole 0001 comes meanwhile": (
        comes(moved_and_open),
        night,
        run_is_undone,
        comes(protected),
        night,
        patrons_are_let_go,
        night,
        night,
    ),
    "a number change with a 0001 is undone": (
        comes(old_number, new_unread),
        night,
        run_is_undone,
        patrons_are_let_go,
        night,
        night,
    ),
    "doubt on the day": (DOUBT, everyone_is_asked_about, comes(unread), night, night),
    "the register says yes first": (SHUT, comes(unread), everyone_is_asked_about, night, OPEN, night, night),
    "a record that waits without a 0001": (comes(protected), night, comes(unread_and_silent), night, night),
}


#: Those in which a night looks up on a later day than that of the last 0001.
ENDS_OPEN = frozenset(
    {
        "begins and ends in one night, two files",
        "waits and ends in one night, two files",
        "protected under the old number, open under the new",
        "two files behind a gap",
        "a held night is approved after a later file",
    }
)
#: Whatever the history, these come after it: whole deliveries without a 0001, and the register agrees.
GOES_ON: tuple[Step, ...] = (
    *(OPEN, brake_is_lifted, gap_is_accepted, night, patrons_are_let_go),
    *(comes(whole), night, comes(whole), night, comes(whole), night),
)


def live(library: Library, steps: Iterable[Step]) -> Life:
    """Live a history. Each step is held against what the sources have told."""
    life = Life(library)
    live_on(life, (OPEN, *steps))
    return life


def live_on(life: Life, steps: Iterable[Step]) -> None:
    for step in steps:
        step(life)
        life.hold_against_sources()


def in_turn(histories: Iterable[str]) -> list[tuple[str, bool]]:
    """Each history, with whether the register leaves out a flag that is not set, as the real one may.

    Every second one does, and the drawn ones either; with `CPRSYNC_HISTORIES` each is lived both ways.
    """
    each = AT_LENGTH in os.environ
    return [
        (one, omits) for place, one in enumerate(histories) for omits in (False, True) if each or omits == place % 2
    ]


@pytest.mark.parametrize(("history", "omits_false"), in_turn(HISTORIES))
def test_a_history_opens_name_and_address_at_a_look_up_of_a_later_day_and_not_before(
    library: Library, history: str, omits_false: bool
) -> None:
    """No protection is left for ever: once the register says so on later days, each ends."""
    library.register.omits_false = omits_false
    life = live(library, HISTORIES[history])
    assert (register_of(library, life.patron).protection is EMPTY) is (history in ENDS_OPEN)
    assert life.may_be_open is (history in ENDS_OPEN)
    live_on(life, GOES_ON)
    assert register_of(library, life.patron).protection is EMPTY
    assert not library.questions()


#: How many histories are drawn: a few in each check, the same ones, for a history is long and slow on purpose.
EXAMPLES = int(os.environ.get(AT_LENGTH, "10"))
DRAWN = settings(
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LINES = (whole, protected, unread, unread_and_silent, homeless, moved_and_open)
STEPS = st.one_of(
    st.builds(comes, st.sampled_from(LINES), lost=st.booleans()),
    st.sampled_from(
        (
            *(night, night, night, OPEN, OPEN, SHUT, DOUBT, says(None), desk_asks, everyone_is_asked_about),
            *(gap_is_accepted, gap_is_accepted, brake, brake_is_lifted, patrons_are_let_go, leaves_and_returns),
            *(comes(old_number, new_unread), comes(new_protected, old_number), comes(old_lives_unread, new_whole)),
            *(comes(whole, death_of_another), comes(unread, death_of_another), run_is_undone),
        )
    ),
)


@settings(DRAWN, max_examples=EXAMPLES)
@given(steps=st.lists(STEPS, min_size=4, max_size=14), omits_false=st.booleans())
def test_no_drawn_history_opens_name_and_address_before_a_look_up_of_a_later_day(
    beginnings: Beginnings, tmp_path_factory: pytest.TempPathFactory, steps: list[Step], omits_false: bool
) -> None:
    with beginnings.copied(tmp_path_factory.mktemp("drawn") / "library", begin) as library:
        library.register.omits_false = omits_false
        live(library, steps)
