"""Targets that leave `cprsync.toml`: put back, or forgotten; and who is erased meanwhile."""

from __future__ import annotations

import pytest
from doubles import AGENCY, AGREEMENT, MONDAY, TUESDAY, WEDNESDAY, Library, unowned
from sqlalchemy import delete
from test_sending import EVERYTHING, PLAIN, hears, held
from test_targets_moved import OTHER, state
from townspeople import moves, person

from cprsync.domain.outward.target import Target, TargetKind
from cprsync.errors import BadInput, ConfigurationError, CursorGone, TargetUnavailable
from cprsync.services.outward.feeding import FeedReader
from cprsync.services.outward.targets import find_targets, forget_target, wrong_targets
from cprsync.services.ports.outward import Undelivered
from cprsync.store import tables
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore


def starts_without_targets(library: Library) -> None:
    """A process that finds no target in `cprsync.toml`."""
    keys = Keyring.load(library.folder / "keys")
    library.store = SqlStore(library.engine, agency=AGENCY, agreement=AGREEMENT, keyring=keys, clock=library.clock)
    library.targets = ()


# -- removed -----------------------------------------------------------------------------------------------


def test_a_target_that_is_put_back_hears_what_happened_while_it_was_out(library: Library) -> None:
    library.sets_targets_up(PLAIN, OTHER)
    library.night()
    koha = library.target("koha")
    library.sets_targets_up(OTHER)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    assert not state(library).set_up
    library.sets_targets_up(PLAIN, OTHER)
    library.target("koha").takes_over(koha)
    library.clock.set_after(TUESDAY)
    library.one_night()
    assert held(library.target("koha"), library, "ANNA")["municipality"] == "0461"
    assert state(library).waiting == 0


def test_a_removed_target_says_what_it_leaves_and_is_forgotten_after_a_yes(library: Library) -> None:
    hears(library)
    library.target("koha").refuses[library.id_of("CLARA")] = Undelivered("http_404", final=True)
    library.deliver(MONDAY, moves(person("CLARA"), "ODENSE"))
    library.one_night()
    assert (library.id_of("CLARA"), "target.not_taken") in library.reviews()
    with pytest.raises(BadInput, match="remove it there first"):
        forget_target(library.store, "koha", user="operator", reason="gone", confirmed=True)
    library.sets_targets_up(OTHER)
    before = library.everything()
    says = forget_target(library.store, "koha", user="operator", reason="", confirmed=False)
    assert (says.told, says.failed) == (4, 1)
    with pytest.raises(ConfigurationError, match="say why"):
        forget_target(library.store, "koha", user="operator", reason="", confirmed=True)
    assert library.everything() == before
    forget_target(library.store, "koha", user="operator", reason="we have no Koha any more", confirmed=True)
    assert [one.name for one in find_targets(library.store)] == ["hook"]
    assert "target.not_taken" not in library.store.reviews.waiting()


# -- erased ------------------------------------------------------------------------------------------------


def test_an_erased_patron_stays_a_shell_until_each_target_knows_and_erasing_names_it(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    double.down = TargetUnavailable("it is down for good")
    anna = library.id_of("ANNA")
    erased = library.store.erasing.erase(anna, user="operator")
    assert erased.targets == ("koha",)
    library.deliver(MONDAY)
    library.one_night()
    library.deliver(TUESDAY)
    library.one_night()
    assert anna in {row["id"] for row in library.rows("patron")}
    double.down = None
    library.deliver(WEDNESDAY)
    library.one_night()
    library.one_night()
    assert anna not in double.holds
    assert not holding(library, anna)


def test_an_erased_patron_goes_when_the_dead_target_is_forgotten(library: Library) -> None:
    hears(library).down = TargetUnavailable("it is down for good")
    anna = library.id_of("ANNA")
    library.store.erasing.erase(anna, user="operator")
    library.deliver(MONDAY)
    library.one_night()
    library.sets_targets_up(OTHER)
    forget_target(library.store, "koha", user="operator", reason="the supplier is bankrupt", confirmed=True)
    library.deliver(TUESDAY)
    library.one_night()
    library.one_night()
    assert not holding(library, anna)


def test_a_patron_whom_nobody_else_holds_is_told_to_be_gone_before_the_row_is_deleted(library: Library) -> None:
    """Nothing else waits for this patron: no subscription, no account."""
    double = hears(library)
    anna = library.id_of("ANNA")
    drop_subscriptions(library, anna)
    erased = library.store.erasing.erase(anna, user="operator")
    assert erased.targets == ("koha",)
    library.one_night()
    assert anna not in double.holds
    library.clock.set_after(MONDAY)
    library.one_night()
    assert not holding(library, anna)


def holding(library: Library, patron_id: str) -> list[str]:
    """The tables that still have the patron's number, except the audit, the tombstone and the numbers given."""
    rows = unowned(library.everything(), "change", "issued_id")
    return [table for table, some in rows.items() if any(patron_id in map(str, row.values()) for row in some)]


def drop_subscriptions(library: Library, patron_id: str) -> None:
    with library.engine.begin() as connection:
        connection.execute(delete(tables.subscription).where(tables.subscription.c.patron_id == patron_id))


def test_who_is_erased_while_the_last_target_is_out_is_told_as_gone_when_it_is_put_back(
    either_library: Library,
) -> None:
    library = either_library
    koha = hears(library)
    anna = library.id_of("ANNA")
    starts_without_targets(library)
    drop_subscriptions(library, anna)
    assert library.store.erasing.erase(anna, user="operator").targets == ("koha",)
    library.deliver(MONDAY, moves(person("CLARA"), "ODENSE"))
    library.one_night()
    (said,) = wrong_targets(find_targets(library.store), library.clock.now())
    assert (said["what"], said["name"], said["count"]) == ("target_removed", "koha", 2)
    # nothing is kept but that the target has to hear it
    assert [row["payload"] for row in library.rows("change") if row["patron_id"] == anna] == [None]
    library.sets_targets_up(PLAIN)
    library.target("koha").takes_over(koha)
    library.deliver(TUESDAY)
    library.one_night()
    assert anna not in library.target("koha").holds
    assert held(library.target("koha"), library, "CLARA")["municipality"] == "0461"
    library.deliver(WEDNESDAY)
    library.one_night()
    assert not holding(library, anna)


def test_a_process_that_met_no_target_holds_an_erased_patron_for_one_that_is_met_since(library: Library) -> None:
    """As `cprsync serve` does, which was started before the section was written."""
    starts_without_targets(library)
    old = library.store
    hears(library)
    anna = library.id_of("ANNA")
    drop_subscriptions(library, anna)
    assert old.erasing.erase(anna, user="operator").targets == ("koha",)


FEED = Target("website", TargetKind.FEED, EVERYTHING)


def test_with_the_last_target_all_that_was_kept_to_be_told_is_forgotten_and_an_old_cursor_leads_nowhere(
    either_library: Library,
) -> None:
    library = either_library
    library.sets_targets_up(FEED)
    library.night()
    read = FeedReader(library.store, AGENCY, FEED, "website").fetch("", 100)
    starts_without_targets(library)
    forget_target(library.store, "website", user="operator", reason="no website any more", confirmed=True)
    assert not library.rows("change")
    anna = library.id_of("ANNA")
    drop_subscriptions(library, anna)
    library.store.erasing.erase(anna, user="operator")
    assert not holding(library, anna)
    library.sets_targets_up(FEED)
    library.night()
    reader = FeedReader(library.store, AGENCY, FEED, "website")
    with pytest.raises(CursorGone):
        reader.fetch(read.next, 100)
    assert anna not in b"".join(reader.fetch("", 100).lines).decode()


def test_a_target_that_stays_keeps_what_it_is_still_to_hear_when_another_is_forgotten(library: Library) -> None:
    library.sets_targets_up(PLAIN, OTHER)
    library.night()
    library.sets_targets_up(PLAIN)
    before = library.rows("change")
    forget_target(library.store, "hook", user="operator", reason="it is gone", confirmed=True)
    assert library.rows("change") == before
