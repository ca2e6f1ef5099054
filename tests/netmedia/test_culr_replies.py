"""What CULR's answers mean: read whatever their shape, and no success unless their code says so."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from culr_wire import CULR, SOAP, URL, account, answer, envelope, says
from lxml import etree

from cprsync.domain.netmedia.account import AccountCall, Code, CulrHolding, Effect, Identity, IdType, Operation, Reply
from cprsync.domain.netmedia.settling import Settled, Unsettled
from cprsync.errors import ConfigurationError, NetMediaUnavailable
from cprsync.netmedia.client import parse_reply
from cprsync.wire.errors import AnswerBroken
from cprsync.wire.limits import AnswerLimits, CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests
    import responses

    from cprsync.netmedia.client import SoapNetMedia

CPR = Identity(IdType.CPR, "0101019995")
LOCAL = Identity(IdType.LOCAL, "12345678")
OURS, THEIRS = account("710100", CPR.value), account("785100", CPR.value)
AARHUS = "<MunicipalityNo>751</MunicipalityNo>"
GUID = "<Guid>4e6b3143-1df7-4db1-b8b4-f19d413437cb</Guid>"


def reply(operation: Operation, text: str, identity: Identity = CPR) -> Reply:
    return parse_reply(AccountCall(operation, identity), etree.fromstring(text), agency="710100")


# -- the shape, with tolerance ---------------------------------------------------------------------------------------

HERS = frozenset({CPR})
UPDATED = answer("updateAccount", "")
STATUS = "<responseStatus><responseCode>OK200</responseCode></responseStatus>"


@pytest.mark.parametrize(
    "text",
    [
        UPDATED,
        UPDATED.replace("return", "result"),
        UPDATED.replace("<return>", '<return xmlns="http://ws.culrservice.dbc.dk/">'),
        UPDATED.replace("ns2:", "").replace("xmlns:ns2", "xmlns"),
        UPDATED.replace(f' xmlns:ns2="{CULR}"', "").replace("ns2:", ""),
        UPDATED.replace("OK200", " \n OK200 "),
        UPDATED.replace("<return>", "<note>1</note><return><took>12</took>"),
        UPDATED.replace("<responseCode>", "<responseMessage>fine</responseMessage><responseCode>"),
    ],
)
def test_an_answer_is_read_whatever_stands_around_its_code(text: str) -> None:
    assert reply(Operation.UPDATE, text) == Reply(Code.OK)


def read(content: str, operation: Operation = Operation.READ, identity: Identity = CPR) -> CulrHolding | None:
    return reply(operation, answer(operation.value, content, wrapper="result"), identity).held


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (OURS + GUID + AARHUS, CulrHolding(True, "751", frozenset({"710100"}), HERS)),
        (AARHUS + GUID + OURS, CulrHolding(True, "751", frozenset({"710100"}), HERS)),
        (OURS + GUID, CulrHolding(True, None, frozenset({"710100"}), HERS)),
        (OURS + "<MunicipalityNo> </MunicipalityNo>", CulrHolding(True, None, frozenset({"710100"}), HERS)),
        # the account may be left out: OK to a question about one account says that it is there
        (GUID + AARHUS, CulrHolding(True, "751", frozenset())),
        (
            account("710100", "3112999998"),
            CulrHolding(False, None, frozenset({"710100"}), frozenset({Identity(IdType.CPR, "3112999998")})),
        ),
        (
            account("710100", CPR.value, "LOCAL"),
            CulrHolding(False, None, frozenset({"710100"}), frozenset({Identity(IdType.LOCAL, CPR.value)})),
        ),
    ],
)
def test_an_account_of_ours_is_read(content: str, held: CulrHolding) -> None:
    assert read(content) == held


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (OURS + THEIRS + AARHUS, CulrHolding(True, "751", frozenset({"710100", "785100"}), HERS)),
        (THEIRS + AARHUS + GUID, CulrHolding(False, "751", frozenset({"785100"}))),
        (AARHUS, CulrHolding(False, "751", frozenset())),
        # ours is there too, under a number of our own, and is not the one that was asked about
        (
            account("710100", "12345678", "LOCAL") + account("710100", "anna1", "UNILOGIN") + THEIRS,
            CulrHolding(
                False,
                None,
                frozenset({"710100", "785100"}),
                frozenset({Identity(IdType.LOCAL, "12345678"), Identity(IdType.UNILOGIN, "anna1")}),
            ),
        ),
        # a kind of number that this version of the contract has not
        (OURS + account("710100", "x", "MITID"), CulrHolding(True, None, frozenset({"710100"}), HERS)),
    ],
)
def test_the_accounts_of_all_libraries_are_read(content: str, held: CulrHolding) -> None:
    assert read(content, Operation.READ_GLOBAL) == held


def test_an_account_under_a_number_of_our_own_is_found_by_it() -> None:
    content = account("710100", LOCAL.value, "LOCAL") + account("785100", CPR.value)
    assert read(content, Operation.READ_LOCAL, LOCAL) == CulrHolding(
        True, None, frozenset({"710100", "785100"}), frozenset({LOCAL})
    )


# -- the code, without -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", Code)
def test_a_code_is_what_it_says_and_holds_nothing_unless_it_is_ok(code: Code) -> None:
    told = reply(Operation.READ, answer("getAccountFromProvider", OURS + AARHUS, code=code.value, wrapper="result"))
    assert told.code is code
    assert (told.held is not None) is (code is Code.OK)


@pytest.mark.parametrize("word", ["OK", "ok200", "OK201", "OK200 OK200", "PARTLY_DONE", "", "<b>OK200</b>"])
@pytest.mark.parametrize("operation", [Operation.UPDATE, Operation.READ])
def test_a_word_that_is_no_code_of_theirs_is_no_success(operation: Operation, word: str) -> None:
    assert reply(operation, answer(operation.value, OURS, code=word, wrapper="result")) == Reply(Code.UNKNOWN)


@pytest.mark.parametrize(
    "text",
    [
        UPDATED.replace(STATUS, ""),
        UPDATED.replace(STATUS, STATUS * 2),
        UPDATED.replace("<responseCode>OK200</responseCode>", ""),
        UPDATED.replace("</responseCode>", "</responseCode><responseCode>PROGRAM_ERROR</responseCode>"),
        UPDATED.replace("</return>", f"</return><result>{STATUS.replace('OK200', 'PROGRAM_ERROR')}</result>"),
        UPDATED.replace("return>", "answer>"),
        f'<u:updateAccountResponse xmlns:u="{CULR}"/>',
        answer("deleteAccount", ""),
        "<updateAccount/>",
    ],
)
def test_an_answer_that_does_not_say_one_code_of_its_operation_is_none(text: str) -> None:
    with pytest.raises(AnswerBroken):
        reply(Operation.UPDATE, text)


@pytest.mark.parametrize(
    "content",
    [
        account("71010", CPR.value),
        account("", CPR.value),
        "<Account/>",
        OURS + "<MunicipalityNo>Aarhus</MunicipalityNo>",
        OURS + "<MunicipalityNo>07510</MunicipalityNo>",
        OURS + AARHUS + "<MunicipalityNo>101</MunicipalityNo>",
    ],
)
def test_a_reading_with_an_impossible_value_is_not_used_and_not_quoted(content: str) -> None:
    with pytest.raises(AnswerBroken) as bad:
        read(content)
    assert str(bad.value) == "the answer holds an impossible value"


# -- over HTTP -------------------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE x [<!ENTITY a "OK200">]>'
FAULT = f'<S:Fault xmlns:S="{SOAP}"><faultcode>S:Server</faultcode><faultstring>x</faultstring></S:Fault>'
GOOD = envelope(UPDATED)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, envelope(FAULT), "netmedia.fault"),
        (500, envelope(FAULT), "netmedia.http"),
        (500, GOOD, "netmedia.http"),
        (502, "<html/>", "netmedia.http"),
        (404, "", "netmedia.http"),
        (301, GOOD, "netmedia.http"),
        (200, "", "netmedia.empty_body"),
        (200, "OK200", "netmedia.bad_answer"),
        (200, "<html><body>OK200</body></html>", "netmedia.bad_answer"),
        (200, GOOD[:-20], "netmedia.bad_answer"),
        (200, BOMB + GOOD[38:].replace("OK200", "&a;"), "netmedia.bad_answer"),
        (200, envelope(UPDATED + UPDATED), "netmedia.bad_answer"),
        (200, envelope(UPDATED.replace("return>", "x>")), "netmedia.bad_answer"),
        (200, envelope(UPDATED.replace("<return>", "<return><!--" + "x" * 300_000 + "-->")), "netmedia.bad_answer"),
        (200, envelope(UPDATED.replace("<return>", "<return>" + "<x/>" * 5_000)), "netmedia.bad_answer"),
    ],
)
def test_what_is_no_answer_is_asked_for_again_and_is_never_a_success(
    status: int, body: str, kind: str, wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, body, status=status)
    [(_, outcome)] = make_culr().send_many([[Effect("1", 1, CPR, "751", known=True)]])
    assert isinstance(outcome, NetMediaUnavailable)
    assert outcome.kind == kind
    assert len(wire.calls) == 3
    assert CPR.value not in str(outcome)


def test_an_answer_may_come_zipped(wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]) -> None:
    zipped = {"Content-Encoding": "gzip"}
    wire.post(URL, body=gzip.compress(GOOD.encode()), headers=zipped)
    assert make_culr().ask(AccountCall(Operation.UPDATE, CPR, "751")) == Reply(Code.OK)


def test_a_later_try_that_is_answered_counts(
    wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, "", status=503)
    says(wire, GOOD)
    [(_, outcome)] = make_culr().send_many([[Effect("1", 1, CPR, "751", known=True)]])
    assert outcome == Settled("751")


def test_a_word_that_nobody_knows_leaves_the_effect_unsettled(
    wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, envelope(answer("updateAccount", "", code="OK201")))
    [(_, outcome)] = make_culr().send_many([[Effect("1", 1, CPR, "751", known=True)]])
    assert outcome == Unsettled(Code.UNKNOWN)
    assert len(wire.calls) == 1


def test_nothing_is_tried_again_once_the_time_for_tries_is_over(
    wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, "", status=503)
    answers = AnswerLimits(max_bytes=1_000, max_elements=100, seconds=5)
    culr = make_culr(answer=answers, limits=CallLimits(tries=9, tries_seconds=0))
    with pytest.raises(NetMediaUnavailable):
        culr.ask(AccountCall(Operation.READ, CPR))
    assert len(wire.calls) == 1


def test_a_long_queue_stops_where_it_is_once_another_has_shown_that_nobody_can_be_served(
    wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    refused = answer("updateAccount", "", code="COULD_NOT_AUTHENTICATE")

    def told(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, envelope(refused if LOCAL.value.encode() in (request.body or b"") else UPDATED)  # type: ignore[operator]  # ours is bytes

    wire.add_callback("POST", URL, told, content_type="text/xml")
    long = [Effect("1", version, CPR, "751", known=True) for version in range(500)]
    outcomes = list(make_culr(workers=2).send_many([long, [Effect("2", 1, LOCAL, "751", known=True)]]))
    assert Unsettled(Code.COULD_NOT_AUTHENTICATE) in [outcome for _, outcome in outcomes]
    assert len(outcomes) < 400


# -- the password ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_without_a_password_nothing_begins(
    content: bytes | None, tmp_path: Path, make_culr: Callable[..., SoapNetMedia]
) -> None:
    if content is not None:
        (tmp_path / "p").write_bytes(content)
    with pytest.raises(ConfigurationError, match="password"):
        make_culr(password_file=tmp_path / "p")


def test_an_address_without_tls_is_refused(make_culr: Callable[..., SoapNetMedia]) -> None:
    with pytest.raises(ValueError, match="https"):
        make_culr(url="http://culr.test/1.6/CulrWebService")
