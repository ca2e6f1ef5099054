"""The client of FBS against the mock's, over TLS: what it reads, what it survives, and that nothing it does writes."""

from __future__ import annotations

import inspect
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from town import PEOPLE, number

from cprsync.domain.outward.deviation import Elsewhere
from cprsync.domain.person.number import CprNumber
from cprsync.errors import (
    CprsyncError,
    LibrarySystemRefused,
    LibrarySystemUnavailable,
    LibrarySystemUntrusted,
    PatronNotNamed,
    PatronUnreadable,
)
from cprsync.mock import control
from cprsync.mock.fbs.service import USER
from cprsync.outward import fbs
from cprsync.outward.fbs import FbsClient
from cprsync.services.ports.comparing import LibrarySystem, Question
from cprsync.wire.limits import AnswerLimits, CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., FbsClient]

#: The calls that may leave: a log-in, and two that show a patron.
READING = {"POST login", "GET patron", "POST preauthenticated"}


def question(key: str, their_id: str | None = None) -> Question:
    return Question(f"patron-{key}", CprNumber.parse(number(key)), their_id)


def calls(mock: dict[str, Any]) -> Counter[str]:
    return Counter(control.fbs(mock)["calls"])


def shown(outcome: Elsewhere | CprsyncError | None) -> Elsewhere:
    assert isinstance(outcome, Elsewhere), outcome
    return outcome


# -- what it reads -----------------------------------------------------------------------------------------


def test_a_patron_is_found_by_the_number_and_read_by_their_own_number_after_that(
    make_client: Make, fbs_mock: dict[str, Any]
) -> None:
    client, before = make_client(), calls(fbs_mock)
    first = shown(client.read(question("ANNA")))
    again = shown(client.read(question("ANNA", first.id)))
    assert first == again
    assert (first.name, first.street, first.postcode) == ("Mette Marie Skovgaard", "Uglesporet 16B, st. th", "8000")
    assert (first.birth, first.resident, first.blocks) == (date(1985, 5, 4), True, ())
    assert calls(fbs_mock) - before == {"POST login": 1, "POST preauthenticated": 1, "GET patron": 1}


def test_a_patron_whom_fbs_does_not_know_is_none(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    control.fbs_write(fbs_mock, "remove", "BO")
    client, gone = make_client(), control.fbs(fbs_mock)["patrons"]
    assert "BO" not in gone
    assert client.read(question("BO")) is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_404_is_known_to_mean_absent_only_if_fbs_says_that_nobody_is_there(
    make_client: Make, fbs_mock: dict[str, Any], times: int
) -> None:
    """A withdrawn version has the same status: whoever compares all tells the two apart."""
    control.fault(fbs_mock, "fbs-absent", times)
    client = make_client()
    found = client.read(question("ANNA", "2000001"))
    assert (found is None) is (times == 2)
    # the number there is not believed, so the patron is looked for by the CPR number
    control.fault(fbs_mock, "fbs-gone", 1)
    assert client.read(question("ANNA", "2000001")) is not None
    control.fault(fbs_mock, "fbs-gone", 2)
    with pytest.raises(PatronNotNamed):
        client.read(question("ANNA", "2000001"))


def test_a_number_there_that_leads_to_nobody_is_looked_for_again(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    client, before = make_client(), calls(fbs_mock)
    assert shown(client.read(question("ANNA", "999"))).name == "Mette Marie Skovgaard"
    assert calls(fbs_mock) - before == {"POST login": 1, "GET patron": 1, "POST preauthenticated": 1}


def test_many_are_read_side_by_side_over_one_session(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    keys = [key for key, one in PEOPLE.items() if one["status"] in {"01", "90"} and not one.get("unborn")]
    client, before = make_client(workers=4), calls(fbs_mock)
    found = dict(client.read_many(question(key) for key in keys))
    assert {one.patron_id for one in found} == {f"patron-{key}" for key in keys}
    assert {type(outcome) for one, outcome in found.items() if one.patron_id != "patron-BO"} == {Elsewhere}
    asked = calls(fbs_mock) - before
    assert asked == {"POST login": 1, "POST preauthenticated": len(keys)}


# -- nothing is written ------------------------------------------------------------------------------------


def test_only_calls_that_read_leave_whatever_goes_wrong(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    before = control.fbs(fbs_mock)["patrons"]
    for fault in ("fbs-500", "fbs-expired", "fbs-down", "fbs-locked", "fbs-null", "fbs-other"):
        control.fault(fbs_mock, fault, 2)
        list(make_client().read_many([question("ANNA", "2000001"), question("IVAN")]))
        control.calm(fbs_mock)
    assert calls(fbs_mock).keys() == READING
    assert control.fbs(fbs_mock)["patrons"] == before


def test_the_client_has_no_verb_that_writes() -> None:
    """By its methods, and by what its source sends: GET, and POST to the two paths that change nothing."""
    public = {name for name, _ in inspect.getmembers(FbsClient, inspect.isfunction) if not name.startswith("_")}
    assert public == {"read", "read_many", "sign_in", "close"}
    assert [name for name in vars(LibrarySystem) if not name.startswith("_")] == ["read_many"]
    source = inspect.getsource(fbs)
    assert not any(f'"{verb}"' in source for verb in ("PUT", "PATCH", "DELETE"))
    assert source.count('"POST"') == 2


def test_a_call_that_would_write_is_counted_by_the_mock_and_refused(fbs_mock: dict[str, Any]) -> None:
    """What the tests above rely on: the mock would have seen it."""
    import requests

    before, url = calls(fbs_mock), f"{fbs_mock['fbs']['url']}/external/DK-710100/patrons/2000001/v8"
    answer = requests.put(url, json={}, verify=fbs_mock["ca"], timeout=10)
    assert answer.status_code == 405
    assert calls(fbs_mock) - before == {"PUT other": 1}


# -- what it survives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["fbs-500", "fbs-down", "fbs-garbage", "fbs-expired"])
def test_what_passes_is_tried_again(make_client: Make, fbs_mock: dict[str, Any], fault: str) -> None:
    client = make_client()
    client.read(question("IVAN"))
    control.fault(fbs_mock, fault, 1)
    assert shown(client.read(question("ANNA"))).name == "Mette Marie Skovgaard"


def test_a_session_that_has_ended_is_opened_again_once(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    client = make_client()
    client.read(question("IVAN"))
    before = calls(fbs_mock)
    control.fault(fbs_mock, "fbs-expired", 1)
    client.read(question("ANNA"))
    assert calls(fbs_mock) - before == {"POST login": 1, "POST preauthenticated": 2}


def test_facts_that_are_null_or_absent_are_unknown_and_no_error(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    client = make_client()
    for fault in ("fbs-null", "fbs-thin"):
        control.fault(fbs_mock, fault, 1)
        assert shown(client.read(question("ANNA"))) == Elsewhere("2000001")


def test_a_block_of_an_unknown_code_is_a_block(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    control.fault(fbs_mock, "fbs-unknown-block", 1)
    assert shown(make_client().read(question("ANNA"))).blocks == ("Ø9", "?")


def test_an_answer_about_somebody_else_is_never_taken_for_the_patron(
    make_client: Make, fbs_mock: dict[str, Any]
) -> None:
    control.fault(fbs_mock, "fbs-other", 3)
    with pytest.raises(LibrarySystemUnavailable, match="another patron") as failed:
        make_client().read(question("ANNA", "2000001"))
    assert failed.value.kind == "fbs.bad_answer"


def test_a_patron_who_is_not_shown_stops_nobody_else(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    control.fault(fbs_mock, "fbs-locked", 1)
    found = dict(make_client(workers=1).read_many([question("ANNA"), question("IVAN")]))
    assert sorted(type(outcome).__name__ for outcome in found.values()) == ["Elsewhere", "PatronUnreadable"]
    (error,) = [outcome for outcome in found.values() if isinstance(outcome, CprsyncError)]
    assert isinstance(error, PatronUnreadable)


# -- when no call can succeed ------------------------------------------------------------------------------


def test_when_nobody_answers_the_rest_is_not_asked(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    control.fault(fbs_mock, "fbs-500", 1000)
    client = make_client(workers=1, limits=CallLimits(unanswered_in_a_row=2))
    found = list(client.read_many(question(key) for key in ("ANNA", "IVAN", "EDITH", "DAVID")))
    assert [getattr(outcome, "kind", None) for _, outcome in found] == ["fbs.http", "fbs.http"]


@pytest.mark.parametrize(("fault", "words"), [("fbs-credentials", "user and password"), ("fbs-forbidden", "no patron")])
def test_a_refusal_ends_all_at_once_and_is_not_tried_again(
    make_client: Make, fbs_mock: dict[str, Any], fault: str, words: str
) -> None:
    control.fault(fbs_mock, fault, 1000)
    before = calls(fbs_mock)
    found = list(make_client(workers=1).read_many(question(key) for key in ("ANNA", "IVAN")))
    assert [type(outcome) for _, outcome in found] == [LibrarySystemRefused]
    assert words in str(found[0][1])
    assert (calls(fbs_mock) - before).total() <= 2


def test_a_wrong_password_or_agency_is_told_before_any_patron_is_asked_for(
    make_client: Make, fbs_mock: dict[str, Any], tmp_path: Path
) -> None:
    wrong = tmp_path / "password"
    wrong.touch(mode=0o600)
    wrong.write_text("another", encoding="utf-8")
    before = calls(fbs_mock)
    for changed in ({"password_file": wrong}, {"agency": "DK-999999"}, {"user": f"{USER}2"}):
        with pytest.raises(LibrarySystemRefused, match="does not accept our user"):
            make_client(**changed).read(question("ANNA"))
    assert calls(fbs_mock) - before == {"POST login": 3}


def test_a_counterpart_that_cannot_be_trusted_is_sent_nothing(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    import certifi

    before = calls(fbs_mock)
    with pytest.raises(LibrarySystemUntrusted):
        make_client(ca=Path(certifi.where())).read(question("ANNA"))
    assert calls(fbs_mock) == before


def test_an_answer_over_the_ceiling_is_refused(make_client: Make) -> None:
    small = AnswerLimits(max_bytes=200, max_elements=0, seconds=30)
    with pytest.raises(LibrarySystemUnavailable, match="too large"):
        make_client(answer=small, limits=CallLimits(tries=1)).read(question("ANNA"))


def test_an_answer_that_takes_too_long_is_given_up(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    control.fbs_latency(fbs_mock, 5)
    quick = AnswerLimits(max_bytes=1000, max_elements=0, seconds=0.2)
    with pytest.raises(LibrarySystemUnavailable) as failed:
        make_client(answer=quick, limits=CallLimits(tries=1)).read(question("ANNA"))
    assert failed.value.kind == "fbs.timeout"


def test_no_log_line_and_no_address_holds_a_number_or_a_name(make_client: Make, fbs_mock: dict[str, Any]) -> None:
    class Log:
        said: list[str] = []  # noqa: RUF012 -- one test's

        def debug(self, event: str, **values: object) -> None:
            self.said.append(f"{event} {values}")

    control.fault(fbs_mock, "fbs-garbage", 3)
    client = make_client(log=Log())
    with pytest.raises(LibrarySystemUnavailable) as failed:
        client.read(question("ANNA"))
    client.read(question("ANNA"))
    told = " ".join([*Log.said, str(failed.value), repr(question("ANNA"))])
    assert "preauthenticated" in told
    assert number("ANNA") not in told
    assert "Skovgaard" not in told
