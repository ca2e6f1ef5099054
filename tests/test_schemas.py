"""The SOAP contracts, as facts typed by hand: a slip in our own WSDL or XSD cannot agree with itself here.

The facts come from the public description of PersonBaseDataExtended 5 and CPRSubscription 1.1.
"""

from typing import Any

import pytest
import zeep
from lxml import etree

from cprsync.resources import Schemas, compile_schema, compile_schemas, schema_path

XS = "{http://www.w3.org/2001/XMLSchema}"
LOOKUP = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
SUBSCRIPTION = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
CONTEXT = "http://serviceplatformen.dk/xml/schemas/InvocationContext/1/"
AUTHORITY = "http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/"
NUMBER = "http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/"
NOBODY = "0" * 10


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return compile_schemas()


def tree(name: str) -> etree._Element:
    return etree.parse(schema_path(name)).getroot()


def children(file: str, type_name: str) -> list[str]:
    [found] = tree(file).findall(f"{XS}complexType[@name='{type_name}']/{XS}sequence")
    return [str(part.get("name") or part.get("ref", "").partition(":")[2]) for part in found.findall(f"{XS}element")]


def required(file: str, type_name: str) -> list[str]:
    [found] = tree(file).findall(f"{XS}complexType[@name='{type_name}']")
    return [str(part.get("name")) for part in found.iter(f"{XS}element") if part.get("minOccurs") != "0"]


def facets(file: str, type_name: str) -> list[tuple[str, str]]:
    [found] = tree(file).findall(f"{XS}simpleType[@name='{type_name}']/{XS}restriction")
    return [(str(part.tag).removeprefix(XS), str(part.get("value"))) for part in found]


# -- the look-up's contract ---------------------------------------------------------------------------------


def test_the_parts_of_persondata_stand_in_the_registers_order() -> None:
    assert children("PersonBaseDataExtended5.xsd", "persondataType") == [
        "personnummer", "gaeldendePersonnummer", "navn", "foedselsdato", "foedselsregistreringsOplysninger",
        "startdato", "slutdato", "alder", "koen", "antalBoernUnder18", "stilling", "DeltBopælMarkering",
        "DeltBopælStartDato", "status", "separation", "civilstand", "statsborgerskab", "umyndiggoerelse",
        "forsvindingsdato", "adressebeskyttelse", "vejviserbeskyttelse", "markedsfoeringsbeskyttelse",
        "tilmeldtNemsms", "tilmeldtDigitalpost",
    ]  # fmt: skip


def test_the_parts_of_an_address_stand_in_the_registers_order() -> None:
    assert children("PersonBaseDataExtended5.xsd", "adresseType") == [
        "kommuneCvr", "kommunekode", "vejkode", "husnummer", "etage", "sidedoer", "bygningsnummer", "conavn",
        "lokalitet", "bynavn", "postnummer", "postdistrikt", "vejnavn", "standardadresse", "adresseringsnavn",
        "vejadresseringsnavn", "tilflytningsdato", "adr1-supladr", "adr2-supladr", "adr3-supladr",
        "adr4-supladr", "adr5-supladr", "distrikter", "AdresseUUID",
    ]  # fmt: skip


def test_an_answer_has_persondata_address_relations_and_notes_in_this_order() -> None:
    answer = children("PersonBaseDataExtended5.xsd", "PersonLookupResponseType")
    assert answer == ["persondata", "adresse", "relationer", "notater"]


def test_a_request_may_carry_three_contexts_before_the_number() -> None:
    request = children("PersonBaseDataExtended5.xsd", "PersonLookupRequestType")
    assert request == ["CallContext", "AuthorityContext", "InvocationContext", "PNR"]


def test_the_number_of_children_is_the_only_leaf_always_there() -> None:
    assert required("PersonBaseDataExtended5.xsd", "persondataType") == ["antalBoernUnder18"]
    assert required("PersonBaseDataExtended5.xsd", "navnType") == ["personadresseringsnavn"]
    assert required("PersonBaseDataExtended5.xsd", "adresseType") == []


def test_exactly_three_elements_have_an_ae_in_their_name() -> None:
    names = [str(part.get("name")) for part in tree("PersonBaseDataExtended5.xsd").iter(f"{XS}element")]
    assert [name for name in names if not name.isascii()] == [
        "DeltBopælMarkering",
        "DeltBopælStartDato",
        "VærgemålType",
    ]


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("statusTypeType", "1 3 5 7 20 30 50 60 70 80 90"),
        ("koenType", "K M"),
        ("civilstandTypeType", "U G F E P O L D"),
        ("foraeldremyndighedTypeType", "3 4 5 6"),
        ("umyndiggorelseRelationTypeType", "0 1 2"),
        ("VærgemålTypeType", "FULD DELVIS"),
    ],
)
def test_a_closed_list_of_values_is_the_registers(type_name: str, values: str) -> None:
    assert facets("PersonBaseDataExtended5.xsd", type_name) == [("enumeration", value) for value in values.split()]


REQUEST = f"""
<q:PersonLookupRequest xmlns:q="{LOOKUP}" xmlns:i="{CONTEXT}" xmlns:n="{NUMBER}">
  <i:InvocationContext>
    <i:UserUUID>5b5f6c0a-0a1d-4f27-9a53-2f4c7a90e1d3</i:UserUUID>
    <i:ServiceAgreementUUID>7c1b2d3e-4f50-4161-8272-93a4b5c6d7e8</i:ServiceAgreementUUID>
    <i:ServiceUUID>4925d7a0-1b5b-11ec-bdc6-b312b83236d4</i:ServiceUUID>
    <i:UserSystemUUID>0a9b8c7d-6e5f-4041-9232-4a5b6c7d8e9f</i:UserSystemUUID>
  </i:InvocationContext>
  <n:PNR>{NOBODY}</n:PNR>
</q:PersonLookupRequest>"""
BY_AUTHORITY = f"""
<PersonLookupRequest xmlns="{LOOKUP}">
  <AuthorityContext xmlns="{AUTHORITY}"><MunicipalityCVR>11111111</MunicipalityCVR></AuthorityContext>
  <PNR xmlns="{NUMBER}">{NOBODY}</PNR>
</PersonLookupRequest>"""
ANSWER = f"""
<ns3:PersonLookupResponse xmlns:ns3="{LOOKUP}">
  <ns3:persondata>
    <ns3:personnummer>{NOBODY}</ns3:personnummer>
    <ns3:navn><ns3:personadresseringsnavn>Åse Bøgh</ns3:personadresseringsnavn>
      <ns3:fornavn>Åse</ns3:fornavn><ns3:efternavn>Bøgh</ns3:efternavn></ns3:navn>
    <ns3:foedselsdato><ns3:dato>1962-12-10+01:00</ns3:dato></ns3:foedselsdato>
    <ns3:koen>K</ns3:koen>
    <ns3:antalBoernUnder18>0</ns3:antalBoernUnder18>
    <ns3:DeltBopælMarkering>false</ns3:DeltBopælMarkering>
    <ns3:status><ns3:status>1</ns3:status>
      <ns3:statusdato><ns3:dato>1962-12-10T00:00:00.000+01:00</ns3:dato></ns3:statusdato></ns3:status>
    <ns3:adressebeskyttelse><ns3:beskyttet>false</ns3:beskyttet></ns3:adressebeskyttelse>
  </ns3:persondata>
  <ns3:adresse><ns3:aktuelAdresse>
    <ns3:kommunekode>751</ns3:kommunekode><ns3:vejkode>9</ns3:vejkode><ns3:husnummer>016</ns3:husnummer>
    <ns3:postnummer>0800</ns3:postnummer>
  </ns3:aktuelAdresse></ns3:adresse>
</ns3:PersonLookupResponse>"""


@pytest.mark.parametrize("text", [REQUEST, BY_AUTHORITY, ANSWER], ids=["request", "by authority", "answer"])
def test_a_message_written_by_hand_is_valid(schemas: Schemas, text: str) -> None:
    schemas.lookup.assertValid(etree.fromstring(text))


def test_an_empty_answer_is_valid(schemas: Schemas) -> None:
    """The register's schema lets nearly everything be absent: the schema alone does not guard a record."""
    assert schemas.lookup.validate(etree.fromstring(f'<PersonLookupResponse xmlns="{LOOKUP}"/>'))
    assert schemas.lookup.validate(etree.fromstring(REQUEST.replace(NOBODY, "")))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        pytest.param(ANSWER, "<ns3:koen>K</ns3:koen>", "<ns3:koen>X</ns3:koen>", id="unknown sex"),
        pytest.param(ANSWER, "<ns3:status>1<", "<ns3:status>2<", id="unknown status"),
        pytest.param(ANSWER, "<ns3:antalBoernUnder18>0</ns3:antalBoernUnder18>", "", id="children not counted"),
        pytest.param(ANSWER, "1962-12-10+01:00", "1950-00-00", id="impossible date"),
        pytest.param(ANSWER, "<ns3:kommunekode>751<", "<ns3:kommunekode>Aarhus<", id="code in words"),
        pytest.param(ANSWER, ">false</ns3:beskyttet>", ">nej</ns3:beskyttet>", id="no boolean"),
        pytest.param(ANSWER, "</ns3:persondata>", "<ns3:ny/></ns3:persondata>", id="unknown element"),
        pytest.param(REQUEST, "5b5f6c0a", "5B5F6C0A", id="capitals in a UUID"),
        pytest.param(REQUEST, NOBODY, NOBODY + "0", id="eleven digits"),
        pytest.param(BY_AUTHORITY, "11111111", "1111111", id="seven digits of a company number"),
    ],
)
def test_a_message_with_one_slip_is_not_valid(schemas: Schemas, text: str, right: str, wrong: str) -> None:
    assert right in text
    assert not schemas.lookup.validate(etree.fromstring(text.replace(right, wrong)))


def test_an_answer_in_another_order_is_not_valid(schemas: Schemas) -> None:
    answer = etree.fromstring(ANSWER)
    answer.append(answer[0])
    assert not schemas.lookup.validate(answer)


# -- the subscription's contract ------------------------------------------------------------------------------


OPERATIONS = {
    *(f"{verb}{group}Subscription"
      for verb in ("Add", "Remove")
      for group in ("PNR", "AgeRange", "MunicipalityCode", "ChangeCode", "NoFilter")),
    "RemoveAll",
    "GetAllFilters",
}  # fmt: skip


def filters(*parts: str) -> etree._Element:
    root = f'<s:GetAllFiltersResponse xmlns:s="{SUBSCRIPTION}" xmlns:n="{NUMBER}">'
    return etree.fromstring(f"{root}{''.join(parts)}</s:GetAllFiltersResponse>")


AGES = "<s:AgeRange><s:StartAge>0</s:StartAge><s:EndAge>999</s:EndAge></s:AgeRange>"
CHANGE = "<s:ChangeCode>A01</s:ChangeCode>"
TOWN = "<s:MunicipalityCode>706</s:MunicipalityCode>"
PERSON = f"<n:PNR>{NOBODY}</n:PNR>"
NO_FILTER = "<s:noFilter>false</s:noFilter>"


def test_all_filters_come_in_one_answer_with_no_filter_last(schemas: Schemas) -> None:
    schemas.subscription.assertValid(filters(AGES, CHANGE, TOWN, PERSON, PERSON, NO_FILTER))
    schemas.subscription.assertValid(filters(NO_FILTER))


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([PERSON], id="no filter left out"),
        pytest.param([PERSON, TOWN, NO_FILTER], id="numbers before municipalities"),
        pytest.param([TOWN, CHANGE, NO_FILTER], id="municipalities before change codes"),
        pytest.param([TOWN.replace("706", "10706"), NO_FILTER], id="five digits of a municipality"),
        pytest.param([AGES.replace("999", "1000"), NO_FILTER], id="four digits of an age"),
        pytest.param([AGES.replace("0<", "-1<"), NO_FILTER], id="an age below nought"),
        pytest.param([CHANGE.replace("A01", "A001"), NO_FILTER], id="four letters of a change code"),
    ],
)
def test_an_answer_with_a_slip_in_the_filters_is_not_valid(schemas: Schemas, parts: list[str]) -> None:
    assert not schemas.subscription.validate(filters(*parts))


def test_the_groups_of_filters_are_the_registers() -> None:
    """The group of change codes is named EventChangeCode, its element ChangeCode."""
    groups = ["PNR", "AgeRange", "MunicipalityCode", "EventChangeCode", "NoFilter"]
    assert facets("CprSubscription1.xsd", "FilterGroup") == [("enumeration", group) for group in groups]


# -- the descriptions, as a SOAP library sees them --------------------------------------------------------------


def binding_of(name: str, service: str, port: str) -> Any:
    client: Any = zeep.Client
    return client(str(schema_path(name))).wsdl.services[service].ports[port].binding


def test_zeep_finds_the_look_up_under_the_registers_names() -> None:
    binding = binding_of("PersonBaseDataExtended5.wsdl", "PersonBaseDataExtendedService", "PersonBaseDataExtendedPort")
    assert binding.name == etree.QName(LOOKUP, "PersonBaseDataExtendedBinding")
    assert binding.port_name == etree.QName(LOOKUP, "PersonBaseDataExtendedPortType")
    operation = binding.get("PersonLookup")
    assert operation.soapaction == f"{LOOKUP}PersonLookup"
    assert operation.style == "document"
    assert list(operation.faults) == ["ServiceplatformFault"]


def test_zeep_finds_twelve_subscription_operations_without_soap_action() -> None:
    binding = binding_of("CprSubscription1.wsdl", "CprSubscriptionWebService", "CprSubscriptionWebServicePort")
    assert binding.name == etree.QName(SUBSCRIPTION, "CprSubscriptionWebServiceBinding")
    assert binding.port_name == etree.QName(SUBSCRIPTION, "CprSubscriptionWebServicePortType")
    assert set(binding._operations) == OPERATIONS
    assert {operation.soapaction for operation in binding._operations.values()} == {""}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_has_a_request_and_an_answer_of_its_name(operation: str) -> None:
    names = [part.get("name") for part in tree("CprSubscription1.xsd").findall(f"{XS}element")]
    assert operation in names
    assert f"{operation}Response" in names


def test_no_description_reaches_out_of_its_folder() -> None:
    folder = schema_path("PersonBaseDataExtended5.wsdl").parent
    found = [path for path in folder.iterdir() if path.suffix in {".xsd", ".wsdl"}]
    places = [
        str(part.get("schemaLocation"))
        for path in found
        for part in etree.parse(path).iter(f"{XS}import", f"{XS}include")
    ]
    assert places
    assert all((folder / place).is_file() and "/" not in place for place in places)


def test_the_detail_of_a_fault_has_a_schema_of_its_own() -> None:
    spf = "http://serviceplatformen.dk/xml/schemas/ServiceplatformFault/1/"
    error = "<Error><ErrorCode>1</ErrorCode><ErrorText>x</ErrorText></Error>"
    detail = etree.fromstring(
        f'<ServiceplatformFault xmlns="{spf}"><ErrorList>{error}</ErrorList></ServiceplatformFault>'
    )
    compile_schema("ServiceplatformFault1.xsd").assertValid(detail)
