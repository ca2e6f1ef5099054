"""The age steps, typed by hand, and that every table names each of its rows once and gives it a source."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from people import TONIGHT, dies, emigrates, patron, person, unverified
from printed import POLICY, danish, tables

from cprsync.config.packaged import TABLES, load_reasons, load_rule_tables
from cprsync.domain.deciding.decide import Parked, decide
from cprsync.domain.lending.contacting import About, ContactRule, ContactWay, contact_facts, may_contact
from cprsync.domain.patron.due import CalendarFacts, derived_group
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.local import Email, Local, Telephone
from cprsync.domain.patron.override import CheckedAgainst, Overridden, Override, value_of
from cprsync.domain.person.age import BirthSource, LeapDay, birth_date_of, birthday
from cprsync.domain.person.canonical import address_of
from cprsync.domain.person.municipality import Residence, code_from, culr_number_of, residence_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Abroad, Person, Status, silence_by_status
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import STATUS_RULES, Lives
from cprsync.domain.policy.policy import Policy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.patron.patron import Patron

LEAP = "fødselsdagen; født 29. februar: 1. marts i almindelige år"
GROUPS = "policy.toml: age_groups 2000-01-01"
#: step: what counts, from which day, whose word that is
AGE = {
    "age-birth-staff": ("rettet ved skranken, til rettelsen udløber", "–", "Princip: én ejer; policy.toml: overrides"),
    "age-birth-register": (
        (
            "ellers CPR's, også når den er usikker. En umulig dato (1950-00-00) siger intet, og den kendte dato "
            "bliver stående"
        ),
        *("–", "CPR: post 001 (FOED_DT)"),
    ),
    "age-birth-number": ("ellers nummerets, markeret som usikker", "–", "CPR: nummerets opbygning"),
    "age-2000-01-01-0": ("Barn", "fødslen", GROUPS),
    "age-2000-01-01-14": ("Ung", LEAP, f"{GROUPS}, leap_day; beslutning 9"),
    "age-2000-01-01-18": ("Voksen", LEAP, f"{GROUPS}, leap_day; beslutning 9"),
}


@pytest.mark.parametrize("key", AGE)
def test_an_age_step_is_printed_as_it_is_lived(key: str) -> None:
    step, *told = danish(key)
    assert tuple(told) == AGE[key]
    *_, last = key.split("-")
    assert step == ("fødselsdato" if "birth" in key else f"{last} år")
    assert list(tables()["age"].keys)[: len(AGE)] == list(AGE)


@pytest.mark.parametrize(
    ("age", "group"),
    [
        pytest.param(0, "Barn", id="age-2000-01-01-0"),
        pytest.param(14, "Ung", id="age-2000-01-01-14"),
        pytest.param(18, "Voksen", id="age-2000-01-01-18"),
    ],
)
@pytest.mark.parametrize("born", [date(2012, 2, 29), date(2013, 5, 4)])
def test_a_group_begins_on_the_birthday_and_not_a_day_before(age: int, group: str, born: date) -> None:
    """Born on 29 February: on 1 March of a common year (decision 9)."""
    day = birthday(born, age)
    assert day == (
        date(2012 + age, 3, 1) if born.day == 29 and (2012 + age) % 4 else born.replace(year=born.year + age)
    )
    assert POLICY.ladders.group_on(born, day) == group
    assert age == 0 or POLICY.ladders.group_on(born, day - timedelta(days=1)) != group
    assert POLICY.ladders.leap is LeapDay.MARCH


_PIN = Override(Overridden.GROUP, "Barn", "kaj", "set pas", date(2027, 3, 1), date(2027, 3, 30), id=1)


@pytest.mark.parametrize(
    ("group", "deviations", "overrides", "then"),
    [
        pytest.param("Personale", {}, (), "Personale", id="age-other"),
        pytest.param("Barn", {}, (_PIN,), "Voksen", id="age-pinned"),
        pytest.param("Barn", {"status": Status.DEAD}, (), "Barn", id="age-dead"),
    ],
)
def test_whose_group_age_leaves_alone(
    group: str, deviations: dict[str, Any], overrides: tuple[Override, ...], then: str
) -> None:
    """ANNA is long grown up; the last day of the pin is 30 March."""
    facts = CalendarFacts("1", person("ANNA", **deviations), group, overrides)
    assert derived_group(facts, date(2027, 3, 30), POLICY) == group
    assert derived_group(facts, date(2027, 3, 31), POLICY) == then


def test_the_birth_date_that_counts_is_staffs_then_the_registers_then_the_numbers() -> None:
    anna, unknown = person("ANNA"), Person(CprNumber(person("ANNA").number.digits))
    told = [birth_date_of(anna, corrected=date(1990, 1, 2)), birth_date_of(anna), birth_date_of(unknown)]
    assert [one.source if one else None for one in told] == list(BirthSource)
    assert [key for key in AGE if "birth" in key] == [f"age-birth-{source.value}" for source in BirthSource]


NOTHING = "intet sendes, og CULR beholder det, den har"
ENDED = {
    Lives.ELSEWHERE: ("ikke hjemmehørende", "tom med vilje"),
    Lives.UNKNOWN: ("ukendt", NOTHING),
    Lives.AS_BEFORE: (
        "som før: posten får det nye nummer",
        "kontoen flytter: den oprettes under det nye nummer, og så slettes den gamle",
    ),
}


@pytest.mark.parametrize(
    ("key", "codes", "lives"),
    [
        ("residence-status-elsewhere", "05 07 20 80 90", Lives.ELSEWHERE),
        ("residence-status-unknown", "30 70", Lives.UNKNOWN),
        ("residence-status-as_before", "50 60", Lives.AS_BEFORE),
    ],
    # an id without a blank: the sweep reads it to its end
    ids=lambda value: str(value).replace(" ", "+"),
)
def test_residence_ends_or_is_unknown_by_status(key: str, codes: str, lives: Lives) -> None:
    what, residence, net_media, source = danish(key)
    assert what == f"status {codes}, uanset adressen"
    assert codes == " ".join(rule.status.value for rule in STATUS_RULES.values() if rule.lives is lives)
    assert (residence, net_media) == ENDED[lives]
    assert source == "CPR: post 001 (status); beslutning 11"
    # one line for all of them: none of them is told otherwise
    assert len({rule.net_media for rule in STATUS_RULES.values() if rule.lives is lives}) == 1


@pytest.mark.parametrize("key", ["residence-status-silent"])
def test_of_whom_no_status_is_known_the_net_media_hear_nothing(key: str) -> None:
    """Whatever her address says; what CULR holds stays (decision 11)."""
    nobody_said = person("ANNA", status=SILENT)
    assert residence_of(nobody_said, frozenset({"0751"})) is Residence.UNKNOWN
    assert culr_number_of(nobody_said) is None
    told = ["status ikke kendt", "ukendt", NOTHING, "CPR: post 001 (status); beslutning 1 og 11"]
    assert danish(key) == tuple(told)


@pytest.mark.parametrize("key", ["status-03", "status-07"])
def test_letters_to_an_administrative_street_are_printed_as_sealed(key: str) -> None:
    """Lived in test_letters."""
    letters = danish(key)[4]
    assert letters == (
        "forseglet: kun til kontaktadressen eller, hvis der ingen er, til en adresse, der er rettet ved skranken; "
        "først når adressen er åbnet med en begrundelse"
    )


@pytest.mark.parametrize("key", ["status-20", "status-30", "status-70", "status-80"])
def test_letters_without_a_residence_are_printed_as_they_go(key: str) -> None:
    """Lived in test_letters."""
    letters = danish(key)[4]
    assert letters == ("kun til kontaktadressen eller, hvis der ingen er, til en adresse, der er rettet ved skranken")


@pytest.mark.parametrize("key", ["status-01", "status-05"])
def test_letters_to_a_residence_are_printed_as_they_go(key: str) -> None:
    """Lived in test_letters."""
    assert danish(key)[4] == (
        "til kontaktadressen: lånerens egen, ellers CPR's. Uden kontaktadresse: til en adresse, der er rettet ved "
        "skranken, ellers til bopælen"
    )


TYPED = Override(Overridden.MUNICIPALITY, "0751", "kaj", "Showed her lease", date(2027, 3, 1), date(2027, 3, 30), id=1)
_OVERRIDES = "Princip: én ejer; beslutning 11; policy.toml: overrides"
#: what stands there; and of whom, where she lives then, what the net media hear
STAFF = {
    "residence-staff": (
        (
            "kommunen er rettet ved skranken, og status er 01, 03, 70 eller ikke kendt; også for en låner uden "
            "CPR-nummer (erstatningsnummer)"
        ),
        *("som en adresse i den kommune", "som en adresse i den kommune", _OVERRIDES),
    ),
    "residence-staff-ended": (
        "kommunen er rettet ved skranken, men status er 05, 07, 20, 80 eller 90",
        *("ikke hjemmehørende: status går forud", "tom med vilje", _OVERRIDES),
    ),
    "residence-staff-number": (
        ("kommunen er rettet ved skranken, men status er 30 (ingen post får 50 eller 60: nummeret skifter)"),
        *("som en adresse i den kommune", "intet sendes: hos CULR er nummeret ingens", _OVERRIDES),
    ),
}
LIVED = {
    "residence-staff": (Residence.RESIDENT, "751"),
    "residence-staff-ended": (Residence.NOT_RESIDENT, ""),
    "residence-staff-number": (Residence.RESIDENT, None),
}


@pytest.mark.parametrize("key", STAFF)
def test_a_municipality_that_staff_type_is_printed_as_it_is_lived(key: str) -> None:
    what, *_ = told = danish(key)
    assert tuple(told) == STAFF[key]
    codes = re.findall(r"\b[0-9]{2}\b", what)
    persons = [person("JOHANNE", status=Status(code)) for code in codes]
    if "ikke kendt" in what:
        persons.append(Person(person("ANNA").number))
    if "erstatningsnummer" in what:
        persons.append(Person(CprNumber.parse_any(f"{person('ANNA').number.digits[:6]}KOT1")))
    for one in persons:
        lives = effective(CalendarFacts("", one, overrides=(TYPED,)), POLICY, on=date(2027, 3, 23))
        assert (lives.residence, lives.culr) == LIVED[key]


@pytest.mark.parametrize(
    "status", [Status.DUPLICATE, Status.CHANGED], ids=lambda one: f"residence-staff-number-{one.value}"
)
@pytest.mark.parametrize("stored", [patron("ANNA"), unverified("ANNA")])
def test_no_record_gets_the_status_of_a_number_that_is_replaced(status: Status, stored: Patron) -> None:
    replaced = silence_by_status(person("ANNA", status=status, current_number=person("CLARA").number))
    assert decide(replaced, stored, as_of=TONIGHT) == Parked("number.unresolved")


@pytest.mark.parametrize("key", ["residence-faroes"])
def test_the_faroes_are_abroad_whatever_the_code(key: str) -> None:
    assert danish(key) == (
        "Færøerne: udrejst (status 80), uanset landekoden; Færøerne har ingen kommunekode",
        *("ikke hjemmehørende", "tom med vilje", "CPR: post 005, kommunekoder; beslutning 11"),
    )
    gone = emigrates(person("ANNA"))
    for one in (gone, replace(gone, abroad=Abroad("5902", ("Tórshavn", "", "", "", "")))):
        assert (residence_of(one, frozenset({"0751"})), culr_number_of(one)) == (Residence.NOT_RESIDENT, "")
    assert address_of(municipality="0900", street_code="0001", house="1", road="Dalavegur") is SILENT


@pytest.mark.parametrize("key", ["residence-three"])
def test_a_code_of_three_digits_is_the_one_with_a_zero_before_it(key: str) -> None:
    same = "som med 0 foran (0101)"
    assert danish(key) == (
        "kode med tre cifre (101), i en kilde, ved skranken eller i indstillingerne",
        *(same, same, "CPR: kommunekoder; CULR 1.6: tre cifre"),
    )
    read = address_of(municipality="101", street_code="1104", house="16", road="Uglesporet")
    assert isinstance(read, Address)
    typed = value_of(Overridden.MUNICIPALITY, "101", CheckedAgainst(frozenset({"0101"}), date(2027, 3, 23)))
    assert {read.municipality, typed, code_from("101")} == {"0101"}
    lives = person("ANNA", address=read)
    assert (residence_of(lives, frozenset({"0101"})), culr_number_of(lives)) == (Residence.RESIDENT, "101")


@pytest.mark.parametrize("key", ["status-90"])
def test_the_dead_get_nothing_by_any_way(key: str) -> None:
    letters = "standses straks, også sms og e-mail; kontaktadressen vises for personalet"
    assert danish(key)[4] == letters
    dead = replace(patron("ANNA"), register=dies(person("ANNA")))
    local = Local(telephones=(Telephone("87000000", notices=True),), emails=(Email("a@b.dk", notices=True),))
    reach = contact_facts(dead, local, POLICY, on=date(2027, 3, 23))
    for channel, about in product(ContactWay, About):
        assert may_contact(reach, channel, about, POLICY).rules == (ContactRule.DEAD,)


def test_the_rows_of_a_typed_municipality_have_every_status_once() -> None:
    codes = " ".join(what for what, *_ in STAFF.values())
    assert sorted(re.findall(r"\b[0-9]{2}\b", codes)) == [status.value for status in Status]


@pytest.mark.parametrize("name", TABLES)
def test_each_row_has_a_name_of_its_own_and_a_source(name: str) -> None:
    table = tables()[name]
    assert len(set(table.keys)) == len(table.keys) == len(table.rows)
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert all(row[-1] for row in table.rows)
    assert all(key.startswith(f"{name}-") for key in table.keys)


def test_without_age_groups_no_step_is_printed() -> None:
    (age,) = [table for table in load_rule_tables(Policy()) if table.name == "age"]
    assert age.keys == tuple(key for key in tables()["age"].keys if not key.startswith("age-2000"))


def test_each_decision_that_a_source_names_has_its_sentence_and_no_other_has_one() -> None:
    decisions = load_reasons().decisions
    cells = [cell for table in tables().values() for row in table.rows for cell in row if isinstance(cell, Wording)]
    for language, word in (("da", "beslutning"), ("en", "decisions?")):
        told = " ".join(getattr(cell, language) for cell in cells)
        named = re.findall(rf"\b{word} ((?:\d+(?:, | og | til | and | to )?)+)", told, re.IGNORECASE)
        assert {int(number) for some in named for number in re.findall(r"\d+", some)} == set(
            load_reasons().decisions
        ), language
    assert all(text.da and text.en and text.da != text.en for text in decisions.values())


@pytest.mark.parametrize("language", ["da", "en"])
def test_each_principle_that_a_source_names_has_its_sentence_and_no_other_has_one(language: str) -> None:
    principles = load_reasons().principles.values()
    sources = [row[-1] for table in tables().values() for row in table.rows]
    told = [getattr(cell, language) for cell in sources if isinstance(cell, Wording)]
    named = {found for one in told for found in re.findall(r"Princip(?:le)?: ([^;]+)", one)}
    assert named == {getattr(one.name, language) for one in principles}
    assert all(getattr(one.text, language) for one in principles)
