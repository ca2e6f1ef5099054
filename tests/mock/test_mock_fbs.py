"""The mock's FBS, called by hand over TLS: its shapes by the contract, whom it follows, and who differs on command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from town import PEOPLE, number

from cprsync.errors import BadInput, RegisterUnavailable
from cprsync.mock import control
from cprsync.mock.fbs.service import _OF_CALLS, _OF_PATRONS, PASSWORD, USER
from cprsync.mock.town.faults import FBS_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]

pytestmark = pytest.mark.xdist_group("mock")
#: What the published contract requires of PatronV7 and of AddressV2, and what PatronV9 and AddressV3 add.
REQUIRED = {
    *("preferredPickupBranch", "patronId", "guardianVisibility", "receiveEmail", "receiveSms", "receivePostalMail"),
    *("defaultInterestPeriod", "resident"),
}
REQUIRED_NEWER = REQUIRED | {"hasNationalRegistrySynchronizationConsent"}
ADDRESS = {"country", "city", "street", "coName", "postalCode"}
ADDRESS_NEWER = ADDRESS | {"district", "subDistrict"}


class Caller:
    """Somebody who has read the contract."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.url, self.ca = ready["fbs"]["url"], ready["ca"]
        answer = self.call("POST", "v1/DK-710100/authentication/login", {"username": USER, "password": PASSWORD})
        self.session = answer.json()["sessionKey"]

    def call(self, method: str, path: str, body: Any = None, *, session: str = "") -> requests.Response:
        headers = {"X-Session": session, "Content-Type": "application/json"}
        sent = body if isinstance(body, str) else json.dumps(body)
        return requests.request(
            method, f"{self.url}/external/{path}", data=sent, headers=headers, verify=self.ca, timeout=10
        )

    def by_number(self, who: str) -> dict[str, Any]:
        """The answer to a look-up by CPR number."""
        path = "DK-710100/patrons/preauthenticated/v10"
        answer: dict[str, Any] = self.call("POST", path, who, session=self.session).json()
        return answer

    def by_id(self, patron: int) -> dict[str, Any]:
        """The answer to a look-up by FBS's own number."""
        answer: dict[str, Any] = self.call("GET", f"DK-710100/patrons/{patron}/v4", session=self.session).json()
        return answer


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, begin: Start) -> Iterator[dict[str, Any]]:
    with begin(tmp_path_factory.mktemp("fbs"), with_fbs=True) as ready:
        yield ready


@pytest.fixture
def caller(there: dict[str, Any]) -> Caller:
    return Caller(there)


# -- shapes ------------------------------------------------------------------------------------------------


def test_both_calls_have_what_the_contract_requires_of_them(caller: Caller) -> None:
    newest = caller.by_number(number("ANNA"))
    older = caller.by_id(newest["patron"]["patronId"])
    assert newest["authenticateStatus"] == older["authenticateStatus"] == "VALID"
    assert newest["patron"].keys() >= REQUIRED_NEWER
    assert older["patron"].keys() >= REQUIRED
    assert older["patron"].keys().isdisjoint(REQUIRED_NEWER - REQUIRED)
    assert newest["patron"]["address"].keys() == ADDRESS_NEWER
    assert older["patron"]["address"].keys() == ADDRESS


@pytest.mark.parametrize("key", ["HELLE", "AFDOED", "UDREJST", "NINA", "HENRIK"])
def test_each_kind_of_person_is_shown_as_cicero_shows_them(caller: Caller, key: str) -> None:
    """Protected without an address, dead with a block, abroad without one, elsewhere as not resident."""
    shown = caller.by_number(number(key))["patron"]
    expected = {
        "HELLE": (None, None, True),
        "AFDOED": (None, "D", False),
        "UDREJST": (None, None, False),
        "NINA": ("Fjordbrinken 87, 2. sal tv", None, False),
        "HENRIK": ("Overbibliotekar Lindegaards Plads 9, 1. sal 3", None, True),
    }
    street = shown["address"] and shown["address"]["street"]
    block = shown["blockStatus"] and shown["blockStatus"][0]["blockedReason"]
    assert (street, block, shown["resident"]) == expected[key]


@pytest.mark.parametrize("who", ["0101010101", "123", ""])
def test_nobody_is_shown_for_a_number_that_nobody_has(caller: Caller, who: str) -> None:
    answer = caller.by_number(who)
    assert answer.get("authenticateStatus", "INVALID") == "INVALID"
    assert "patron" not in answer
    assert caller.by_id(1) == {"authenticateStatus": "INVALID"}


def test_nothing_is_shown_without_a_session_or_of_another_agency(caller: Caller) -> None:
    path = "DK-710100/patrons/2000001/v4"
    assert caller.call("GET", path).status_code == 401
    assert caller.call("GET", path, session="another").status_code == 401
    assert caller.call("GET", "DK-1/patrons/2000001/v4", session=caller.session).status_code == 403
    for wrong in ({"username": USER, "password": "x"}, [], "{"):
        assert caller.call("POST", "v1/DK-710100/authentication/login", wrong).status_code in {400, 401}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "DK-710100/patrons/2000001/v4"),
        ("PUT", "DK-710100/patrons/2000001/v8"),
        ("POST", "DK-710100/patrons/v9"),
        ("POST", "DK-710100/patrons/withGuardian/v1"),
        ("DELETE", "v1/DK-710100/patrons/2000001/reservations"),
    ],
)
def test_what_writes_is_counted_and_changes_nothing(
    caller: Caller, there: dict[str, Any], method: str, path: str
) -> None:
    before = control.fbs(there)
    assert caller.call(method, path, {}, session=caller.session).status_code == 405
    after = control.fbs(there)
    assert after["patrons"] == before["patrons"]
    assert after["calls"][f"{method} other"] == before["calls"].get(f"{method} other", 0) + 1


# -- whom it follows ---------------------------------------------------------------------------------------


def test_it_follows_the_register_each_night_but_for_those_who_were_frozen(start: Start) -> None:
    with start(with_fbs=True) as ready:
        control.fbs_write(ready, "freeze", "BO")
        control.event(ready, "move", "ANNA", "HAVNEN")
        control.event(ready, "move", "BO", "HAVNEN")
        before = control.fbs(ready)["patrons"]
        control.night(ready)
        after = control.fbs(ready)["patrons"]
        assert before["ANNA"]["address"] != after["ANNA"]["address"]
        assert before["BO"] == after["BO"]
        control.fbs_write(ready, "follow", "BO")
        assert control.fbs(ready)["patrons"]["BO"]["address"] == after["ANNA"]["address"]


def test_what_differs_on_command_is_still_so_after_a_restart(start: Start) -> None:
    with start(with_fbs=True) as ready:
        control.fbs_write(ready, "set", "ANNA", field="street", to="Et andet sted 1")
        control.fbs_write(ready, "set", "ANNA", field="name")
        control.fbs_write(ready, "set", "ANNA", field="resident", to="false")
        control.fbs_write(ready, "set", "HELLE", field="street", to="Skjulestedet 1")
        control.fbs_write(ready, "block", "IVAN", to="U")
        control.fbs_write(ready, "remove", "EDITH")
        before = control.fbs(ready)["patrons"]
    with start(with_fbs=True) as again:
        after = control.fbs(again)["patrons"]
        assert after == before
        assert (after["ANNA"]["address"]["street"], after["ANNA"]["name"]) == ("Et andet sted 1", None)
        assert after["ANNA"]["resident"] is False
        assert after["HELLE"]["address"]["street"] == "Skjulestedet 1"
        assert [block["blockedReason"] for block in after["IVAN"]["blockStatus"]] == ["U"]
        assert "EDITH" not in after
        assert ready["fbs"]["url"] == again["fbs"]["url"]


def test_every_person_has_a_number_of_their_own(there: dict[str, Any]) -> None:
    ids = [one["patronId"] for one in control.fbs(there)["patrons"].values()]
    assert len(ids) == len(set(ids)) > 40
    assert "UFOEDT" in PEOPLE
    assert "UFOEDT" not in control.fbs(there)["patrons"]


# -- on command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "who", "about"),
    [
        ("freeze", "NOBODY", {}),
        ("melt", "ANNA", {}),
        ("set", "ANNA", {"field": "patronId", "to": "1"}),
        ("set", "ANNA", {}),
        ("block", "ANNA", {}),
    ],
)
def test_an_impossible_change_is_refused_and_changes_nothing(
    there: dict[str, Any], kind: str, who: str, about: dict[str, Any]
) -> None:
    before = control.fbs(there)["patrons"]
    with pytest.raises(BadInput) as refused:
        control.fbs_write(there, kind, who, **about)
    assert refused.value.kind == "mock.fbs"
    assert control.fbs(there)["patrons"] == before


def test_each_fault_is_one_that_some_call_takes() -> None:
    assert FBS_KINDS.keys() == _OF_CALLS | _OF_PATRONS | {"fbs-credentials"}


def test_it_is_only_served_on_request(still: dict[str, Any]) -> None:
    assert still["fbs"] is None
    with pytest.raises(BadInput, match="start it with --fbs"):
        control.fbs(still)
    with pytest.raises(RegisterUnavailable):
        control.fbs({"control_url": "http://127.0.0.1:9"})
