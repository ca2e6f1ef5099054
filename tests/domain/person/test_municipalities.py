"""The list of municipality codes, and what a code is worth for residence, for the net media and in the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from people import person
from printed import danish

from cprsync.domain.person.municipality import (
    HISTORICAL,
    LISTED,
    NOT_A_RESIDENCE,
    RESIDENCE_RULES,
    Municipality,
    MunicipalityKind,
    Residence,
    code_from,
    culr_number_of,
    municipality_kind_of,
    residence_of,
)
from cprsync.domain.person.person import SILENT, Person
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import Lives, NetMediaRule
from cprsync.municipalities import code_of_municipality, load_municipalities

PLACES = load_municipalities()
AARHUS = frozenset({"0751"})


def living_in(code: str) -> Person:
    return replace(person("ANNA"), address=Address(code, "1104", "16B"))


#: kind: what an address has, what it means for residence elsewhere than at home, for the net media, and whose word
RESIDENCE_TABLE = {
    MunicipalityKind.DANISH: (
        "en af de 98 danske kommuner, også Christiansø (0411)",
        *("by_address", "digits", "CPR: kommunekoder; beslutning 11 og 13"),
    ),
    MunicipalityKind.GREENLANDIC: (
        "grønlandsk kommune (0901-0961), også en nedlagt",
        *("elsewhere", "empty", "CPR: kommunekoder; beslutning 11"),
    ),
    MunicipalityKind.NO_PLACE: (
        (
            "kode uden bopæl: 0009-0012, 0019, 0100 og enhver kode, der ikke er en kommunes (en kilde med en sådan "
            "kode har ingen adresse: koden står kun i ældre poster)"
        ),
        *("unknown", "nothing", "CPR: myndighedskoder; beslutning 11"),
    ),
    MunicipalityKind.HISTORICAL: (
        "nedlagt dansk kommune (før 2007)",
        *("unknown", "nothing", "CPR: myndighedskoder med slutdato; beslutning 11"),
    ),
    None: (
        ("ingen adresse er kendt (status 01, 03, 05 og 07 uden adresse venter på personalet, og posten ændres ikke)"),
        *("unknown", "nothing", "Beslutning 1 og 11"),
    ),
}


@pytest.mark.parametrize("kind", RESIDENCE_TABLE, ids=lambda kind: f"residence-{kind.value if kind else 'none'}")
def test_a_kind_of_code_means_what_its_row_says(kind: MunicipalityKind | None) -> None:
    what, lives, net_media, source = RESIDENCE_TABLE[kind]
    rule = RESIDENCE_RULES[kind]
    assert (rule.kind, rule.lives, rule.net_media) == (kind, Lives(lives), NetMediaRule(net_media))
    printed, *_, printed_source = danish(f"residence-{kind.value if kind else 'none'}")
    assert (printed, printed_source) == (what, source)
    assert set(RESIDENCE_RULES) == set(RESIDENCE_TABLE)


@pytest.mark.parametrize(
    ("code", "kind", "residence", "culr"),
    [
        pytest.param("0751", MunicipalityKind.DANISH, Residence.RESIDENT, "751", id="residence-danish-0751"),
        pytest.param("0101", MunicipalityKind.DANISH, Residence.NOT_RESIDENT, "101", id="residence-danish-0101"),
        pytest.param("0411", MunicipalityKind.DANISH, Residence.NOT_RESIDENT, "411", id="residence-danish-0411"),
        pytest.param("0955", MunicipalityKind.GREENLANDIC, Residence.NOT_RESIDENT, "", id="residence-greenlandic-0955"),
        pytest.param("0961", MunicipalityKind.GREENLANDIC, Residence.NOT_RESIDENT, "", id="residence-greenlandic-0961"),
        pytest.param("0100", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0100"),
        pytest.param("0019", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0019"),
        pytest.param("0998", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0998"),
        pytest.param("0013", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0013"),
        pytest.param("0099", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0099"),
        pytest.param("5180", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-5180"),
        pytest.param("0862", MunicipalityKind.NO_PLACE, Residence.UNKNOWN, None, id="residence-no_place-0862"),
        pytest.param("0958", MunicipalityKind.GREENLANDIC, Residence.NOT_RESIDENT, "", id="residence-greenlandic-0958"),
        pytest.param("0407", MunicipalityKind.HISTORICAL, Residence.UNKNOWN, None, id="residence-historical-0407"),
        pytest.param("0701", MunicipalityKind.HISTORICAL, Residence.UNKNOWN, None, id="residence-historical-0701"),
    ],
)
def test_an_address_counts_by_the_kind_of_its_code(
    code: str, kind: MunicipalityKind, residence: Residence, culr: str | None
) -> None:
    assert municipality_kind_of(code) is kind
    assert residence_of(living_in(code), AARHUS) is residence
    assert culr_number_of(living_in(code)) == culr


@pytest.mark.parametrize("key", ["residence-greenlandic"])
@pytest.mark.parametrize("code", ["0955", "0961", "0958", "0909"])
def test_greenland_is_never_home_whatever_the_librarys_list_says(code: str, key: str) -> None:
    """Decision 11: a deliberate empty, of today or not."""
    assert residence_of(living_in(code), frozenset({"0751", code})) is Residence.NOT_RESIDENT, key
    assert culr_number_of(living_in(code)) == ""


def test_without_an_address_nobody_lives_anywhere_for_sure() -> None:
    nowhere = replace(person("ANNA"), address=SILENT)
    assert residence_of(nowhere, AARHUS) is Residence.UNKNOWN
    assert culr_number_of(nowhere) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0998", MunicipalityKind.NO_PLACE),
        ("0862", MunicipalityKind.NO_PLACE),
        ("0023", MunicipalityKind.NO_PLACE),
        ("5100", MunicipalityKind.NO_PLACE),
        ("751", MunicipalityKind.NO_PLACE),
        *((code, MunicipalityKind.NO_PLACE) for code in sorted(NOT_A_RESIDENCE)),
    ],
)
def test_a_code_that_is_no_municipalitys_is_no_place_whatever_its_digits(code: str, kind: MunicipalityKind) -> None:
    """998 is not in Greenland for its digits: whoever was told to live there lives nowhere that is known."""
    assert municipality_kind_of(code) is kind


@pytest.mark.parametrize(
    ("typed", "code"), [("101", "0101"), ("0101", "0101"), ("411", "0411"), (" 751 ", "0751"), ("19", "0019")]
)
def test_three_digits_and_four_are_one_code(typed: str, code: str) -> None:
    assert code_from(typed) == code


def test_the_list_and_the_rules_agree_about_every_code() -> None:
    wrong = [code for code, one in PLACES.by_code.items() if municipality_kind_of(code) is not one.kind]
    assert wrong == []
    assert {code for code, one in PLACES.by_code.items() if one.kind is MunicipalityKind.HISTORICAL} == HISTORICAL
    assert set(PLACES.by_code) | {"0000"} == LISTED


def test_the_list_has_98_municipalities_christiansoe_and_greenlands() -> None:
    kinds = [one.kind for one in PLACES.by_code.values()]
    assert (
        kinds.count(MunicipalityKind.DANISH),
        kinds.count(MunicipalityKind.GREENLANDIC),
        kinds.count(MunicipalityKind.NO_PLACE),
    ) == (99, 26, 6)
    assert PLACES.by_code["0751"] == Municipality("0751", "Aarhus", MunicipalityKind.DANISH)
    # parted in two
    assert PLACES.by_code["0958"] == Municipality(
        "0958", "Qaasuitsup Kommunia", MunicipalityKind.GREENLANDIC, until=date(2017, 12, 31)
    )
    # the great mergers, in Denmark and in Greenland; Bornholm and Ærø came before
    ended = {code: PLACES.by_code[code].until for code in ("0701", "0861", "0407", "0493", "0909")}
    assert ended == {
        "0701": date(2006, 12, 31),
        "0861": date(2006, 12, 31),
        "0407": date(2003, 12, 31),
        "0493": date(2005, 12, 31),
        "0909": date(2008, 12, 31),
    }
    assert kinds.count(MunicipalityKind.HISTORICAL) == 224
    assert all(one.until is not None for one in PLACES.by_code.values() if one.kind is MunicipalityKind.HISTORICAL)
    assert all(one.until is None for one in PLACES.by_code.values() if one.kind is MunicipalityKind.DANISH)


def test_only_a_municipality_of_today_may_be_a_librarys_own() -> None:
    assert {"0101", "0411", "0751"} <= PLACES.homes()
    assert PLACES.homes().isdisjoint({"0955", "0961", "0958", "0701", "0019", "0100"})
    assert PLACES.mistake_in("0751") is None
    assert str(PLACES.mistake_in("0999")) == "is not a municipality's code"
    assert str(PLACES.mistake_in("0019")) == "is Administrativt personnummer's, where nobody lives"
    assert (
        str(PLACES.mistake_in("0956"))
        == "is Kommuneqarfik Sermersooq's, in Greenland, which counts as living elsewhere"
    )
    assert str(PLACES.mistake_in("0958")) == "is Qaasuitsup Kommunia's, which is no more since 2017-12-31"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Aarhus", "0751"), ("århus", "århus"), (" københavn kommune ", "0101"), ("0751", "0751"), ("", "")],
)
def test_a_municipality_is_typed_by_its_name_or_its_code(typed: str, code: str) -> None:
    assert code_of_municipality(typed) == code
