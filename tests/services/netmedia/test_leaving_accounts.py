"""Whoever leaves keeps no account of the library's at CULR, whoever made it; other libraries' are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY
from test_leaving import leave
from test_merging_patrons import BOTH, NEW, OLD, two_of_one
from test_reviewing import number_of, reviews
from townspeople import cpr

from cprsync.domain.netmedia.account import Identity, IdType
from cprsync.domain.netmedia.drift import NetMediaFault
from cprsync.errors import NetMediaUnavailable, RegisterUnavailable
from cprsync.mock.town.culr_accounts import CulrRequest
from cprsync.services.netmedia.entitlements import verify
from cprsync.services.netmedia.publishing import reconcile_accounts

if TYPE_CHECKING:
    from doubles import Library

    from cprsync.domain.person.number import CprNumber

THEIRS = "710100"
KINDS = ("LOCAL", "UNILOGIN")


def on(number: CprNumber) -> Identity:
    return Identity(IdType.CPR, number.digits)


def makes(culr: CulrDouble, number: CprNumber, kind: str = "CPR", value: str = "", *, agency: str = "") -> None:
    """Some other system makes an account for whoever has the number."""
    made = CulrRequest("createAccount", agency or culr.agency, kind, value or number.digits, "751", uid=number.digits)
    assert culr.accounts.carry_out(made).code == "OK200"


def all_of(culr: CulrDouble, number: CprNumber) -> set[tuple[str, str, str]]:
    return set(culr.accounts.accounts_of_number(number.digits).accounts)


def with_log_ins(library: Library) -> CulrDouble:
    """ANNA has an account of ours, one under a card and a UNI-Login, made by others, and another library's."""
    library.sets_culr_up()
    library.net_media = culr = CulrDouble()
    library.night()
    anna = cpr("ANNA")
    for kind in KINDS:
        makes(culr, anna, kind, f"{kind}-1")
    makes(culr, anna, agency=THEIRS)
    makes(culr, cpr("BO"), "LOCAL", "B-1")
    return culr


@pytest.mark.parametrize("key", ["account-gone"])
@pytest.mark.parametrize("lossy", [False, True])
def test_none_of_our_accounts_is_left_of_whoever_leaves_and_others_are_left_alone(
    either_library: Library, key: str, *, lossy: bool
) -> None:
    library = either_library
    culr = with_log_ins(library)
    others = all_of(culr, cpr("BO"))
    anna = library.id_of("ANNA")
    leave(library, anna)
    culr.loses_every = 2 if lossy else 0
    library.one_night()
    culr.loses_every = 0
    for _ in range(4):
        library.one_night()
    assert all_of(culr, cpr("ANNA")) == {(THEIRS, "CPR", cpr("ANNA").digits)}, key
    assert all_of(culr, cpr("BO")) == others
    assert library.store.views.patron(anna) is None
    library.nothing_is_left()


def test_accounts_of_someone_whom_we_never_told_of_are_deleted_too(library: Library) -> None:
    """Another system of the library's has told CULR; here nobody knew where the patron lived."""
    library.sets_culr_up()
    library.enrol("EDITH")
    edith = library.id_of("EDITH")
    library.net_media = culr = CulrDouble()
    makes(culr, cpr("EDITH"))
    makes(culr, cpr("EDITH"), "LOCAL", "E-1")
    leave(library, edith)
    library.one_night()
    library.one_night()
    assert all_of(culr, cpr("EDITH")) == set()
    assert library.store.views.patron(edith) is None


def test_where_culr_is_not_set_up_nobody_waits_for_it(library: Library) -> None:
    library.enrol("EDITH")
    edith = library.id_of("EDITH")
    leave(library, edith)
    library.one_night()
    assert library.store.views.patron(edith) is None


def test_the_record_is_not_gone_before_culr_has_shown_that_none_is_left(library: Library) -> None:
    culr = with_log_ins(library)
    anna = library.id_of("ANNA")
    culr.down = NetMediaUnavailable("no answer")
    leave(library, anna)
    library.one_night()
    assert library.store.views.patron(anna) is not None
    culr.down = None
    library.one_night()
    assert library.store.views.patron(anna) is None
    assert all_of(culr, cpr("ANNA")) == {(THEIRS, "CPR", cpr("ANNA").digits)}


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_beside_that_comes_back_is_seen_and_deleted_while_the_number_is_held(
    library: Library, kind: str
) -> None:
    culr = with_log_ins(library)
    anna = library.id_of("ANNA")
    leave(library, anna)
    # the register does not let go: the number stays sealed in the shell
    library.register.refuses_to_unsubscribe[cpr("ANNA")] = RegisterUnavailable("no answer")
    library.one_night()
    makes(culr, cpr("ANNA"), kind, "again")
    assert verify(library.ports(), offline=False).wrong[NetMediaFault.EXTRA] == [anna]
    found = reconcile_accounts(library.ports(), everyone=True, dry_run=False)
    assert found.counts()["extra"] == found.repaired == 1
    library.one_night()
    assert all_of(culr, cpr("ANNA")) == {(THEIRS, "CPR", cpr("ANNA").digits)}
    assert verify(library.ports(), offline=False).ok


def test_whoever_is_a_patron_keeps_what_others_have_made_beside(library: Library) -> None:
    culr = with_log_ins(library)
    before = all_of(culr, cpr("ANNA"))
    found = reconcile_accounts(library.ports(), everyone=True, dry_run=False)
    library.deliver(MONDAY)
    library.night()
    assert (found.repaired, all_of(culr, cpr("ANNA"))) == (0, before)


def test_whoever_left_and_is_registered_again_keeps_all(library: Library) -> None:
    culr = with_log_ins(library)
    leave(library, library.id_of("ANNA"))
    library.enrol("ANNA")
    library.one_night()
    library.one_night()
    assert (culr.agency, "LOCAL", "LOCAL-1") in all_of(culr, cpr("ANNA"))
    assert (culr.agency, "CPR", cpr("ANNA").digits) in all_of(culr, cpr("ANNA"))


@pytest.mark.parametrize("undone", [False, True])
def test_what_one_of_two_merged_patrons_has_beside_comes_along_to_the_one_who_keeps(
    library: Library, *, undone: bool
) -> None:
    library.sets_culr_up()
    two_of_one(library)
    library.net_media = culr = CulrDouble()
    library.night()
    makes(culr, OLD, "LOCAL", "OLD-1")
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    if undone:
        reviews(library).undo(number)
    library.night()
    kept = all_of(culr, OLD if undone else NEW)
    assert (culr.agency, "LOCAL", "OLD-1") in kept
    assert all_of(culr, NEW if undone else OLD) == ({(culr.agency, "CPR", NEW.digits)} if undone else set())
    library.deliver(TUESDAY)
    library.night()
