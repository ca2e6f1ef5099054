"""The mock's CULR, called by hand over TLS: its shapes, who may call, and what becomes of an answer on command."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import requests
from culr_calls import CULR, Library, town, user
from town import ANNA, number

from cprsync.errors import BadInput
from cprsync.mock import control
from cprsync.mock.soap.culr import CODES
from cprsync.mock.town.faults import CULR_KINDS
from cprsync.resources import compile_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]

pytestmark = pytest.mark.xdist_group("mock")
#: The tests share one mock: each takes numbers that nobody has had.
NUMBERS = count(1)


def somebody() -> str:
    return f"0201{next(NUMBERS):06}"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, begin: Start) -> Iterator[dict[str, Any]]:
    with begin(tmp_path_factory.mktemp("culr")) as ready:
        yield ready


@pytest.fixture
def library(there: dict[str, Any]) -> Iterator[Library]:
    yield Library(there)
    control.calm(there)


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_answers_have_the_shape_and_the_order_that_dbc_recorded(library: Library) -> None:
    value = somebody()
    made = library.ask("createAccount", user(value), town("751"))
    assert made.body.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<S:Envelope")
    assert f'<ns2:createAccountResponse xmlns:ns2="{CULR}"><return><responseStatus>'.encode() in made.body
    one = library.ask("getAccountFromProvider", user(value))
    assert (one.status, one.names) == (200, ["Account", "Guid", "MunicipalityNo", "responseStatus"])
    by_number = f"<userCredentials><uidType>CPR</uidType><uidValue>{value}</uidValue></userCredentials>"
    every = library.call("getAccountsByGlobalId", by_number)
    assert every.names == ["Account", "MunicipalityNo", "Guid", "responseStatus"]
    own = f"<agencyId>{library.agency}</agencyId><userIdValue>{value}</userIdValue>"
    local = library.call("getAccountsByLocalId", f"<userCredentials>{own}</userCredentials>")
    assert local.names == every.names
    nobody = library.ask("getAccountFromProvider", user(somebody()))
    assert (nobody.status, nobody.code, nobody.names) == (200, "ACCOUNT_DOES_NOT_EXIST", ["responseStatus"])
    contract = compile_schema("CulrWebService1.xsd")
    for told in (made, one, every, local, nobody, library.ask("deleteAccount", user(value))):
        contract.assertValid(told.payload)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a/>",
        f'<c:dropAll xmlns:c="{CULR}"/>',
        f'<c:createAccount xmlns:c="{CULR}"><c:agencyId>710100</c:agencyId></c:createAccount>',
        f"<deleteAccount><agencyId>710100</agencyId>{user('0101019995')}</deleteAccount>",
        f'<c:deleteAccount xmlns:c="{CULR}">{user("0101019995")}<agencyId>710100</agencyId></c:deleteAccount>',
        f'<c:deleteAccount xmlns:c="{CULR}"><agencyId>710100</agencyId>{user("1", "CARD")}</c:deleteAccount>',
    ],
)
def test_what_is_no_request_of_the_contract_gets_a_fault_that_quotes_nothing_and_changes_nothing(
    library: Library, there: dict[str, Any], body: str
) -> None:
    before = control.culr(there)["ledger"]
    told = library.post(body)
    assert told.status == 500
    assert b"<faultcode>S:Client</faultcode>" in told.body
    assert b"0101019995" not in told.body
    assert control.culr(there)["ledger"] == before


def test_another_path_or_method_is_not_served(library: Library) -> None:
    assert requests.post(library.url.replace("Culr", "Other"), b"", verify=library.ca, timeout=20).status_code == 404
    assert requests.get(library.url, verify=library.ca, timeout=20).status_code == 405
    assert requests.post(library.url.replace("1.6", "1.7"), b"", verify=library.ca, timeout=20).status_code == 500


# -- who may call ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["user", "group", "password"])
def test_wrong_credentials_are_nobodys_and_change_nothing(library: Library, there: dict[str, Any], wrong: str) -> None:
    before = control.culr(there)["ledger"]
    setattr(library, wrong, "other")
    told = library.ask("createAccount", user(somebody()), town("751"))
    assert (told.status, told.code) == (200, "COULD_NOT_AUTHENTICATE")
    assert control.culr(there)["ledger"] == before


def test_no_library_writes_or_reads_for_another_and_all_see_whom_they_share(
    library: Library, there: dict[str, Any]
) -> None:
    second, value = Library(there, 1), somebody()
    library.ask("createAccount", user(value), town("751"))
    second.ask("createAccount", user(value))
    for operation in ("createAccount", "updateAccount", "deleteAccount", "getAccountFromProvider"):
        assert second.ask(operation, user(value), agency=library.agency).code == "NO_AUTHORISATION"
    by_number = f"<userCredentials><uidType>CPR</uidType><uidValue>{value}</uidValue></userCredentials>"
    every = second.call("getAccountsByGlobalId", by_number)
    assert (every.providers, every.text("MunicipalityNo")) == ([library.agency, second.agency], "751")


def test_a_broker_finds_a_card_and_its_person_both_ways(library: Library) -> None:
    """A log-in broker asks by the card, and by the CPR number; it needs no account of its own."""
    value, card = somebody(), f"K-{somebody()}"
    linked = f"<globalUID><uidType>CPR</uidType><uidValue>{value}</uidValue></globalUID>"
    library.ask("createAccount", user(value), town("751"))
    assert library.ask("createAccount", user(card, "LOCAL"), linked).code == "OK200"
    own = f"<agencyId>{library.agency}</agencyId><userIdValue>{card}</userIdValue>"
    by_card = library.call("getAccountsByLocalId", f"<userCredentials>{own}</userCredentials>")
    by_number = library.call(
        "getAccountsByGlobalId",
        f"<userCredentials><uidType>CPR</uidType><uidValue>{value}</uidValue></userCredentials>",
    )
    for told in (by_card, by_number):
        assert (told.code, told.text("MunicipalityNo")) == ("OK200", "751")
        named = [one.findtext("userIdValue") for one in told.payload.iter("Account")]
        assert named == [value, card]
    assert by_card.text("Guid") == by_number.text("Guid")
    guid = by_card.text("Guid")
    known = library.call("hasCulrAccount", f"<guid>{guid}</guid>")
    assert (known.status, known.code, known.text("hasCulrAccount")) == (200, "OK200", "true")
    unknown = library.call("hasCulrAccount", "<guid>00000000-0000-0000-0000-000000000000</guid>")
    assert (unknown.code, unknown.text("hasCulrAccount")) == ("OK200", "false")
    contract = compile_schema("CulrWebService1.xsd")
    for told in (known, unknown):
        contract.assertValid(told.payload)


def test_all_accounts_of_an_agency_go_at_once_and_only_for_who_may_act_for_it(
    library: Library, there: dict[str, Any]
) -> None:
    second, value = Library(there, 1), somebody()
    library.ask("createAccount", user(value), town("751"))
    second.ask("createAccount", user(value))
    before = control.culr(there)["ledger"]
    assert second.ask("deleteAllAccountsByProvider", "", agency=library.agency).code == "NO_AUTHORISATION"
    assert control.culr(there)["ledger"] == before
    control.fault(there, "culr-lost")
    with pytest.raises(requests.ConnectionError):
        second.ask("deleteAllAccountsByProvider", "")
    assert second.ask("getAccountFromProvider", user(value)).code == "ACCOUNT_DOES_NOT_EXIST"
    assert library.ask("getAccountFromProvider", user(value)).code == "OK200"
    assert second.ask("deleteAllAccountsByProvider", "").code == "OK200"


# -- what becomes of an answer -----------------------------------------------------------------------------------------


def changes(there: dict[str, Any]) -> int:
    return len(control.culr(there)["ledger"])


@pytest.mark.parametrize("kind", CULR_KINDS)
def test_a_fault_happens_with_or_without_its_effect_and_then_no_more(
    library: Library, there: dict[str, Any], kind: str
) -> None:
    value, before = somebody(), changes(there)
    control.fault(there, kind, seconds=0.1)
    told = None
    try:
        told = library.ask("createAccount", user(value), town("751"))
    except requests.ConnectionError:
        assert kind in {"culr-lost", "culr-down"}
    assert changes(there) - before == int(CULR_KINDS[kind].startswith("it is done"))
    if kind in CODES:
        assert told is not None
        assert (told.status, told.code) == (200, CODES[kind])
    elif kind in {"culr-500", "culr-fault"}:
        assert told is not None
        assert told.status == 500
    elif kind == "culr-slow":
        assert told is not None
        assert told.code == "OK200"
    assert library.ask("getAccountFromProvider", user(value)).status == 200


def test_a_share_of_the_answers_fails_and_the_same_seed_picks_the_same(library: Library, there: dict[str, Any]) -> None:
    drawn = []
    for _ in range(2):
        control.fault(there, "culr-unknown", 10_000, share=0.3, seed=7)
        drawn.append([library.ask("getAccountFromProvider", user(ANNA)).code for _ in range(20)])
        control.calm(there)
    assert drawn[0] == drawn[1]
    assert 2 <= drawn[0].count(CODES["culr-unknown"]) <= 12


@pytest.mark.parametrize("share", [0, -0.1, 1.1, True, "all", None])
def test_a_share_that_is_none_is_refused_and_nothing_goes_wrong(there: dict[str, Any], share: Any) -> None:
    with pytest.raises(BadInput):
        control.fault(there, "culr-lost", share=share)
    with pytest.raises(BadInput):
        control.culr_latency(there, "soon" if share is None else -1)  # type: ignore[arg-type]  # on purpose
    assert control.state(there)["faults"] == []


def test_an_answer_takes_as_long_as_is_set(library: Library, there: dict[str, Any]) -> None:
    control.culr_latency(there, 0.05)
    try:
        slow = requests.post(library.url, b"", verify=library.ca, timeout=20)
    finally:
        control.culr_latency(there, 0)
    assert slow.elapsed.total_seconds() >= 0.05


def test_the_registers_answers_take_as_long_as_is_set_and_culrs_do_not(library: Library, there: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        control.latency(there, 1_000)
    control.latency(there, 0.2)
    try:
        slow = requests.post(there["lookup_url"], b"", verify=library.ca, cert=certificate(there), timeout=20)
        fast = requests.post(library.url, b"", verify=library.ca, timeout=20)
    finally:
        control.latency(there, 0)
    assert slow.elapsed.total_seconds() >= 0.2 > fast.elapsed.total_seconds()


def certificate(there: dict[str, Any]) -> tuple[str, str]:
    return there["client_cert"], there["client_key"]


# -- what it shows -----------------------------------------------------------------------------------------------------


def test_the_ledger_names_who_by_key_and_what_changed_and_holds_no_number(there: dict[str, Any]) -> None:
    before = changes(there)
    control.culr_write(there, "create", "785100", "BO", to="851")
    control.culr_write(there, "update", "785100", "BO", to="851")
    control.culr_write(there, "delete", "785100", "BO")
    told = control.culr(there)["ledger"][before:]
    seen = [(one["by"], one["who"], one["before"]["municipality"], one["after"]["municipality"]) for one in told]
    assert seen == [("control", "BO", None, "851"), ("control", "BO", "851", None)]
    assert [one["n"] for one in told] == [before + 1, before + 2]
    assert number("BO") not in json.dumps(told)


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "merge", "agency": "785100", "who": "BO"},
        {"kind": "update", "agency": "785100", "who": "NOBODY"},
        {"kind": "update", "agency": "785100", "who": "BO"},
        {"kind": "create", "agency": "7851", "who": "BO"},
    ],
)
def test_what_no_library_can_do_is_refused_and_changes_nothing(there: dict[str, Any], asked: dict[str, str]) -> None:
    before = control.culr(there)
    with pytest.raises(BadInput):
        control.culr_write(there, **asked)
    assert control.culr(there) == before
