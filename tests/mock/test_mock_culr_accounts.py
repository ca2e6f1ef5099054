"""What the mock's CULR does with accounts and patrons, by DBC's public description of the operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.mock.town.culr_accounts import DELETE_ALL, CulrAccounts, CulrRequest, CulrResult
from cprsync.mock.town.state import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER, OTHER = "0101019995", "0201019996"
OURS, THEIRS = "710100", "785100"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path)
    yield memory
    memory.close()


@pytest.fixture
def culr(memory: Memory) -> CulrAccounts:
    return CulrAccounts(memory)


def create(
    culr: CulrAccounts, value: str = NUMBER, to: str | None = None, *, agency: str = OURS, kind: str = "CPR"
) -> str:
    return culr.carry_out(CulrRequest("createAccount", agency, kind, value, to)).code


def ask(
    culr: CulrAccounts, operation: str, value: str = NUMBER, to: str | None = None, *, kind: str = "CPR"
) -> CulrResult:
    return culr.carry_out(CulrRequest(operation, OURS, kind, value, to))


def lives(culr: CulrAccounts, number: str = NUMBER) -> str | None:
    patron = culr.accounts_of_number(number).patron
    return patron.municipality if patron is not None else None


def guid(culr: CulrAccounts, value: str = NUMBER, kind: str = "CPR") -> str:
    patron = ask(culr, "getAccountFromProvider", value, kind=kind).patron
    assert patron is not None
    return patron.guid


def test_an_account_is_made_once_with_the_number_that_came_with_it(culr: CulrAccounts) -> None:
    assert (create(culr, to="751"), lives(culr)) == ("OK200", "751")
    assert (create(culr, to="101"), lives(culr)) == ("ACCOUNT_ALREADY_EXISTS", "751")


def test_one_agency_has_a_number_once_whatever_its_kind(culr: CulrAccounts) -> None:
    create(culr, "12345678", kind="LOCAL")
    assert create(culr, "12345678", kind="UNILOGIN") == "TRANSACTION_ERROR"
    assert create(culr, "12345678", kind="LOCAL", agency=THEIRS) == "OK200"


def test_two_libraries_share_a_patron_and_the_second_is_only_linked(culr: CulrAccounts) -> None:
    create(culr, to="751")
    create(culr, to="101", agency=THEIRS)
    assert lives(culr) == "751"
    assert [agency for agency, _, _ in culr.accounts_of_number(NUMBER).accounts] == [OURS, THEIRS]


def test_the_last_number_that_any_library_tells_of_stands(culr: CulrAccounts) -> None:
    create(culr, to="751")
    create(culr, agency=THEIRS)
    culr.carry_out(CulrRequest("updateAccount", THEIRS, "CPR", NUMBER, "101"))
    assert lives(culr) == "101"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_number_takes_the_affiliation_away(culr: CulrAccounts, empty: str | None) -> None:
    create(culr, to="751")
    assert (ask(culr, "updateAccount", to=empty).code, lives(culr)) == ("OK200", None)
    assert ask(culr, "getAccountFromProvider").code == "OK200"


def test_a_patron_lives_on_while_another_library_has_an_account(culr: CulrAccounts) -> None:
    create(culr, to="751")
    create(culr, agency=THEIRS)
    assert (ask(culr, "deleteAccount").code, lives(culr)) == ("OK200", "751")
    assert culr.carry_out(CulrRequest("deleteAccount", THEIRS, "CPR", NUMBER)).code == "OK200"
    assert culr.accounts_of_number(NUMBER).code == "ACCOUNT_DOES_NOT_EXIST"
    assert culr.patrons == []


def test_a_deleted_patron_gets_her_guid_back_under_her_cpr_number_only(culr: CulrAccounts) -> None:
    create(culr, to="751")
    create(culr, "12345678", kind="LOCAL")
    before = guid(culr), guid(culr, "12345678", "LOCAL")
    ask(culr, "deleteAccount")
    ask(culr, "deleteAccount", "12345678", kind="LOCAL")
    create(culr)
    create(culr, "12345678", kind="LOCAL")
    assert guid(culr) == before[0]
    assert guid(culr, "12345678", "LOCAL") != before[1]
    assert lives(culr) is None


def test_an_account_of_another_kind_is_linked_by_the_cpr_number_beside_it(culr: CulrAccounts) -> None:
    create(culr, to="751")
    culr.carry_out(CulrRequest("createAccount", THEIRS, "LOCAL", "12345678", uid=NUMBER))
    found = culr.accounts_of_account(THEIRS, "12345678")
    assert (len(found.accounts), found.patron) == (2, culr.accounts_of_number(NUMBER).patron)


def test_a_merged_account_belongs_to_the_patron_of_the_cpr_number(culr: CulrAccounts) -> None:
    create(culr, to="751")
    create(culr, "12345678", "101", kind="LOCAL")
    merge = CulrRequest("mergePatrons", OURS, "CPR", NUMBER, other=("LOCAL", "12345678"))
    assert [culr.carry_out(merge).code for _ in range(2)] == ["OK200", "OK200"]
    assert culr.accounts_of_account(OURS, "12345678").patron == culr.accounts_of_number(NUMBER).patron
    assert (len(culr.patrons), len(culr.ledger), lives(culr)) == (1, 3, "751")


@pytest.mark.parametrize(
    "request_",
    [
        CulrRequest("updateAccount", OURS, "CPR", OTHER, "751"),
        CulrRequest("deleteAccount", OURS, "CPR", OTHER),
        CulrRequest("getAccountFromProvider", OURS, "CPR", OTHER),
        CulrRequest("getAccountFromProvider", THEIRS, "CPR", NUMBER),
        CulrRequest("mergePatrons", OURS, "CPR", OTHER, other=("LOCAL", "12345678")),
        CulrRequest("mergePatrons", OURS, "CPR", NUMBER, other=("LOCAL", "1")),
    ],
)
def test_an_account_that_is_not_there_is_said_not_to_be(culr: CulrAccounts, request_: CulrRequest) -> None:
    create(culr)
    create(culr, "12345678", kind="LOCAL")
    before = list(culr.ledger)
    assert culr.carry_out(request_).code == "ACCOUNT_DOES_NOT_EXIST"
    assert culr.ledger == before


@pytest.mark.parametrize(
    "request_",
    [
        CulrRequest("createAccount", "71010", "CPR", OTHER),
        CulrRequest("createAccount", OURS, "CARD", OTHER),
        CulrRequest("createAccount", OURS, "CPR", ""),
        CulrRequest("createAccount", OURS, "CPR", "010101999"),
        CulrRequest("createAccount", OURS, "CPR", OTHER, "0751"),
        CulrRequest("updateAccount", OURS, "CPR", NUMBER, "75"),
        CulrRequest("createAccount", OURS, "LOCAL", "1", uid="1"),
        CulrRequest("mergePatrons", OURS, "LOCAL", "12345678", other=("LOCAL", "12345678")),
        CulrRequest("mergePatrons", OURS, "CPR", NUMBER, other=("CPR", NUMBER)),
        CulrRequest("mergePatrons", OURS, "CPR", NUMBER),
    ],
)
def test_what_cannot_be_is_an_illegal_argument_and_changes_nothing(culr: CulrAccounts, request_: CulrRequest) -> None:
    create(culr)
    create(culr, "12345678", kind="LOCAL")
    before = list(culr.ledger)
    assert culr.carry_out(request_).code == "ILLEGAL_ARGUMENT"
    assert culr.ledger == before


def test_each_change_of_state_is_one_line_in_its_order_and_survives(culr: CulrAccounts, memory: Memory) -> None:
    create(culr, to="751")
    create(culr, to="751")
    ask(culr, "updateAccount", to="751")
    ask(culr, "updateAccount", to="101")
    ask(culr, "deleteAccount")
    ask(culr, "deleteAccount")
    told = [(one.operation, one.before["municipality"], one.after["municipality"]) for one in culr.ledger]
    assert told == [("createAccount", None, "751"), ("updateAccount", "751", "101"), ("deleteAccount", "101", None)]
    assert CulrAccounts(memory).ledger == culr.ledger
    assert NUMBER not in str(culr.ledger)


def test_all_accounts_of_one_agency_go_at_once_and_those_of_others_stay(culr: CulrAccounts, memory: Memory) -> None:
    for number in (NUMBER, OTHER):
        create(culr, number, "751")
    create(culr, "A-1", kind="LOCAL")
    create(culr, NUMBER, agency=THEIRS)
    known = guid(culr)
    assert culr.carry_out(CulrRequest(DELETE_ALL, OURS, "", "")).code == "OK200"
    for each in (culr, CulrAccounts(memory)):
        assert [key for patron in each.patrons for key in patron.accounts] == [(THEIRS, "CPR", NUMBER)]
        assert lives(each) == "751"
        assert each.has_guid(known)
        assert [one.operation for one in each.ledger].count(DELETE_ALL) == 3


def test_a_guid_is_somebodys_while_any_library_has_an_account(culr: CulrAccounts) -> None:
    create(culr)
    create(culr, agency=THEIRS)
    known = guid(culr)
    assert (culr.has_guid(known), culr.has_guid(known.upper()), culr.has_guid("")) == (True, True, False)
    ask(culr, "deleteAccount")
    assert culr.has_guid(known)
    culr.carry_out(CulrRequest("deleteAccount", THEIRS, "CPR", NUMBER))
    assert not culr.has_guid(known)
