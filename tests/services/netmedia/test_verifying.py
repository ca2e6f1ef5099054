"""Rights to net media verified over everyone: what is planted is found and named, and what only waits is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from culr_double import CulrDouble
from doubles import AGENCY, MONDAY, TUESDAY, Library
from test_account_drift import AARHUS, EVERYONE, ODENSE, THEIRS, behind_our_back, reviews_of, stands
from test_deriving import BOOKS, TERMS
from test_leaving import is_settled, owes
from townspeople import dies, moves, person

from cprsync.domain.netmedia.drift import NetMediaFault
from cprsync.domain.patron.local import Block
from cprsync.domain.policy.product import Products
from cprsync.errors import NetMediaUnavailable, RunBusy
from cprsync.language.netmedia import entitlement_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.netmedia.entitlements import Entitlements, derive_wrong_again, verify
from cprsync.services.ports.desk import LocalChange
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def culr(library: Library) -> CulrDouble:
    """CULR after everyone's rights were derived and told."""
    return told(library)


def told(library: Library) -> CulrDouble:
    culr = library.net_media = CulrDouble(AGENCY)
    library.policy = TERMS
    library.one_night()
    return culr


def wrong(library: Library, *, offline: bool = False) -> dict[str, list[str]]:
    document = verify(library.ports(), offline=offline).document()
    assert document["ok"] is not bool(document["who"])
    return dict(document["who"])


def write(library: Library, statement: str, key: str) -> None:
    with library.engine.begin() as connection:
        connection.exec_driver_sql(f"{statement} = '{library.id_of(key)}'")


def test_everyone_of_the_town_is_right_and_looking_changes_nothing(library: Library, culr: CulrDouble) -> None:
    before = library.everything()
    document = verify(library.ports(), offline=False).document()
    assert document == {
        "patrons": 4,
        "offline": False,
        "net_media": True,
        "products": True,
        "read": 4,
        "waiting": {"rights": 0, "rights_differing": 0, "culr": 0, "cards": 0},
        "cards_stay": 0,
        "wrong": {kind.value: 0 for kind in NetMediaFault},
        "leaving": 0,
        "reasons_on_no_record": [],
        "who": {},
        "ok": True,
    }
    assert library.everything() == before


OF_LATER = "UPDATE before_image SET version = 99 WHERE version = 1 AND patron_id"
STORED_NO = "UPDATE entitlement SET rights = '{}' WHERE patron_id"
#: What is planted, about whom, and what is found.
PLANTED: dict[str, tuple[Callable[[Library, CulrDouble], None], str, list[str]]] = {
    "a right": (lambda library, _: write(library, STORED_NO, "ANNA"), "ANNA", ["rights"]),
    "a protected right": (lambda library, _: write(library, STORED_NO, "BO"), "BO", ["rights", "protected"]),
    "a lost row": (
        lambda library, _: write(library, "DELETE FROM entitlement WHERE patron_id", "ANNA"),
        "ANNA",
        ["rights"],
    ),
    "a number in CULR": (lambda _, culr: behind_our_back(culr, "update", "ANNA", ODENSE), "ANNA", ["stale"]),
    "no account": (lambda _, culr: behind_our_back(culr, "delete", "BO"), "BO", ["missing"]),
    "never told": (
        lambda library, _: write(library, "DELETE FROM account WHERE patron_id", "ANNA"),
        "ANNA",
        ["untold"],
    ),
    "another told": (
        lambda library, _: write(library, "UPDATE account SET municipality = '461' WHERE patron_id", "ANNA"),
        "ANNA",
        ["untold"],
    ),
    "a version told": (
        lambda library, _: write(library, "UPDATE account SET version = 99 WHERE patron_id", "ANNA"),
        "ANNA",
        ["versions"],
    ),
    "a version before": (
        lambda library, _: write(
            library, "UPDATE before_image SET version = 99 WHERE version = 1 AND patron_id", "ANNA"
        ),
        "ANNA",
        ["versions"],
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found_and_she_is_named(library: Library, culr: CulrDouble, planted: str) -> None:
    plant, key, kinds = PLANTED[planted]
    plant(library, culr)
    assert wrong(library) == {kind: [library.id_of(key)] for kind in kinds}


def test_what_is_planted_is_found_on_either_database(either_library: Library) -> None:
    culr = told(either_library)
    assert wrong(either_library) == {}
    write(either_library, STORED_NO, "BO")
    write(either_library, "UPDATE account SET version = 99 WHERE patron_id", "CLARA")
    behind_our_back(culr, "delete", "ANNA")
    kinds = {"rights": "BO", "protected": "BO", "versions": "CLARA", "missing": "ANNA"}
    assert wrong(either_library) == {kind: [either_library.id_of(key)] for kind, key in kinds.items()}


def test_a_version_that_waits_below_the_one_that_was_told_is_wrong(library: Library, culr: CulrDouble) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night_with(net_media=None)
    assert wrong(library) == {}
    write(library, "UPDATE outbox SET version = 1 WHERE patron_id", "ANNA")
    assert wrong(library) == {"versions": [library.id_of("ANNA")]}
    write(library, "UPDATE outbox SET version = 99 WHERE patron_id", "ANNA")
    assert wrong(library) == {"versions": [library.id_of("ANNA")]}


def test_another_librarys_number_is_wrong_until_someone_lets_it_stand(library: Library, culr: CulrDouble) -> None:
    behind_our_back(culr, "create", "ANNA", agency=THEIRS)
    behind_our_back(culr, "update", "ANNA", ODENSE, agency=THEIRS)
    library.deliver(MONDAY)
    library.one_night()
    assert wrong(library) == {"foreign": [library.id_of("ANNA")]}
    reviews_of(library).reject(1, reason="she lives there")
    assert wrong(library) == {}


# -- what waits is not wrong -------------------------------------------------------------------------------------------


def test_what_waits_for_culr_is_not_wrong_and_is_counted(library: Library, culr: CulrDouble) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night_with(net_media=None)
    found = verify(library.ports(), offline=False)
    assert (found.ok, found.read, found.accounts_waiting) == (True, 3, 1)


def test_rights_that_are_due_or_of_another_policy_wait_and_are_not_wrong(library: Library, culr: CulrDouble) -> None:
    write(library, STORED_NO, "ANNA")
    write(library, "UPDATE patron SET rights_due = '2027-03-01' WHERE id", "ANNA")
    found = verify(library.ports(), offline=True)
    assert (found.ok, found.rights_waiting, found.rights_differing) == (True, 1, 1)
    edited = tuple(replace(one, closed_groups=frozenset({"nobody"})) for one in TERMS.products.periods)
    library.policy = replace(TERMS, products=Products(edited))
    found = verify(library.ports(), offline=True)
    assert (found.ok, found.rights_waiting, found.rights_differing) == (True, 4, 1)
    library.one_night()
    library.enrol("EDITH")
    found = verify(library.ports(), offline=True)
    assert (found.ok, found.rights_waiting, found.rights_differing) == (True, 1, 0)


def test_a_right_that_changes_by_itself_waits_for_the_night_of_its_day(library: Library, culr: CulrDouble) -> None:
    """Years later, with no night between: birthdays have come, and are to be derived."""
    library.clock.moment += timedelta(days=3000)
    assert wrong(library, offline=True) == {}


def test_whoever_is_leaving_has_no_rights_and_her_municipality_in_culr_until_the_record_closes(
    library: Library, culr: CulrDouble
) -> None:
    """It is her other libraries' number too; what belongs to leaving is that the account is deleted (decision 11)."""
    anna = library.id_of("ANNA")
    owes(library, anna, tables.loan, due=TUESDAY)
    said_yes.leave(LeavingDesk(library, "lone"), anna)
    library.one_night()
    document = verify(library.ports(), offline=False).document()
    assert (document["ok"], document["leaving"], stands(culr, "ANNA")) == (True, 1, ([AGENCY], AARHUS))
    shown = Entitlements(library, load_municipalities()).shown(anna)
    assert {right.rule.value for right in shown.rights} == {"leaving"}
    assert list(entitlement_lines(shown, "da"))[-1].startswith(
        "  Netmedierne (CULR) beholder kommunen, til posten lukkes"
    )
    is_settled(library, tables.loan, returned=TUESDAY)
    library.one_night()
    document = verify(library.ports(), offline=False).document()
    assert (document["ok"], document["leaving"], stands(culr, "ANNA")) == (True, 0, ([], None))


def test_a_reason_that_stands_on_no_record_is_named_and_is_no_fault(library: Library, culr: CulrDouble) -> None:
    reasons = frozenset({"gæld", "gaeld", "død"})
    library.policy = replace(TERMS, products=Products((replace(BOOKS, closing_blocks=reasons),)))
    block = Block(library.clock.today(), "Gæld")
    library.store.staff_changes.change_local(
        LocalChange(library.id_of("ANNA"), "blocks", partial(replace, blocks=(block,))), user="lone"
    )
    library.one_night()
    document = verify(library.ports(), offline=True).document()
    assert document["reasons_on_no_record"] == [{"product": "ereolen", "reason": "gaeld"}]
    assert document["ok"]
    assert culr.calls


def test_a_library_without_products_has_no_rights_to_verify(library: Library) -> None:
    library.net_media = CulrDouble(AGENCY)
    library.one_night()
    assert wrong(library) == {}
    assert not verify(library.ports(), offline=False).document()["products"]


def test_a_library_without_net_media_verifies_its_rights_and_counts_for_how_many_something_waits(
    library: Library,
) -> None:
    library.policy = TERMS
    library.one_night()
    document = verify(library.ports(), offline=False).document()
    assert (document["ok"], document["net_media"], document["waiting"]["culr"]) == (True, False, 4)


def test_whoever_left_or_was_never_told_of_is_no_patron_and_not_wrong(library: Library, culr: CulrDouble) -> None:
    library.store.leaving.leave(library.id_of("CLARA"), user="desk")
    library.enrol("EDITH")
    library.deliver(TUESDAY)
    library.one_night()
    found = verify(library.ports(), offline=False)
    assert (found.ok, found.patrons) == (True, len(EVERYONE))


# -- what cannot be looked at ------------------------------------------------------------------------------------------


def test_without_asking_culr_the_rest_is_verified(library: Library, culr: CulrDouble) -> None:
    behind_our_back(culr, "update", "ANNA", ODENSE)
    write(library, STORED_NO, "BO")
    calls = len(culr.calls)
    assert wrong(library, offline=True) == {kind: [library.id_of("BO")] for kind in ("rights", "protected")}
    assert len(culr.calls) == calls


@pytest.mark.parametrize("at_once", [1, 500])
def test_when_culr_does_not_answer_the_rest_is_verified_and_the_error_told(
    library: Library, culr: CulrDouble, at_once: int
) -> None:
    write(library, STORED_NO, "ANNA")
    culr.failures = [NetMediaUnavailable("no answer")] * 8
    found: Any = verify(replace(library.ports(), batch=at_once), offline=False)
    assert found.wrong[NetMediaFault.RIGHTS] == [library.id_of("ANNA")]
    assert (found.read, found.accounts_waiting) == (0, 4)
    assert isinstance(found.error, NetMediaUnavailable)
    assert not found.document()["ok"]


def test_it_waits_for_a_night_to_end(library: Library, culr: CulrDouble) -> None:
    with library.store.runs.lock(), pytest.raises(RunBusy):
        verify(library.ports(), offline=True)
    assert AARHUS in str(culr.accounts.ledger[-1])


@pytest.mark.usefixtures("culr")
def test_rights_that_are_wrong_are_derived_again_at_once_and_a_dry_run_changes_nothing(library: Library) -> None:
    both = sorted(library.id_of(key) for key in ("ANNA", "BO"))
    right = library.rows("entitlement")
    for key in ("ANNA", "BO"):
        write(library, STORED_NO, key)
    before = library.everything()
    assert derive_wrong_again(library.ports(), dry_run=True) == both
    assert library.everything() == before
    assert derive_wrong_again(library.ports(), dry_run=False) == both
    assert library.rows("entitlement") == right
    document = verify(library.ports(), offline=True).document()
    assert (document["ok"], document["waiting"]["rights"]) == (True, 0)
    assert derive_wrong_again(library.ports(), dry_run=False) == []
