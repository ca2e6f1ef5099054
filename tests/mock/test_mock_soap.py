"""The SOAP services, called by hand: what they tolerate, what they refuse, and what they answer."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from mock_delivery import delivery
from mock_wire import AUTHORITY, PNR, SUBSCRIPTION, Caller, client_context, envelope, lookup_envelope, post
from town import ANNA, PEOPLE, number

from cprsync.mock import control
from cprsync.resources import compile_schemas

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]

BORN = [key for key, person in PEOPLE.items() if not person.get("unborn")]
NUMBER_ONLY = {"30", "50", "60"}


# -- who may call ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_nobody_without_a_client_certificate_is_answered(still: dict[str, Any], version: ssl.TLSVersion) -> None:
    context = client_context(still, certificate=False)
    context.minimum_version = context.maximum_version = version
    before = control.state(still)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        post(still["lookup_url"], lookup_envelope(ANNA), context)
    assert control.state(still) == before


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_the_mocks_ca_is_answered(still: dict[str, Any], version: ssl.TLSVersion) -> None:
    context = client_context(still)
    context.minimum_version = context.maximum_version = version
    assert post(still["lookup_url"], lookup_envelope(ANNA), context).status == 200


def test_a_call_is_recorded_with_the_certificates_serials_and_no_number(ready: dict[str, Any], caller: Caller) -> None:
    caller.look_up(ANNA)
    caller.subscribe(ANNA)
    calls = control.state(ready)["calls"]
    assert [call["operation"] for call in calls] == ["PersonLookup", "AddPNRSubscription"]
    assert calls[1]["agreement"] == ready["agreement"]["service_agreement"]
    assert all(call["serial"].startswith("UI:DK-O:G:") and int(call["certificate"], 16) for call in calls)
    assert ANNA not in str(calls)


# -- what is tolerated ------------------------------------------------------------------------------------


def test_a_bare_latin_1_body_with_no_header_at_all_is_answered(reader: Caller) -> None:
    """Magenta's clients send bytes with neither Content-Type nor SOAPAction nor XML declaration."""
    body = lookup_envelope(ANNA).replace(b"<s:Header/>", "<!-- æøå --><s:Header/>".encode("latin-1"))
    assert reader.post(body).value("persondata/personnummer") == ANNA


def test_the_soap_action_is_not_looked_at(reader: Caller) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"something else"'}
    assert reader.post(lookup_envelope(ANNA), headers=headers).status == 200


def test_a_url_with_or_without_its_last_slash_is_the_same_service(still: dict[str, Any]) -> None:
    url = still["lookup_url"] + "/"
    assert post(url, lookup_envelope(ANNA), client_context(still)).status == 200


@pytest.mark.parametrize("context", [None, AUTHORITY])
def test_both_security_models_are_served(reader: Caller, context: str | None) -> None:
    assert reader.look_up(ANNA, context).value("persondata/personnummer") == ANNA


def test_a_call_without_a_security_model_gets_the_platforms_text(reader: Caller) -> None:
    answer = reader.look_up(ANNA, context="")
    assert answer.status == 500
    assert answer.fault.startswith("Security model for the called operation was not provided. The following are")


# -- what is refused ---------------------------------------------------------------------------------------


def test_an_unknown_number_gets_the_platforms_fault(reader: Caller) -> None:
    answer = reader.look_up("3112999998")
    assert answer.status == 500
    assert "PNR not found" in answer.fault
    assert "inform:\n    CallUUID: " in answer.fault
    assert answer.fault.endswith("Z")
    assert "<ns2:ErrorCode>PNRNotFound</ns2:ErrorCode>" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<a/>",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        envelope(""),
        envelope("<a/><b/>"),
        envelope('<a xmlns="urn:else"/>'),
        envelope(f'<x:DropAll xmlns:x="{SUBSCRIPTION}"/>'),
        b'<!DOCTYPE s [<!ENTITY a "b">]>' + lookup_envelope(ANNA),
        lookup_envelope("12345678901"),
        lookup_envelope(ANNA).replace(b"aaaaaaaa-bbbb", b"AAAAAAAA-BBBB"),
        lookup_envelope(ANNA).replace(b"<p:PNR", b"<p:CPR").replace(b"</p:PNR", b"</p:CPR"),
        b"\xff\xfe\x00",
    ],
)
def test_a_request_that_is_none_gets_a_soap_fault_and_changes_nothing(
    still: dict[str, Any], reader: Caller, body: bytes
) -> None:
    before = control.state(still)
    answer = reader.post(body)
    after = control.state(still)
    assert answer.status == 500
    assert etree.QName(answer.payload).localname == "Fault"
    assert ANNA not in answer.text
    assert {**after, "calls": []} == {**before, "calls": []}


def test_a_subscription_request_at_the_lookups_url_is_refused(still: dict[str, Any], reader: Caller) -> None:
    body = envelope(f'<x:GetAllFilters xmlns:x="{SUBSCRIPTION}"/>')
    assert "no such operation" in reader.post(body).fault


def test_a_request_over_one_mebibyte_is_refused(reader: Caller) -> None:
    answer = reader.post(lookup_envelope(ANNA) + b" " * 1024 * 1024)
    assert answer.status == 413
    assert "larger than 1 MiB" in answer.fault


# -- what is answered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("omit_false", [False, True])
def test_everybodys_answer_keeps_to_the_schema(start: Start, omit_false: bool) -> None:
    schema = compile_schemas().lookup
    with start(omit_false=omit_false) as ready:
        caller = Caller(ready)
        for key in BORN:
            answer = caller.look_up(number(key))
            assert answer.status == 200, key
            schema.assertValid(answer.payload)
            assert answer.value("persondata/personnummer") == number(key)
            assert answer.value("persondata/status/status") == str(int(PEOPLE[key]["status"]))


def test_annas_answer_has_the_real_formats(reader: Caller) -> None:
    """contracts.md 1.3: offsets on dates, milliseconds on times, codes without leading zeros, padded houses."""
    answer = reader.look_up(ANNA)
    assert answer.text.startswith('<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>')
    assert answer.value("persondata/gaeldendePersonnummer") == ANNA
    assert answer.value("persondata/navn/personadresseringsnavn") == PEOPLE["ANNA"]["name"]["addressing"]
    assert answer.value("persondata/foedselsdato/dato") == "1985-05-04+02:00"
    assert answer.value("persondata/alder") == "41"
    assert answer.value("persondata/antalBoernUnder18") == "0"
    assert answer.value("persondata/status/statusdato/dato") == "2012-08-01T00:00:00.000+02:00"
    assert answer.value("persondata/adressebeskyttelse/beskyttet") == "false"
    assert answer.value("adresse/aktuelAdresse/kommunekode") == "751"
    assert answer.value("adresse/aktuelAdresse/vejkode") == "1104"
    assert answer.value("adresse/aktuelAdresse/husnummer") == "016B"
    assert answer.value("adresse/aktuelAdresse/etage") == "st"
    assert answer.value("adresse/aktuelAdresse/sidedoer") == "th"
    assert answer.value("adresse/aktuelAdresse/postnummer") == "8000"
    assert answer.value("adresse/aktuelAdresse/standardadresse") == "Uglesporet 16B, st. th"
    assert not answer.has("adresse/aktuelAdresse/conavn")


def test_a_winter_birth_date_has_the_offset_of_winter(reader: Caller) -> None:
    assert reader.look_up(number("BO")).value("persondata/foedselsdato/dato") == "1979-11-12+01:00"


def test_an_impossible_birth_date_is_left_out(reader: Caller) -> None:
    assert not reader.look_up(number("UMULIG")).has("persondata/foedselsdato")


def test_a_child_not_yet_named_has_an_empty_addressing_name(reader: Caller) -> None:
    unnamed = [key for key in BORN if not PEOPLE[key]["name"] and PEOPLE[key]["status"] not in NUMBER_ONLY]
    assert unnamed
    for key in unnamed:
        answer = reader.look_up(number(key))
        assert answer.value("persondata/navn/personadresseringsnavn") == ""
        assert not answer.has("persondata/navn/fornavn")


def test_a_protected_person_is_answered_with_flag_and_address(reader: Caller) -> None:
    answer = reader.look_up(number("HELLE"))
    assert answer.value("persondata/adressebeskyttelse/beskyttet") == "true"
    assert answer.value("persondata/adressebeskyttelse/startdato") == "2026-11-01+01:00"
    assert answer.has("adresse/aktuelAdresse/vejkode")


def test_a_protection_that_begins_later_has_a_start_and_no_flag(reader: Caller) -> None:
    future = [key for key in BORN if PEOPLE[key].get("protections", {}).get("0001") is not None]
    future = [key for key in future if PEOPLE[key]["protections"]["0001"].isoformat() > "2027-03-22"]
    assert future
    answer = reader.look_up(number(future[0]))
    assert answer.has("persondata/adressebeskyttelse/startdato")
    assert not answer.has("persondata/adressebeskyttelse/beskyttet")


def test_a_protection_that_is_over_without_an_end_is_a_no_beside_its_start(
    ready: dict[str, Any], caller: Caller
) -> None:
    control.event(ready, "no-end", "HELLE")
    control.night(ready)
    answer = caller.look_up(number("HELLE"))
    assert answer.value("persondata/adressebeskyttelse/startdato") == "2026-11-01+01:00"
    assert answer.value("persondata/adressebeskyttelse/beskyttet") == "false"
    assert not answer.has("persondata/adressebeskyttelse/slutdato")
    control.event(ready, "protect", "HELLE")
    control.night(ready)
    assert caller.look_up(number("HELLE")).value("persondata/adressebeskyttelse/beskyttet") == "true"


def test_a_protection_with_an_end_date_holds_that_day_and_is_deleted_by_the_first_working_day_after_it(
    ready: dict[str, Any], caller: Caller, tmp_path: Path
) -> None:
    """Record 004 carries no deletion date, and the deletion has the code P11 (cpr.dk, Nov 2022)."""
    caller.subscription("AddNoFilterSubscription")
    control.event(ready, "end-date", "HELLE", "2027-03-23")
    seen = []
    for _ in range(3):
        (name,) = control.night(ready)["files"]
        file, at = delivery(tmp_path / "mock", name), "persondata/adressebeskyttelse"
        protections = [line[13:] for line in file.of(number("HELLE")) if line[:3] == "004"]
        answer = caller.look_up(number("HELLE"))
        assert answer.value(f"{at}/startdato") == "2026-11-01+01:00"
        assert answer.value(f"{at}/slutdato") == "2027-03-23+01:00"
        seen.append((file.codes(number("HELLE")), protections, answer.value(f"{at}/beskyttet")))
    assert seen == [(["A33"], ["00012026-11-01"], "true"), ([], [], "false"), (["P11"], [], "false")]


def test_omit_false_leaves_the_unprotected_without_a_word_on_protection(start: Start) -> None:
    with start(omit_false=True) as ready:
        answer = Caller(ready).look_up(ANNA)
    assert not answer.has("persondata/adressebeskyttelse")


def test_an_emigrated_person_has_an_address_abroad_and_none_here(reader: Caller) -> None:
    answer = reader.look_up(number("UDREJST"))
    assert answer.value("adresse/udrejseoplysninger/udrejselandekode") == "5120"
    assert answer.value("adresse/udrejseoplysninger/udlandsadresse1") == "Ångströmsgatan 18"
    assert answer.value("adresse/kontaktAdresse/kontaktAdr3") == "8000 Aarhus C"
    assert not answer.has("adresse/aktuelAdresse")


def test_a_replaced_number_says_which_one_is_in_force_and_nothing_else(reader: Caller) -> None:
    answer = reader.look_up(number("GAMMELNUMMER"))
    assert answer.value("persondata/gaeldendePersonnummer") == number("NYNUMMER")
    assert answer.value("persondata/status/status") == "60"
    assert not answer.has("persondata/navn")
    assert not answer.has("adresse")


def test_somebody_not_born_yet_is_unknown(reader: Caller) -> None:
    assert "PNR not found" in reader.look_up(number("UFOEDT")).fault


def test_a_look_up_shows_last_night_until_the_next_one(ready: dict[str, Any], caller: Caller) -> None:
    """Decision 30: look-ups answer as of the last night."""
    control.event(ready, "move", "ANNA", "ODENSE")
    assert caller.look_up(ANNA).value("adresse/aktuelAdresse/kommunekode") == "751"
    control.day(ready)
    assert caller.look_up(ANNA).value("adresse/aktuelAdresse/kommunekode") == "751"
    control.night(ready)
    assert caller.look_up(ANNA).value("adresse/aktuelAdresse/kommunekode") == "461"


# -- subscriptions ----------------------------------------------------------------------------------------


def test_subscribing_twice_and_unsubscribing_twice_say_so(caller: Caller) -> None:
    remove = f"<p:PNR>{ANNA}</p:PNR>"
    assert caller.subscribe(ANNA) == "ADDED"
    assert caller.subscribe(ANNA) == "ALREADY_EXISTED"
    assert caller.subscription("RemovePNRSubscription", remove).result == "REMOVED"
    assert caller.subscription("RemovePNRSubscription", remove).result == "NON_EXISTING_PNR"


def test_a_number_that_nobody_has_is_subscribed_like_any_other(caller: Caller) -> None:
    assert caller.subscribe("3112999998") == "ADDED"


FILTERS = {
    "AgeRange": "<x:AgeRange><x:StartAge>0</x:StartAge><x:EndAge>14</x:EndAge></x:AgeRange>",
    "ChangeCode": "<x:ChangeCode>A01</x:ChangeCode>",
    "MunicipalityCode": "<x:MunicipalityCode>0751</x:MunicipalityCode>",
    "PNR": f"<p:PNR>{ANNA}</p:PNR>",
    "NoFilter": "",
}
GROUP = {"ChangeCode": "EventChangeCode"}


@pytest.mark.parametrize("kind", FILTERS)
def test_every_pair_of_operations_adds_and_removes(ready: dict[str, Any], caller: Caller, kind: str) -> None:
    agreement = ready["agreement"]["service_agreement"]
    group = GROUP.get(kind, kind)
    assert caller.subscription(f"Add{kind}Subscription", FILTERS[kind]).result == "ADDED"
    assert len(control.state(ready)["subscriptions"][agreement][group]) == 1
    assert caller.subscription(f"Remove{kind}Subscription", FILTERS[kind]).result == "REMOVED"
    assert control.state(ready)["subscriptions"][agreement][group] == []


def test_get_all_filters_lists_all_groups_in_the_schemas_order(caller: Caller) -> None:
    for kind, content in reversed(FILTERS.items()):
        caller.subscription(f"Add{kind}Subscription", content)
    payload = caller.subscription("GetAllFilters").payload
    compile_schemas().subscription.assertValid(payload)
    assert [etree.QName(child).localname for child in payload] == [
        "AgeRange",
        "ChangeCode",
        "MunicipalityCode",
        "PNR",
        "noFilter",
    ]
    assert payload.findtext(f"{{{SUBSCRIPTION}}}MunicipalityCode") == "751"
    assert payload.findtext(f"{{{PNR}}}PNR") == ANNA
    assert payload.findtext(f"{{{SUBSCRIPTION}}}noFilter") == "true"


def test_remove_all_empties_one_group_and_leaves_the_others(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    caller.subscribe(number("BO"))
    caller.subscription("AddMunicipalityCodeSubscription", FILTERS["MunicipalityCode"])
    assert caller.subscription("RemoveAll", "<x:FilterGroup>PNR</x:FilterGroup>").result == "REMOVED"
    kept = control.state(ready)["subscriptions"][ready["agreement"]["service_agreement"]]
    assert kept["PNR"] == []
    assert kept["MunicipalityCode"] == ["751"]


def test_each_agreement_has_its_own_subscriptions(caller: Caller) -> None:
    other = "ffffffff-aaaa-bbbb-cccc-dddddddddddd"
    caller.subscribe(ANNA)
    assert caller.subscribe(ANNA, agreement=other) == "ADDED"
    assert (
        caller.subscription("GetAllFilters", agreement="eeeeeeee-aaaa-bbbb-cccc-dddddddddddd").value(
            "noFilter", SUBSCRIPTION
        )
        == "false"
    )
