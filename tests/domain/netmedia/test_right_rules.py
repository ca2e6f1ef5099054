"""The table of rights: each row as it is printed, and as it is lived."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from people import PROTECTED, dies, emigrates, having, person
from printed import danish, tables
from right_people import PAPERS, SINCE, STAFF, TODAY, at, born, facts, policy, right

from cprsync.catalogues import rule_words
from cprsync.domain.netmedia.account import AccountCall, Operation
from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule, RightRule
from cprsync.domain.patron.local import Block, Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import SILENT, Status
from cprsync.domain.person.sealed import Address

if TYPE_CHECKING:
    from cprsync.domain.netmedia.right_day import RightFacts
    from cprsync.domain.policy.policy import Policy

MOVES = "når låneren flytter til en anden kommune"
RUNNING = " En flytning gælder for nye lån fra den dag; lån, der er i gang, røres ikke."
#: whose licence, the answer, what changes it, whose word that is; what is printed first is asked of the text below
PRINTED: dict[str, tuple[str, str, str, str, str]] = {
    "rights-not-offered": (
        "biblioteket har ikke produktet den dag",
        *("ligegyldigt", "nej", "når netmediets vilkår skifter", "policy.toml: product (since, until)"),
    ),
    "rights-closed": (
        "låneren er meldt ud",
        *("ligegyldigt", "nej", "når vedkommende melder sig ind", "Postens Lånerforhold"),
    ),
    "rights-no-borrower": (
        "er ikke låner, men svarer kun for en mindreårig",
        *("ligegyldigt", "nej", "når vedkommende melder sig ind", "Postens Lånertype"),
    ),
    "rights-no-person": (
        "er en institution eller et bibliotek, ikke en person",
        *("ligegyldigt", "nej", "når lånertypen rettes", "Postens Lånertype"),
    ),
    "rights-dead": (
        "låneren er død",
        *("ligegyldigt", "nej", "når dødsfaldet annulleres", "CPR: post 001 (status); beslutning 11"),
    ),
    "rights-leaving": (
        "låneren er ved at blive meldt ud",
        *("ligegyldigt", "nej", "når låneren bliver alligevel"),
        "Postens Lånerforhold; CULR beholder kommunen, til posten lukkes: beslutning 11",
    ),
    "rights-blocked": (
        "låneren er blokeret",
        *("ligegyldigt", "nej", "når en blokering begynder eller ophæves", "policy.toml: product (closing_blocks)"),
    ),
    "rights-group": (
        "produktet er ikke for lånergruppen",
        *("ligegyldigt", "nej", "når låneren kommer i en anden lånergruppe", "policy.toml: product (closed_groups)"),
    ),
    "rights-too-young": (
        "låneren er for ung",
        *("ligegyldigt", "nej", "når låneren når en aldersgrænse", "policy.toml: product (from_age)"),
    ),
    "rights-too-old": (
        "låneren er for gammel",
        *("ligegyldigt", "nej", "når en anden fødselsdato bliver kendt eller rettes"),
        "policy.toml: product (below_age)",
    ),
    "rights-elsewhere": (
        "låneren bor ikke i en dansk kommune",
        *("bopælskommunens", "nej", "når låneren får bopæl i en dansk kommune"),
        "CPR: post 001 (status), kommunekoder; beslutning 11",
    ),
    "rights-unlicensed": (
        "bopælskommunen har ikke licens",
        *("bopælskommunens", "nej", MOVES, "policy.toml: product (municipalities, unlicensed)"),
    ),
    "rights-number": (
        "CPR-nummeret er annulleret, og netmedierne kender låneren på det",
        *("bopælskommunens", "uafklaret", "når låneren har et gyldigt nummer"),
        "CPR: post 001 (status); beslutning 11",
    ),
    "rights-residence-unknown": (
        "bopælen er ikke kendt",
        *("bopælskommunens", "uafklaret"),
        *("når CPR kender bopælen, eller kommunen skrives ind ved skranken", "Beslutning 1 og 11"),
    ),
    "rights-licence-unknown": (
        "det er ikke kendt her, om bopælskommunen har licens",
        *("bopælskommunens", "uafklaret", "når det bliver oplyst, om kommunen har licens, eller låneren flytter"),
        "policy.toml: product (municipalities, unlicensed)",
    ),
    "rights-age-unknown": (
        "produktet har aldersgrænse, og lånerens alder er ikke kendt",
        *("ligegyldigt", "uafklaret", "når en anden fødselsdato bliver kendt eller rettes"),
        "policy.toml: product (from_age, below_age)",
    ),
    "rights-municipality": (
        "bopælskommunen har licens",
        *("bopælskommunens", "ja", MOVES, "CULR: ét kommunenummer pr. person; beslutning 11"),
    ),
    "rights-library": (
        "biblioteket har licens til sine egne lånere",
        *("bibliotekets", "ja", "når låneren meldes ud", "policy.toml: product (licensed_by)"),
    ),
    "rights-annulled-dead": (
        "låneren er død, og CPR-nummeret er siden annulleret (90, derefter 30)",
        *("ligegyldigt", "som død: nej, og ikke uafklaret", "–", "CPR: post 001 (status); beslutning 1"),
    ),
    "rights-protected": (
        "låneren er navne- og adressebeskyttet eller forseglet af vejkode 9900-9999 eller status 03",
        "ligegyldigt",
        (
            "som andre: kun kommunen læses. En dag, der følger af alderen, vises ingen steder (her, i forecast, i "
            "revisionssporet), og svaret gælder kun i dag. Ellers kunne man regne fødselsdatoen ud"
        ),
        *("–", "Beslutning 2 og 11"),
    ),
    "rights-running": (
        "e-lån, der er i gang, når retten ophører eller låneren flytter",
        *("ligegyldigt", "røres ikke: retten gælder kun nye lån", "–"),
        "CULR: kun kommunenummeret sendes; beslutning 11",
    ),
    "rights-status-block": (
        ("låneren er blokeret som død, forsvundet eller for et annulleret nummer, men er det ikke længere i CPR"),
        *("ligegyldigt", "som uden den blokering", "–", "Beslutning 11"),
    ),
}


@pytest.mark.parametrize("key", PRINTED)
def test_a_rule_of_rights_is_printed_as_it_is_lived(key: str) -> None:
    assert danish(key) == PRINTED[key]


def test_every_rule_is_printed_in_the_order_in_which_it_is_read() -> None:
    assert list(tables()["rights"].keys) == list(PRINTED)
    answers = [answer for _, _, answer, *_ in PRINTED.values()][: len(RightRule)]
    assert answers == sorted(answers, key=["nej", "uafklaret", "ja"].index)


#: named after the row that holds: who, under which terms; what it read, since when, and in words
LIVED: dict[str, tuple[RightFacts, Policy, Any, Any, str]] = {
    "rights-not-offered": (facts(), policy(since=date(2028, 1, 1)), "", None, "ikke produktet"),
    "rights-closed": (facts(stage=Stage.CLOSED), policy(), "", None, "meldt ud"),
    "rights-no-borrower": (facts(kind=PatronKind.RESPONSIBLE), policy(), "", None, "mindreårig"),
    "rights-no-person": (facts(kind=PatronKind.INSTITUTION), policy(), "", None, "institution"),
    "rights-no-person-library": (
        facts(kind=PatronKind.LIBRARY),
        policy(PAPERS),
        "",
        None,
        "bibliotek",
    ),
    "rights-dead": (
        facts(dies(person("ANNA")), status_since=TODAY),
        policy(),
        "status 90",
        TODAY,
        "(status 90: død)",
    ),
    "rights-dead-and-the-librarys": (
        facts(dies(person("ANNA"))),
        policy(PAPERS),
        "status 90",
        ...,
        "død",
    ),
    "rights-leaving": (facts(stage=Stage.LEAVING), policy(), "", None, "ved at blive meldt ud"),
    "rights-blocked": (
        facts(blocks=(Block(TODAY, "x"),)),
        policy(PAPERS),
        "block",
        TODAY,
        "er blokeret.",
    ),
    "rights-group": (
        facts(group="Personale"),
        policy(closed_groups=frozenset({"Personale"})),
        "group Personale",
        None,
        "(Personale)",
    ),
    "rights-too-young": (facts(), policy(from_age=42), "age 41", None, "for ung (41 år)"),
    "rights-too-old": (
        facts(born(date(2003, 5, 4), uncertain=True)),
        policy(below_age=18),
        "age 23",
        date(2021, 5, 4),
        "(23 år efter en usikker fødselsdato)",
    ),
    "rights-elsewhere-emigrated": (
        facts(emigrates(person("ANNA"))),
        policy(),
        "status 80",
        ...,
        "80: udrejst",
    ),
    "rights-elsewhere-greenland": (
        facts(person("NUKA")),
        policy(),
        "status 05",
        ...,
        "bopæl i Grønland",
    ),
    "rights-elsewhere-greenland-by-address": (
        facts(at("0957")),
        policy(),
        "municipality 0957",
        SINCE,
        "dansk kommune. ",
    ),
    "rights-elsewhere-tax-number": (
        facts(person("ANNA", status=Status.NO_RESIDENCE, address=SILENT), overrides=(STAFF,)),
        policy(),
        "status 20",
        ...,
        "skattehensyn",
    ),
    "rights-unlicensed": (
        facts(),
        policy(unlicensed=frozenset({"0751"})),
        "municipality 0751",
        SINCE,
        "ikke licens. ",
    ),
    "rights-number": (
        facts(person("ANNA", status=Status.ANNULLED), overrides=(STAFF,)),
        policy(),
        "status 30",
        ...,
        "annulleret",
    ),
    "rights-residence-unknown": (
        facts(person("ANNA", status=Status.DISAPPEARED, address=SILENT)),
        policy(),
        "status 70",
        ...,
        "status 70: forsvundet",
    ),
    "rights-residence-unknown-not-a-word": (
        facts(person("ANNA", status=SILENT, address=SILENT)),
        policy(),
        "",
        None,
        "ikke kendt.",
    ),
    # she lives there no longer, for all that is known: what is not known is no no
    "rights-residence-unknown-last-address": (
        facts(person("ANNA", status=Status.DISAPPEARED)),
        policy(unlicensed=frozenset({"0751"})),
        "status 70",
        ...,
        "ikke kendt (status 70: forsvundet)",
    ),
    "rights-residence-unknown-last-in-greenland": (
        facts(person("ANNA", status=Status.DISAPPEARED, address=Address("0957", "1104", "1"))),
        policy(),
        "status 70",
        ...,
        "ikke kendt (status 70: forsvundet)",
    ),
    "rights-licence-unknown": (
        facts(at("0461")),
        policy(licensed=frozenset({"0751"})),
        "municipality 0461",
        SINCE,
        "har licens. ",
    ),
    "rights-age-unknown": (
        facts(born(None)),
        policy(from_age=15),
        "",
        None,
        "alder er ikke kendt",
    ),
    "rights-municipality": (
        facts(),
        policy(),
        "municipality 0751",
        SINCE,
        "har licens. ",
    ),
    "rights-municipality-another": (
        facts(at("0101")),
        policy(),
        "municipality 0101",
        SINCE,
        "har licens. ",
    ),
    "rights-municipality-christiansoe": (
        facts(at("0411")),
        policy(),
        "municipality 0411",
        SINCE,
        "har licens. ",
    ),
    "rights-municipality-no-fixed-abode": (
        facts(person("ANNA", status=Status.RESIDENT_ADMINISTRATIVE, address=Address("0751", "9903"))),
        policy(),
        "municipality 0751",
        SINCE,
        "har licens",
    ),
    "rights-municipality-typed-by-staff": (
        facts(person("ANNA", status=SILENT, address=SILENT), overrides=(STAFF,)),
        policy(),
        "municipality 0101",
        date(2027, 3, 1),
        "har licens. ",
    ),
    "rights-municipality-since-nobody-knows-when": (
        facts(municipality_since=None),
        policy(),
        ...,
        None,
        "licens",
    ),
    "rights-municipality-since-she-came-back": (
        facts(status_turned=date(2027, 3, 1)),
        policy(),
        ...,
        date(2027, 3, 1),
        "har licens",
    ),
    "rights-municipality-of-no-known-age": (facts(born(None)), policy(), "municipality 0751", SINCE, "har licens"),
    "rights-municipality-since-the-birthday": (
        facts(),
        policy(from_age=40),
        ...,
        date(2025, 5, 4),
        "har licens",
    ),
    "rights-library": (facts(), policy(PAPERS), "library", SINCE, "til sine egne lånere"),
    "rights-library-abroad": (
        facts(emigrates(person("ANNA"))),
        policy(replace(PAPERS, from_age=40)),
        "library",
        date(2025, 5, 4),
        "til sine egne lånere",
    ),
}


def row_of(lived: str) -> str:
    return max((key for key in PRINTED if f"{lived}-".startswith(f"{key}-")), key=len)


@pytest.mark.parametrize("lived", LIVED)
def test_the_first_row_that_holds_is_the_answer(lived: str) -> None:
    about, rules, fact, since, words = LIVED[lived]
    row = row_of(lived)
    what, _, answer, changes, _ = PRINTED[row]
    told = right(about, rules)
    assert f"rights-{told.rule.value.replace('_', '-')}" == row
    assert fact in {told.fact, ...}
    assert since in {told.valid_from, ...}
    assert told.text(rule_words).da.startswith(f"{answer.capitalize()}: {what}")
    assert words in told.text(rule_words).da
    # what staff typed gives way on its day
    changes = rule_words(f"change.{ChangeCause.CORRECTION.value}").da if told.until == STAFF.until else changes
    assert told.text(rule_words).da.endswith(f"Ændres, {changes}.{RUNNING if changes == MOVES else ''}")
    assert f". Changes {rule_words(f'change.{told.changes_when.value}').en}." in told.text(rule_words).en


@pytest.mark.parametrize(
    ("lived", "english"),
    [
        ("rights-group", "No: the product is not for the patron group (Personale). Changes when"),
        ("rights-too-young", "No: the patron is too young (41 years). Changes when"),
        ("rights-too-old", "No: the patron is too old (23 years by an uncertain birth date). Changes when"),
        ("rights-dead", "No: the patron is dead (status 90: dead). Changes when the death is annulled."),
        ("rights-municipality", "Yes: the municipality of residence holds a licence. Changes when"),
    ],
)
def test_in_english_a_right_rests_on_the_same(lived: str, english: str) -> None:
    about, rules, *_ = LIVED[lived]
    assert right(about, rules).text(rule_words).en.startswith(english)


def test_every_rule_is_lived() -> None:
    no_matter = {"rights-annulled-dead", "rights-protected", "rights-running", "rights-status-block"}
    assert {*map(row_of, LIVED), *no_matter} == set(PRINTED)
    assert all(rule_words(f"change.{one.value}").da.startswith("når ") for one in ChangeCause)


@pytest.mark.parametrize("key", ["rights-annulled-dead"])
def test_a_right_that_a_death_closed_stays_so_when_the_number_is_annulled(key: str) -> None:
    """Since the death, not since the number ended; of a death that is held the letters alone stop (decision 3)."""
    assert PRINTED[key][2] == "som død: nej, og ikke uafklaret"
    annulled = person("ANNA", status=Status.ANNULLED)
    told = right(facts(annulled, letters_stopped=TODAY))
    assert (told.answer, told.rule, told.valid_from) == (RightByRule.NO, RightRule.DEAD, TODAY)
    assert right(facts(annulled)).rule is RightRule.NUMBER
    assert right(facts(letters_stopped=TODAY)) == right(facts())


@pytest.mark.parametrize("key", ["rights-protected"])
def test_a_protected_patron_keeps_what_she_has(key: str) -> None:
    assert str(PRINTED[key][2]).startswith("som andre: kun kommunen læses")
    sealed = {"protection": PROTECTED}, {"address": Address("0751", "9903")}, {"status": Status.RESIDENT_ADMINISTRATIVE}
    for who in (having(person("ANNA"), **groups) for groups in sealed):
        assert who.is_shut
        assert right(facts(who)) == right(facts())


@pytest.mark.parametrize("key", ["rights-status-block"])
def test_a_block_of_a_death_that_is_annulled_closes_nothing(key: str) -> None:
    """A person lifts the block when she gets to it (test_reviewing)."""
    assert PRINTED[key][2] == "som uden den blokering"
    assert right(facts(blocks=(Block(TODAY, "død"),))) == right(facts())


@pytest.mark.parametrize("key", ["rights-running"])
def test_running_loans_are_left_alone_for_culr_is_told_no_more_than_a_number(key: str) -> None:
    assert right(facts()).text(rule_words).da.endswith(RUNNING), key
    assert {one.name for one in fields(AccountCall)} == {"operation", "identity", "municipality", "other", "uid"}
    assert not [one for one in Operation if "loan" in one.value.lower()]
