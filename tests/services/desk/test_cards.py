"""Card and PIN: they open one patron, wrong ones lock, a machine has a quota, and the audit knows of each try first."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from test_setting import set_
from whole import verify_audit

from cprsync.domain.desk.pins import LOCKS, AskingQuota
from cprsync.domain.patron.local import ListChange
from cprsync.domain.policy.policy import PinCeilings
from cprsync.errors import CardRefused, QuotaReached
from cprsync.services.desk.cards import CardAsked, CardDoor
from cprsync.store.desk import setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doubles import Library

PIN, WRONG = "4711", "1234"
SHORT, LONG = LOCKS
PLENTY = AskingQuota(asks=600, wrong=600)
NO_CEILING = PinCeilings(100_000, 100_000)


@pytest.fixture(scope="module", autouse=True)
def _cheap_pins() -> Iterator[None]:
    """PINs are hashed at the least cost; `test_setting` looks at the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setting, "_PASSES", 1)
        patch.setattr(setting, "_MEMORY_KIB", 8)
        yield


def entries(library: Library) -> list[tuple[str, str | None, str | None]]:
    """What the audit has of cards: kind, patron and who asked."""
    told = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    found = [one for one in told if one["kind"].startswith("card_")]
    return [(one["kind"], one["patron"], one.get("user")) for one in sorted(found, key=lambda one: str(one["at"]))]


def ask(  # noqa: PLR0913 -- what is asked, and the limits
    library: Library,
    card: str,
    pin: str,
    *,
    by: str = "automat",
    quota: AskingQuota | None = PLENTY,
    ceilings: PinCeilings = NO_CEILING,
    is_known: bool = False,
) -> str:
    library.clock.moment += timedelta(seconds=1)
    return CardDoor().open(library.store, library.clock, CardAsked(card, pin, by, is_known), quota, ceilings=ceilings)


def refused(library: Library, card: str, pin: str, **more: Any) -> str:
    with pytest.raises((CardRefused, QuotaReached)) as error:
        ask(library, card, pin, **more)
    assert pin not in error.value.message
    return error.value.kind


def test_the_right_pin_opens_the_patron_and_the_audit_names_the_machine(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    set_(library, "pin", PIN)
    assert ask(library, "ANNA", PIN) == anna
    # as it is scanned: capitals and blanks do not count
    assert ask(library, " anna ", PIN) == anna
    assert entries(library) == [("card_right", anna, "automat")] * 2
    verify_audit(library.store)


def test_nobody_learns_why_card_and_pin_do_not_fit(either_library: Library) -> None:
    library, anna, bo = either_library, either_library.id_of("ANNA"), either_library.id_of("BO")
    set_(library, "pin", PIN)
    before = {name: rows for name, rows in library.everything().items() if not name.startswith("audit")}
    said = {refused(library, card, pin) for card, pin in (("ANNA", WRONG), ("BO", PIN), ("NOBODY", PIN))}
    assert said == {"card.refused"}
    assert entries(library) == [
        ("card_wrong", anna, "automat"),
        ("card_wrong", bo, "automat"),
        ("card_unknown", None, "automat"),
    ]
    assert {name: rows for name, rows in library.everything().items() if not name.startswith("audit")} == before


def test_wrong_pins_in_a_row_lock_the_cards_for_the_right_one_too(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    # whoever asks, and with the right one
    assert refused(library, "ANNA", PIN, by="hjemmeside") == "card.refused"
    assert entries(library)[-1] == ("card_locked", anna, "hjemmeside")
    library.clock.moment += SHORT.within
    assert ask(library, "ANNA", PIN) == anna


def test_a_new_pin_opens_what_wrong_ones_have_locked(either_library: Library) -> None:
    """Otherwise whoever knows a card's number keeps its patron out, also when they come to the desk."""
    library, anna = either_library, either_library.id_of("ANNA")
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    assert refused(library, "ANNA", PIN) == "card.refused"
    library.clock.moment += timedelta(seconds=1)
    set_(library, "telephones", "20304050", doing=ListChange.ADD)
    assert refused(library, "ANNA", PIN) == "card.refused"
    set_(library, "pin", "0815")
    assert ask(library, "ANNA", "0815") == anna
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    assert refused(library, "ANNA", "0815") == "card.refused"


def test_a_right_pin_forgives_the_wrong_ones(library: Library) -> None:
    set_(library, "pin", PIN)
    for _ in range(3):
        for _ in range(SHORT.wrong - 1):
            refused(library, "ANNA", WRONG)
        ask(library, "ANNA", PIN)


def test_ten_wrong_ones_in_a_day_lock_for_a_day(library: Library) -> None:
    set_(library, "pin", PIN)
    for _ in range(LONG.wrong // SHORT.wrong):
        for _ in range(SHORT.wrong):
            refused(library, "ANNA", WRONG)
        library.clock.moment += SHORT.within
    assert refused(library, "ANNA", PIN) == "card.refused"
    library.clock.moment += LONG.within
    assert ask(library, "ANNA", PIN) == library.id_of("ANNA")


def test_tries_while_it_is_locked_make_it_no_longer(library: Library) -> None:
    """Otherwise anybody with a card number could keep its owner out for good."""
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    library.clock.moment += SHORT.within - timedelta(minutes=1)
    refused(library, "ANNA", WRONG)
    library.clock.moment += timedelta(minutes=1)
    assert ask(library, "ANNA", PIN) == library.id_of("ANNA")


def test_the_lock_survives_the_server(library: Library) -> None:
    """Each try here is made through a door of its own, as after a restart."""
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    assert refused(library, "ANNA", PIN) == "card.refused"


def test_many_at_once_are_counted_one_by_one(library: Library) -> None:
    set_(library, "pin", PIN)
    door, together = CardDoor(), threading.Barrier(3 * SHORT.wrong)

    def guess() -> None:
        together.wait(20)
        with pytest.raises(CardRefused):
            door.open(library.store, library.clock, CardAsked("ANNA", WRONG, "automat"), PLENTY, ceilings=NO_CEILING)

    threads = [threading.Thread(target=guess) for _ in range(3 * SHORT.wrong)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    kinds = [kind for kind, _, _ in entries(library)]
    assert (kinds.count("card_wrong"), kinds.count("card_locked")) == (SHORT.wrong, 2 * SHORT.wrong)


def test_a_card_without_a_pin_opens_nothing(library: Library) -> None:
    assert refused(library, "BO", PIN) == "card.refused"


# -- quotas ----------------------------------------------------------------------------------------------------


def test_a_machine_that_asks_too_often_waits_for_a_minute(either_library: Library) -> None:
    library, quota = either_library, AskingQuota(asks=3, wrong=600)
    set_(library, "pin", PIN)
    for _ in range(2):
        ask(library, "ANNA", PIN, quota=quota)
    refused(library, "ANNA", WRONG, quota=quota)
    before = library.everything()
    assert refused(library, "ANNA", PIN, quota=quota) == "card.quota"
    assert library.everything() == before
    # another machine is asked nothing of it
    assert ask(library, "ANNA", PIN, by="hjemmeside", quota=quota)
    library.clock.moment += timedelta(minutes=1)
    assert ask(library, "ANNA", PIN, quota=quota)


def test_a_machine_that_guesses_over_many_cards_waits_for_an_hour(either_library: Library) -> None:
    """One PIN tried on each card locks none of them: the machine is stopped."""
    library, quota = either_library, AskingQuota(asks=600, wrong=3)
    set_(library, "pin", PIN)
    for card in ("BO", "CLARA", "NOBODY"):
        refused(library, card, WRONG, quota=quota)
    before = library.everything()
    assert refused(library, "ANNA", PIN, quota=quota) == "card.guessing"
    assert library.everything() == before
    library.clock.moment += timedelta(hours=1)
    assert ask(library, "ANNA", PIN, quota=quota)


def test_a_patron_has_no_quota_and_is_named_by_their_own_number(library: Library) -> None:
    set_(library, "pin", PIN)
    anna = ask(library, "ANNA", PIN, by="", quota=None)
    assert entries(library) == [("card_right", anna, anna)]


# -- a clock that was ahead for a while ------------------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.fixture
def was_ahead(either_library: Library) -> Library:
    """The clock was a day ahead while a machine asked, and is right again."""
    library = either_library
    set_(library, "pin", PIN)
    library.clock.moment += DAY
    ask(library, "ANNA", PIN)
    refused(library, "ANNA", WRONG)
    library.clock.moment -= DAY
    return library


def test_after_a_clock_was_ahead_a_machines_minute_and_hour_are_over_as_ever(was_ahead: Library) -> None:
    """Stamps of the audit do not go back: until the clock has caught up, they stand still."""
    library, quota = was_ahead, AskingQuota(asks=3, wrong=3)
    for minutes in range(12):
        refused(library, "NOBODY", WRONG, quota=quota) if minutes % 4 == 0 else ask(library, "ANNA", PIN, quota=quota)
        library.clock.moment += timedelta(minutes=15)
    for _ in range(3):
        ask(library, "ANNA", PIN, quota=quota)
    assert refused(library, "ANNA", PIN, quota=quota) == "card.quota"
    verify_audit(library.store)


def test_after_a_clock_was_ahead_a_pin_is_locked_as_ever(was_ahead: Library) -> None:
    library = was_ahead
    for _ in range(2):
        for _ in range(SHORT.wrong - 1):
            refused(library, "ANNA", WRONG)
        assert ask(library, "ANNA", PIN) == library.id_of("ANNA")
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    assert refused(library, "ANNA", PIN) == "card.refused"
    library.clock.moment += SHORT.within
    assert ask(library, "ANNA", PIN) == library.id_of("ANNA")


def test_after_a_clock_was_ahead_a_ceiling_holds_for_an_hour_and_is_told_once(was_ahead: Library) -> None:
    library, few = was_ahead, PinCeilings(page=3, machines=3)
    for _ in range(2):
        for card in ("BO", "CLARA", "NOBODY"):
            refused(library, card, WRONG, ceilings=few)
        assert refused(library, "ANNA", PIN, ceilings=few) == "card.ceiling"
        assert library.store.access.alarms().guessing == ("machines",)
        library.clock.moment += timedelta(hours=1)
        assert ask(library, "ANNA", PIN, ceilings=few)
    assert [kind for kind, _, _ in entries(library)].count("card_ceiling") == 2


def test_once_the_clock_has_caught_up_what_was_asked_long_before_counts_no_more(was_ahead: Library) -> None:
    """All that was asked meanwhile has the stamp of this moment."""
    library, quota, few = was_ahead, AskingQuota(asks=3, wrong=3), PinCeilings(page=3, machines=3)
    for _ in range(3):
        refused(library, "NOBODY", WRONG)
    assert refused(library, "ANNA", PIN, ceilings=few) == "card.ceiling"
    library.clock.moment += DAY
    assert library.store.access.alarms().guessing == ()
    assert ask(library, "ANNA", PIN, quota=quota, ceilings=few)


# -- ceilings --------------------------------------------------------------------------------------------------

FEW = PinCeilings(page=3, machines=3)


def guessing(library: Library) -> tuple[str, ...]:
    return library.store.access.alarms().guessing


def at_page(library: Library, card: str, pin: str, **more: Any) -> str:
    """A try at the patrons' page; each is made through a door of its own, as in another process."""
    return refused(library, card, pin, by="", quota=None, ceilings=FEW, **more)


def test_many_wrong_ones_of_all_browsers_together_stop_new_browsers_for_an_hour(either_library: Library) -> None:
    library = either_library
    set_(library, "pin", PIN)
    for card in ("BO", "CLARA", "NOBODY"):
        assert guessing(library) == ()
        at_page(library, card, WRONG)
    assert at_page(library, "ANNA", PIN) == "card.ceiling"
    assert guessing(library) == ("page",)
    before = library.everything()
    # told once, and no PIN was looked at
    assert at_page(library, "ANNA", PIN) == "card.ceiling"
    assert library.everything() == before
    verify_audit(library.store)
    library.clock.moment += timedelta(hours=1)
    assert ask(library, "ANNA", PIN, by="", quota=None, ceilings=FEW)


def test_a_browser_that_is_known_goes_on_and_so_do_the_machines(either_library: Library) -> None:
    library = either_library
    set_(library, "pin", PIN)
    for card in ("BO", "CLARA", "NOBODY"):
        at_page(library, card, WRONG)
    assert ask(library, "ANNA", PIN, by="", quota=None, ceilings=FEW, is_known=True)
    assert ask(library, "ANNA", PIN, ceilings=FEW)


def test_a_known_browser_is_held_by_the_cards_own_lock(library: Library) -> None:
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        at_page(library, "ANNA", WRONG, is_known=True)
    assert at_page(library, "ANNA", PIN, is_known=True) == "card.refused"


def test_whoever_tries_a_card_elsewhere_does_not_lock_it_in_the_browser_of_its_patron(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG)
    assert refused(library, "ANNA", PIN) == "card.refused"
    assert ask(library, "ANNA", PIN, by="", quota=None, is_known=True) == anna
    # nor does it open elsewhere by that
    assert refused(library, "ANNA", PIN) == "card.refused"
    verify_audit(library.store)


def test_wrong_pins_in_the_browser_of_a_cards_patron_lock_it_there_alone(library: Library) -> None:
    set_(library, "pin", PIN)
    for _ in range(SHORT.wrong):
        refused(library, "ANNA", WRONG, by="", quota=None, is_known=True)
    assert refused(library, "ANNA", PIN, by="", quota=None, is_known=True) == "card.refused"
    assert ask(library, "ANNA", PIN) == library.id_of("ANNA")


def test_many_wrong_ones_of_all_machines_together_stop_the_machines_and_not_the_page(either_library: Library) -> None:
    library = either_library
    set_(library, "pin", PIN)
    for machine in ("one", "two", "three"):
        refused(library, "BO", WRONG, by=machine, ceilings=FEW)
    assert refused(library, "ANNA", PIN, by="four", ceilings=FEW) == "card.ceiling"
    assert guessing(library) == ("machines",)
    assert ask(library, "ANNA", PIN, by="", quota=None, ceilings=FEW)


def test_right_ones_count_against_no_ceiling(library: Library) -> None:
    set_(library, "pin", PIN)
    for _ in range(2 * FEW.page):
        ask(library, "ANNA", PIN, by="", quota=None, ceilings=FEW)


def test_tomorrow_the_status_says_nothing_of_it_and_a_new_flood_is_told_anew(library: Library) -> None:
    for _ in range(FEW.page + 1):
        at_page(library, "NOBODY", WRONG)
    library.clock.moment += timedelta(days=1)
    assert guessing(library) == ()
    for _ in range(FEW.page + 1):
        at_page(library, "NOBODY", WRONG)
    assert guessing(library) == ("page",)


def test_another_pin_makes_the_proof_of_a_card_worthless(library: Library) -> None:
    set_(library, "pin", PIN)
    first = CardDoor.proof_of(library.store, "ANNA")
    assert first == CardDoor.proof_of(library.store, " anna ")
    set_(library, "pin", "0815")
    assert CardDoor.proof_of(library.store, "ANNA") not in {first, None}
    assert CardDoor.proof_of(library.store, "BO") is None
    assert CardDoor.proof_of(library.store, "NOBODY") is None
