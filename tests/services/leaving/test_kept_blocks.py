"""A block outlives the record of a patron who leaves: by a keyed hash of the number, for as long as policy says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import AGENCY, MONDAY, happened, unseen
from sqlalchemy import text
from test_deriving import TERMS
from test_forgetting import forgotten, morning
from test_leaving import erase, exit_of, leave, lookup, owes
from test_setting import set_
from townspeople import cpr
from whole import verify_audit

from cprsync.cli.leaving.leaving import kept_lines
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.parting import Ending
from cprsync.domain.patron.local import Block, Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.policy.policy import RetentionDays
from cprsync.errors import BadInput, ConfigurationError, NotConfirmed
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.desk.registering import preview_registration
from cprsync.services.leaving.departing import BlockLifting, LeavingDesk
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.core.engine import reading
from cprsync.store.seals import keys
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from doubles import Library

WHY = "Udelukket for altid"


def blocked(library: Library, key: str = "ANNA") -> str:
    """A patron with a block that holds and one that was lifted."""
    set_(library, "blocks", WHY, key=key)
    return library.id_of(key)


def kept(library: Library, key: str = "ANNA") -> list[str]:
    return [block.reason for block in library.store.kept_blocks.of(cpr(key))]


def blocks(library: Library, key: str = "ANNA") -> tuple[Block, ...]:
    return library.view(key).local.blocks


def told(library: Library) -> list[tuple[str, str]]:
    rows = [one for one in library.rows("audit") if one["stream"] == "kept_block"]
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in rows]
    return [(entry["patron"], entry["actions"][0]) for entry in entries]


def test_a_block_that_holds_stays_by_the_number_and_says_nothing_of_whose_it_was(either_library: Library) -> None:
    library, anna = either_library, blocked(either_library)
    leave(library, anna)
    assert kept(library) == [WHY]
    assert library.store.kept_blocks.of(cpr("BO")) == ()
    written = json.dumps(library.rows("kept_block"), default=str)
    assert cpr("ANNA").digits not in written
    with reading(library.engine) as connection:
        (sealed,) = connection.scalars(text("SELECT reason FROM kept_block"))
    assert WHY.encode() not in bytes(sealed)
    (row,) = library.rows("kept_block")
    assert row["number_key"] == library.store._tenant.vault.index_key
    assert told(library) == [(anna, "kept")]
    before = library.everything()
    leave(library, anna)
    assert library.everything() == before
    verify_audit(library.store)


def test_it_is_still_there_when_nothing_else_is_and_two_nights_later(either_library: Library) -> None:
    library, anna = either_library, blocked(either_library)
    leave(library, anna)
    for _ in range(2):
        library.night()
    assert kept(library) == [WHY]
    assert cpr("ANNA") not in library.register.listed


def test_a_new_registration_shows_it_and_the_new_record_has_it(either_library: Library) -> None:
    library, anna = either_library, blocked(either_library)
    since = blocks(library)[0].since
    leave(library, anna)
    document = lookup(library, "ANNA")
    assert "block.kept" in {one["kind"] for one in document["warnings"]}
    new = lookup(library, "ANNA", register=True)
    assert [one["reason"] for one in new["preview"]["kept_blocks"]] == [WHY]
    assert blocks(library) == (Block(since, WHY),)
    assert kept(library) == []
    assert told(library) == [(anna, "kept"), (library.id_of("ANNA"), "came_back")]
    set_(library, "blocks", None)
    assert blocks(library)[0].lifted == library.clock.today()
    verify_audit(library.store)


def test_a_list_brings_it_back_too_and_a_dry_run_does_not(either_library: Library) -> None:
    library = either_library
    leave(library, blocked(library))
    before = library.everything()
    rows = [NewPatron(cpr("ANNA"), Local())]
    library.store.imports.take_patrons(rows, apply=False)
    assert library.everything() == before
    library.store.imports.take_patrons(rows)
    assert [block.reason for block in blocks(library)] == [WHY]
    again = library.everything()
    library.store.imports.take_patrons(rows)
    assert library.everything() == again


def test_it_is_forgotten_as_many_days_after_as_the_policy_says(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, retention=RetentionDays(kept_blocks_days=10))
    leave(library, blocked(library))
    left = library.clock.today()
    morning(library, left + timedelta(days=9))
    assert "kept_blocks" not in forgotten(library)
    assert kept(library) == [WHY]
    morning(library, left + timedelta(days=10))
    assert forgotten(library)["kept_blocks"] == 1
    assert kept(library) == []
    assert "kept_blocks" not in forgotten(library)


def test_a_kept_block_is_lifted_by_somebody_and_with_a_reason(either_library: Library) -> None:
    library, anna = either_library, blocked(either_library)
    leave(library, anna)
    desk = BlockLifting(library.store, "lone")
    before = library.everything()
    with pytest.raises(ConfigurationError):
        desk.lift(cpr("ANNA"), reason=" ")
    assert library.everything() == before
    assert desk.lift(cpr("ANNA"), reason="paid in full")["lifted"] == 1
    assert desk.lift(cpr("ANNA"), reason="paid in full") == {"blocks": [], "lifted": 0}
    rows = [one for one in library.rows("audit") if one["stream"] == "kept_block"]
    entry = json.loads(bytes.fromhex(rows[-1]["entry"]))
    assert (entry["actions"], entry["user"], entry["patron"]) == (["lifted"], "lone", anna)
    assert "paid" not in str(entry)
    verify_audit(library.store)


def test_one_of_several_kept_blocks_is_lifted_alone(either_library: Library) -> None:
    """They were lifted all together, or not at all."""
    library, anna = either_library, blocked(either_library)
    set_(library, "blocks", "Mistede kort")
    leave(library, anna)
    desk = BlockLifting(library.store, "lone")
    first, second = desk.show(cpr("ANNA"))["blocks"]
    before = library.everything()
    for number, only in ((cpr("ANNA"), 999), (cpr("BO"), first["id"])):
        with pytest.raises(BadInput) as refused:
            desk.lift(number, reason="paid in full", only=only)
        assert (refused.value.kind, library.everything()) == ("block.unknown", before)
    document = desk.lift(cpr("ANNA"), reason="paid in full", only=first["id"])
    assert (document["lifted"], len(document["blocks"])) == (1, 2)
    assert list(kept_lines(document, "da"))[-1] == "Ophævet: 1 af 2 huskes ikke længere."
    assert desk.show(cpr("ANNA"))["blocks"] == [second]
    assert told(library)[-1] == (anna, "lifted")
    with pytest.raises(BadInput):
        desk.lift(cpr("ANNA"), reason="paid in full", only=first["id"])
    lookup(library, "ANNA", register=True)
    assert [block.reason for block in blocks(library)] == [second["reason"]]
    verify_audit(library.store)


@pytest.mark.parametrize("left", [False, True])
def test_a_new_registration_of_whoever_was_erased_does_not_tell_that_they_were_here(
    either_library: Library, *, left: bool
) -> None:
    """The journal's hash of the number told it, also of those of whom nothing is to be kept."""
    library, anna = either_library, either_library.id_of("ANNA")
    if left:
        leave(library, anna)
        library.night()
        assert library.store.imports.left_before(cpr("ANNA"))
    erase(library, anna)
    assert not library.store.imports.left_before(cpr("ANNA"))
    index = library.store._tenant.vault.index(JOURNAL, cpr("ANNA").digits)
    last = library.store._tenant.journal.entries(AGENCY)[-1]
    assert (last.patron_id, last.what, last.number) == (anna, "erased", b"")
    library.night()
    assert "left_before" not in {one["kind"] for one in lookup(library, "ANNA", register=True)["warnings"]}
    assert library.store.imports.take_patrons([NewPatron(cpr("ANNA"), Local())])[0].returns is False
    leave(library, library.id_of("BO"))
    assert library.store.imports.left_before(cpr("BO"))
    assert [one.number for one in library.store._tenant.journal.entries(AGENCY)].count(index) == int(left)


def test_whoever_is_erased_leaves_no_block_also_when_the_record_was_emptied_before(either_library: Library) -> None:
    library, anna, bo = either_library, blocked(either_library), blocked(either_library, "BO")
    leave(library, anna)
    library.night()
    erase(library, anna)
    assert kept(library) == []
    erase(library, bo)
    assert kept(library, "BO") == []
    assert library.rows("kept_block") == []
    verify_audit(library.store)


def test_a_block_is_found_after_its_index_key_was_followed_by_another(library: Library) -> None:
    leave(library, blocked(library))
    old = library.store._tenant.keyring
    keys.add_key(old.folder, keys.KeyPurpose.INDEX)
    tenant = library.store._tenant
    newer = SqlStore(
        library.engine,
        agency=tenant.agency,
        agreement=tenant.agreement,
        keyring=keys.Keyring.load(old.folder),
        clock=library.clock,
        journal=tenant.journal.path,
    )
    assert [block.reason for block in newer.kept_blocks.of(cpr("ANNA"))] == [WHY]


# -- asked first ---------------------------------------------------------------------------------------------------


def test_nobody_leaves_and_nobody_is_erased_before_someone_has_said_yes(either_library: Library) -> None:
    library, anna = either_library, blocked(either_library)
    before = library.everything()
    shown = exit_of(library).preview(anna, Ending.LEAVE)
    assert [one["kind"] for one in shown.document["warnings"]] == ["emptied", "block_stays"]
    assert [one["reason"] for one in shown.document["blocks"]] == [WHY]
    for act in (exit_of(library).leave, exit_of(library).erase):
        with pytest.raises(NotConfirmed):
            act(anna, Confirmation("sha256:other", "a reason"))
    assert unseen(library.everything()) == unseen(before)


def test_a_yes_counts_for_nothing_once_another_desk_has_written_the_record(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    shown = exit_of(library).preview(anna, Ending.LEAVE)
    set_(library, "blocks", WHY)
    before = library.everything()
    with pytest.raises(NotConfirmed) as refused:
        exit_of(library).leave(anna, said_yes.yes_to(shown.preview))
    assert refused.value.kind == "confirm.changed"
    assert library.everything() == before


@pytest.mark.parametrize("way", Ending)
def test_a_block_that_would_be_lost_needs_a_reason_that_is_written_down(library: Library, way: Ending) -> None:
    anna = blocked(library)
    library.policy = replace(library.policy, retention=RetentionDays(kept_blocks_days=0))
    exit_ = LeavingDesk(library, "lone")
    act = exit_.leave if way is Ending.LEAVE else exit_.erase
    before, digest = library.everything(), exit_.preview(anna, way).preview.digest
    with pytest.raises(NotConfirmed) as refused:
        act(anna, Confirmation(digest))
    assert refused.value.kind == "confirm.reason"
    assert unseen(library.everything()) == unseen(before)
    act(anna, Confirmation(digest, "agreed with the manager", anna))
    assert happened(library.everything())["confirm", anna] == 1
    verify_audit(library.store)


def test_what_keeps_a_patron_is_told_and_whoever_waits_still_borrows_nothing(library: Library) -> None:
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=MONDAY, returned=None)
    shown = exit_of(library).preview(anna, Ending.LEAVE)
    assert shown.document["open"] == {"loans": 1}
    assert [one["kind"] for one in shown.document["warnings"]] == ["open"]
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        exit_of(library).preview(anna, Ending.ERASE)
    assert refused.value.kind == "patron.open"
    assert library.everything() == before
    assert leave(library, anna)["standing"] == "leaving"
    again: dict[str, Any] = exit_of(library).preview(anna, Ending.LEAVE).document
    assert [one["kind"] for one in again["warnings"]] == ["leaving", "open"]


def test_a_preview_tells_the_rights_that_the_kept_block_leaves(library: Library) -> None:
    library.policy = TERMS
    leave(library, blocked(library))
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    shown = preview_registration(desk, Asked(cpr("ANNA"), Purpose.REGISTRATION, "lone"))
    assert {right["product"]: right["answer"] for right in shown.document["preview"]["rights"]}["ereolen"] == "no"
