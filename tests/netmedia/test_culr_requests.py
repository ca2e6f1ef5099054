"""What CULR is sent: the shapes of its contract, and nothing but identifiers, the library, a number and credentials.

The shapes come from DBC's public requests; updateAccount and mergePatrons from its description of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import zeep
from culr_wire import CULR, SOAP, answer, envelope, says, sent
from lxml import etree

from cprsync.domain.netmedia.account import NOWHERE, AccountCall, Identity, IdType, Operation
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cprsync.netmedia.client import SoapNetMedia

CPR = Identity(IdType.CPR, "0101019995")
LOCAL = Identity(IdType.LOCAL, "12345678")

AGENCY = "<agencyId>710100</agencyId>"
OF_CPR = "<userCredentials><userIdType>CPR</userIdType><userIdValue>0101019995</userIdValue></userCredentials>"
OF_LOCAL = OF_CPR.replace("CPR", "LOCAL").replace("0101019995", "12345678")
SIGNED = (
    "<authCredentials><userIdAut>bruger</userIdAut><groupIdAut>710100</groupIdAut>"
    "<passwordAut>hemmelig &amp; lang</passwordAut></authCredentials>"
)
PAIR = OF_CPR.replace("userCredentials", "accountToMergeWith") + OF_LOCAL.replace(
    "userCredentials", "accountToBeMerged"
)

SHAPES = [
    (AccountCall(Operation.CREATE, CPR), AGENCY + OF_CPR + SIGNED),
    (AccountCall(Operation.CREATE, CPR, "751"), f"{AGENCY}{OF_CPR}{SIGNED}<municipalityNo>751</municipalityNo>"),
    (AccountCall(Operation.CREATE, LOCAL, "751"), f"{AGENCY}{OF_LOCAL}{SIGNED}<municipalityNo>751</municipalityNo>"),
    (
        AccountCall(Operation.CREATE, LOCAL, uid=CPR),
        f"{AGENCY}{OF_LOCAL}{SIGNED}<globalUID><uidType>CPR</uidType><uidValue>0101019995</uidValue></globalUID>",
    ),
    (AccountCall(Operation.UPDATE, CPR, "751"), f"{AGENCY}{OF_CPR}{SIGNED}<municipalityNo>751</municipalityNo>"),
    (AccountCall(Operation.UPDATE, CPR, NOWHERE), f"{AGENCY}{OF_CPR}{SIGNED}<municipalityNo></municipalityNo>"),
    (AccountCall(Operation.DELETE, LOCAL), AGENCY + OF_LOCAL + SIGNED),
    (AccountCall(Operation.MERGE, CPR, other=LOCAL), AGENCY + PAIR + SIGNED),
    (AccountCall(Operation.READ, CPR), AGENCY + OF_CPR + SIGNED),
    (
        AccountCall(Operation.READ_GLOBAL, CPR),
        f"<userCredentials><uidType>CPR</uidType><uidValue>0101019995</uidValue></userCredentials>{SIGNED}",
    ),
    (
        AccountCall(Operation.READ_LOCAL, LOCAL),
        f"<userCredentials>{AGENCY}<userIdValue>12345678</userIdValue></userCredentials>{SIGNED}",
    ),
]


def canonical(document: bytes) -> bytes:
    """With the prefixes of the contract's examples; order, text and every element as they are."""
    named = re.sub(
        rb"(</?|xmlns:)(?:soap-env|S)\b", rb"\1s", document if isinstance(document, bytes) else document.encode()
    )
    named = re.sub(rb"(</?|xmlns:)ns\d\b", rb"\1c", named)
    return etree.tostring(etree.fromstring(named), method="c14n")


@pytest.mark.parametrize(
    ("call", "content"), SHAPES, ids=[f"{n}-{c.operation.value}" for n, (c, _) in enumerate(SHAPES)]
)
def test_a_request_has_the_shape_of_the_contract_and_no_element_more(
    call: AccountCall, content: str, wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, envelope(answer(call.operation.value, "")))
    make_culr().ask(call)
    operation = f'<c:{call.operation.value} xmlns:c="{CULR}">{content}</c:{call.operation.value}>'
    expected = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{operation}</s:Body></s:Envelope>'
    assert [canonical(body) for body in sent(wire)] == [canonical(expected.encode())]


def test_every_operation_has_its_shape_here() -> None:
    assert {call.operation for call, _ in SHAPES} == set(Operation)


def test_a_request_names_no_soap_action_and_no_number_outside_its_body(
    wire: responses.RequestsMock, make_culr: Callable[..., SoapNetMedia]
) -> None:
    says(wire, envelope(answer("getAccountFromProvider", "", wrapper="result")))
    make_culr().ask(AccountCall(Operation.READ, CPR))
    request = wire.calls[0].request
    assert request.headers["SOAPAction"] == '""'
    for value in ("0101019995", "hemmelig"):
        assert value not in f"{request.url} {request.headers}"


def test_zeep_finds_our_seven_operations_without_soap_action_under_dbcs_names() -> None:
    """By DBC's page `deleteAllAccountsByProvider` deletes the accounts of all patrons. Nothing calls it."""
    client = zeep.Client(str(schema_path("CulrWebService1.wsdl")))  # type: ignore[no-untyped-call]
    binding = client.wsdl.services["CulrWebService"].ports["CulrWebServicePort"].binding
    never = {"deleteAllAccountsByProvider", "hasCulrAccount"}
    assert set(binding._operations) == {operation.value for operation in Operation} | never
    assert never.isdisjoint(operation.value for operation in Operation)
    assert {operation.soapaction for operation in binding._operations.values()} == {""}
