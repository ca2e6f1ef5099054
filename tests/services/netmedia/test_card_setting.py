"""A library that lets cards log in from now on, or no longer: all patrons, in shares, and nobody else."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from card_broker import at_culr, by_card, by_number, make_sure_that_right
from doubles import MONDAY, Killed, KilledStore
from kills import sample
from test_card_lives import change
from test_card_log_ins import PATRONS, by_control, hears, log_ins
from test_leaving import leave
from test_set_cpr import MADE, enrol
from townspeople import cpr, gains_protection, moves, person

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.netmedia.account import Code, Identity, IdType
from cprsync.domain.netmedia.cards import CardsStage
from cprsync.domain.patron.local import ListChange
from cprsync.domain.patron.review import NET_MEDIA_REFUSED
from cprsync.errors import ConfigurationError, NetMediaUnavailable, NotConfirmed
from cprsync.services.netmedia.cards import begin_cards, end_cards, preview_end
from cprsync.services.netmedia.entitlements import verify
from cprsync.services.netmedia.publishing import publish_patron, reconcile_accounts, tell_of_cards
from cprsync.services.night.dry_run import plan_night

if TYPE_CHECKING:
    from culr_double import CulrDouble
    from doubles import Library

    from cprsync.services.ports.netmedia import CardCounts


def begins(library: Library) -> CulrDouble:
    """Everyone has an account, and from now on cards log in."""
    culr = hears(library, cards=False)
    library.sets_culr_up(cards=True)
    return culr


def takes_back(library: Library) -> CulrDouble:
    """Everyone's cards log in, and from now on they must not."""
    culr = hears(library)
    library.sets_culr_up(cards=False)
    return culr


def counts(library: Library, key: str) -> CardCounts | None:
    return library.store.outbox.account_state(library.id_of(key)).cards


def ends(library: Library) -> int:
    night = library.ports()
    return end_cards(night, Confirmation(preview_end(night).digest), user="lone")


def numbers(found: CardCounts | None) -> tuple[int, int, int, int]:
    assert found is not None
    return found.wanted, found.sent, found.confirmed, found.pending


# -- from now on -----------------------------------------------------------------------------------------------------


def test_the_next_night_tells_of_every_card_and_a_second_one_of_none(either_library: Library) -> None:
    library = either_library
    culr = begins(library)
    report = library.night().document()
    assert report["cards"] == {
        "local_accounts": "cards",
        "stage": "all",
        "accounts": 4,
        "told": 4,
        "left": 0,
        "stays": False,
    }
    assert (report["published"]["sent"], report["state"]) == (4, "done")
    assert {one: log_ins(culr, one) for one in PATRONS} == {one: {one} for one in PATRONS}
    make_sure_that_right(library, culr)


def test_until_then_they_wait_and_are_not_wrong(library: Library) -> None:
    culr = begins(library)
    found = verify(library.ports(), offline=False).document()
    assert (found["ok"], found["waiting"]["cards"], found["cards_stay"]) == (True, 4, 0)
    assert not reconcile_accounts(library.ports(), everyone=True, dry_run=False).drifted
    before = library.everything()
    planned = plan_night(library.ports()).document()["cards"]
    assert (planned["stage"], planned["told"], planned["left"]) == ("beginning", 0, 4)
    assert (library.everything(), at_culr(culr)) == (before, {})
    assert numbers(counts(library, "ANNA")) == (1, 0, 0, 1)


def test_a_night_tells_a_share_and_the_next_one_goes_on_behind_it(library: Library) -> None:
    culr = begins(library)
    with library.store.runs.lock():
        assert tell_of_cards(library.ports(), None, most=3) == 3
    state = library.store.card_accounts.state()
    assert (state.stage, state.left) == (CardsStage.BEGINNING, 1)
    assert verify(library.ports(), offline=False).document()["waiting"]["cards"] == 1
    library.night()
    assert len(at_culr(culr)) == 4
    make_sure_that_right(library, culr)


def test_a_command_tells_all_of_them_at_once(library: Library) -> None:
    culr = begins(library)
    library.batch = 1
    assert begin_cards(library.ports()) == 4
    assert at_culr(culr) == {}
    assert begin_cards(library.ports()) == 0
    make_sure_that_right(library, culr)


@pytest.mark.parametrize("at", sample(11))
def test_a_night_that_is_killed_anywhere_tells_of_each_card_once(library: Library, at: int) -> None:
    culr = begins(library)
    library.batch = 2
    culr.loses_every = 10
    try:
        library.one_night(KilledStore(library.store, at=at))
    except Killed:
        library.one_night()
    culr.loses_every = 0
    make_sure_that_right(library, culr)
    about = [one for one in culr.accounts.ledger if one.kind == "LOCAL"]
    assert [one.operation for one in about] == ["createAccount"] * 4


def test_counts_say_what_is_on_its_way_and_hold_no_card(library: Library) -> None:
    culr = hears(library)
    assert numbers(counts(library, "ANNA")) == (1, 1, 1, 0)
    change(library, library.id_of("ANNA"), "A-2", doing=ListChange.ADD)
    assert numbers(counts(library, "ANNA")) == (2, 1, 1, 1)
    culr.down = NetMediaUnavailable("no answer")
    library.one_night()
    assert numbers(counts(library, "ANNA")) == (2, 2, 1, 1)
    culr.down = None
    change(library, library.id_of("ANNA"), "ANNA", doing=ListChange.REMOVE)
    assert numbers(counts(library, "ANNA")) == (1, 1, 1, 2)
    make_sure_that_right(library, culr)
    assert numbers(counts(library, "ANNA")) == (1, 1, 1, 0)
    assert "A-2" not in repr(library.store.outbox.account_state(library.id_of("ANNA")))


# -- no longer -------------------------------------------------------------------------------------------------------


def test_accounts_stay_without_the_setting_and_reports_say_so(library: Library) -> None:
    culr = takes_back(library)
    before = at_culr(culr)
    report = library.night().document()["cards"]
    assert (report["stage"], report["accounts"], report["told"], report["stays"]) == ("all", 4, 0, True)
    assert (at_culr(culr), len(before)) == (before, 4)
    assert verify(library.ports(), offline=False).document()["cards_stay"] == 4


def test_meanwhile_a_card_that_is_taken_off_logs_in_no_longer_and_a_new_one_never(library: Library) -> None:
    """Else it would open the net media for the patron who had it, to whoever has it next."""
    culr = takes_back(library)
    anna, bo = library.id_of("ANNA"), library.id_of("BO")
    change(library, anna, "ANNA", doing=ListChange.REMOVE)
    change(library, bo, "ANNA", doing=ListChange.ADD)
    change(library, bo, "B-2", doing=ListChange.ADD)
    library.one_night()
    library.night()
    assert (by_card(culr, "ANNA"), by_card(culr, "B-2")) == (None, None)
    assert by_card(culr, "BO") == cpr("BO").digits


def test_nothing_is_deleted_before_a_person_has_said_yes_to_what_is_there(library: Library) -> None:
    culr = takes_back(library)
    before, there = library.everything(), at_culr(culr)
    with pytest.raises(NotConfirmed):
        end_cards(library.ports(), Confirmation("sha256:another"), user="lone")
    assert (library.everything(), at_culr(culr)) == (before, there)


def test_nothing_is_deleted_while_the_setting_lets_cards_log_in(library: Library) -> None:
    hears(library)
    before = library.everything()
    with pytest.raises(ConfigurationError, match="the cards log in"):
        preview_end(library.ports())
    with pytest.raises(ConfigurationError, match="the cards log in"):
        end_cards(library.ports(), Confirmation(""), user="lone")
    library.store.card_accounts.end(user="lone")
    assert library.everything() == before


def test_a_yes_deletes_the_accounts_of_all_cards_and_no_others(either_library: Library) -> None:
    library = either_library
    culr = takes_back(library)
    by_control(culr, "createAccount", "BO", "MADE-BY-OTHERS")
    assert ends(library) == 4
    report = library.night().document()["cards"]
    assert (report["stage"], report["accounts"], report["stays"]) == ("none", 0, False)
    assert at_culr(culr) == {"MADE-BY-OTHERS": cpr("BO").digits}
    assert [by_number(culr, cpr(one).digits) for one in PATRONS] == [set(), {"MADE-BY-OTHERS"}, set(), set()]
    assert {culr.holds(one) for one in culr.ours() if one.type.value == "CPR"} == {"751"}
    assert ends(library) == 0
    audit = [row["entry"] for row in library.rows("audit")]
    assert sum("card_accounts_ended" in bytes.fromhex(entry).decode() for entry in audit) == 1
    assert verify(library.ports(), offline=False).document()["cards_stay"] == 0


@pytest.mark.parametrize("at", sample(8))
def test_an_end_that_is_killed_anywhere_goes_on(library: Library, at: int) -> None:
    culr = takes_back(library)
    library.batch = 1
    night = library.ports(KilledStore(library.store, at=at))
    try:
        end_cards(night, Confirmation(preview_end(night).digest), user="lone")
    except Killed:
        # killed before anything was asked for, it has to be asked for again; later, the night goes on
        if library.store.card_accounts.state().stays:
            ends(library)
    library.one_night()
    library.night()
    assert at_culr(culr) == {}
    assert library.store.card_accounts.state().stage is CardsStage.NONE


def test_a_setting_that_comes_back_in_the_midst_of_its_end_makes_all_of_them_again(library: Library) -> None:
    culr = takes_back(library)
    ends(library)
    library.sets_culr_up(cards=True)
    make_sure_that_right(library, culr)
    assert len(at_culr(culr)) == 4


def test_whoever_leaves_meanwhile_keeps_no_account_of_a_card(library: Library) -> None:
    culr = takes_back(library)
    leave(library, library.id_of("ANNA"))
    library.one_night()
    library.one_night()
    assert by_card(culr, "ANNA") is None
    assert len(at_culr(culr)) == 3


# -- at the desk -----------------------------------------------------------------------------------------------------


def test_the_desk_tells_of_whoever_had_the_card_first(library: Library) -> None:
    culr = hears(library)
    anna, bo = library.id_of("ANNA"), library.id_of("BO")
    change(library, anna, "ANNA", doing=ListChange.REMOVE)
    change(library, bo, "ANNA", doing=ListChange.ADD)
    culr.calls.clear()
    done = publish_patron(library.store, lambda: nullcontext(culr), bo)
    assert (done.sent, done.error) == (2, None)
    about = [call.operation.value for call in culr.calls if call.identity.value == "ANNA"]
    assert about == ["deleteAccount", "createAccount"]
    assert by_card(culr, "ANNA") == cpr("BO").digits
    assert publish_patron(library.store, lambda: nullcontext(culr), bo).sent == 0
    library.night()


def test_a_card_of_somebody_without_a_cpr_number_has_no_account(library: Library) -> None:
    culr = hears(library)
    patron_id = enrol(library, MADE[1], "E-9")
    make_sure_that_right(library, culr)
    assert by_card(culr, "E-9") is None
    assert library.store.outbox.account_state(patron_id).cards is None


# -- what peers get wrong --------------------------------------------------------------------------------------------


def test_one_card_that_culr_refuses_stops_no_other_patron(library: Library) -> None:
    culr = begins(library)
    culr.refuses[Identity(IdType.LOCAL, "ANNA")] = Code.ILLEGAL_ARGUMENT
    library.one_night()
    assert at_culr(culr) == {one: cpr(one).digits for one in PATRONS if one != "ANNA"}
    state = library.store.outbox.account_state(library.id_of("ANNA"))
    assert (state.refused, numbers(state.cards)) == ("ILLEGAL_ARGUMENT", (1, 0, 0, 1))
    assert [one.kind for one in library.store.review_desk.waiting_about(library.id_of("ANNA"))] == [NET_MEDIA_REFUSED]
    culr.refuses.clear()
    change(library, library.id_of("ANNA"), "A-2", doing=ListChange.ADD)
    make_sure_that_right(library, culr)


def test_the_cards_of_a_protected_patron_log_in_and_no_call_holds_an_address(library: Library) -> None:
    culr = hears(library)
    library.deliver(MONDAY, gains_protection(moves(person("BO"), "ODENSE")))
    change(library, library.id_of("BO"), "B-2", doing=ListChange.ADD)
    make_sure_that_right(library, culr)
    assert by_number(culr, cpr("BO").digits) == {"BO", "B-2"}
    said = [
        (call.municipality, *(one.value for one in (call.identity, call.uid, call.other) if one)) for call in culr.calls
    ]
    known = {None, "", "751", "461", "B-2", *PATRONS, *(cpr(one).digits for one in PATRONS)}
    assert {value for values in said for value in values} <= known


def test_a_card_that_was_taken_off_in_a_night_that_culr_missed_logs_in_no_longer_after_the_next(
    library: Library,
) -> None:
    culr = hears(library)
    change(library, library.id_of("ANNA"), "ANNA", doing=ListChange.REMOVE)
    culr.down = NetMediaUnavailable("no answer")
    library.one_night()
    assert by_card(culr, "ANNA") == cpr("ANNA").digits
    culr.down = None
    make_sure_that_right(library, culr)
    assert by_card(culr, "ANNA") is None
