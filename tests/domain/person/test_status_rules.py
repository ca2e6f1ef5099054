"""The table of the eleven statuses, typed by hand from CPR's own list and the decisions, and the code that reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from people import patron, person, street
from printed import danish

from cprsync.catalogues import rule_words
from cprsync.domain.person.municipality import Residence, culr_number_of, residence_of
from cprsync.domain.person.person import SILENT, Abroad, Person, Status, silence_by_status
from cprsync.domain.person.status import STATUS_RULES, Action, BlockRule, Letters, Lives, NetMediaRule, SubscriptionRule

A = Action
BEFORE, AFTER = date(2027, 3, 19), date(2027, 3, 22)
#: code: meaning, letters, block, residence, net media, subscription, coming, leaving, events that undo it, source.
#: Meanings: the register's list of person statuses. 10 is reserved and is none of them.
TABLE: dict[str, tuple[object, ...]] = {
    "01": ("bopæl i Danmark", "go", "none", "by_address", "digits", "kept", A.STATUS, A.STATUS, (), "8 og 11"),
    "03": (
        "i Danmark, uden fast adresse (vejkode 9900-9999)",
        *("sealed_street", "none", "by_address", "digits", "kept", A.STATUS, A.STATUS, ("A01",), "2, 8 og 11"),
    ),
    "05": ("bopæl i Grønland", "go", "none", "elsewhere", "empty", "kept", A.STATUS, A.STATUS, ("A01",), "8 og 11"),
    "07": (
        "i Grønland, uden fast adresse (vejkode 9900-9999)",
        *("sealed_street", "none", "elsewhere", "empty", "kept", A.STATUS, A.STATUS, ("A01",), "2, 8 og 11"),
    ),
    "20": (
        "uden bopæl, nummer af skattehensyn",
        *("contact_address", "none", "elsewhere", "empty", "kept", A.STATUS, A.STATUS, ("P31",), "1, 8 og 11"),
    ),
    "30": (
        "nummeret er annulleret",
        *("contact_address", "proposed", "unknown", "nothing", "kept", A.NUMBER_ANNULLED, A.NUMBER_RESTORED, ()),
        "1, 8 og 11",
    ),
    "50": (
        "nummeret er slettet: personen havde to numre",
        *("as_before", "none", "as_before", "moves", "moves", A.RENUMBER, A.RENUMBER, ("P43",), "6 og 11"),
    ),
    "60": (
        "nummeret er ændret",
        *("as_before", "none", "as_before", "moves", "moves", A.RENUMBER, A.RENUMBER, ("P42",), "6 og 11"),
    ),
    "70": (
        "forsvundet",
        *("contact_address", "proposed", "unknown", "nothing", "kept", A.VANISH, A.FOUND, ("A03", "A10"), "8 og 11"),
    ),
    "80": (
        "udrejst",
        *("contact_address", "none", "elsewhere", "empty", "kept", A.EMIGRATE, A.RETURN, ("A04", "A10"), "8 og 11"),
    ),
    "90": (
        "død",
        *(
            "stopped",
            "proposed_and_cancels",
            "elsewhere",
            "empty",
            "kept_for_a_time",
            A.DIE,
            A.DEATH_ANNULLED,
            ("A25",),
        ),
        "3, 8, 10 og 11",
    ),
}
#: What is read into the record (decision 1, "by status").
RECORD = {
    **dict.fromkeys(("01", "03", "05", "07"), "følger kilden"),
    "20": (
        "følger kilden, også adressen, hvis den er gyldig; ellers bliver den sidste adresse stående, og ingen venter "
        "på personalet af den grund"
    ),
    "70": "følger kilden, men den sidste adresse bliver stående",
    **dict.fromkeys(("50", "60"), "posten får aldrig denne status: den skifter nummer, og resten bliver stående"),
    "30": "kun status læses; navn, adresse, beskyttelse og resten bliver stående",
    "80": ("følger kilden; den sidste danske adresse bliver stående, og udlandsadressen vises, men får ingen breve"),
    "90": (
        "følger kilden, men den sidste adresse bliver stående. Nye lån afvises. Gebyrer vokser ikke efter dødsdagen; "
        "siger CPR ingen dag, da ikke efter den nat, der hørte om dødsfaldet. Posten lukkes ikke, og lån og gæld "
        "bliver stående, til personalet har afviklet dem"
    ),
}
EACH = pytest.mark.parametrize("code", TABLE, ids=lambda code: f"status-{code}")


def test_the_table_has_the_eleven_statuses_and_no_other() -> None:
    assert [status.value for status in STATUS_RULES] == list(TABLE)
    assert set(STATUS_RULES) == set(Status)


@EACH
def test_a_status_does_what_its_row_says(code: str) -> None:
    meaning, letters, block, lives, net_media, subscription, coming, leaving, undone_by, decision = TABLE[code]
    rule = STATUS_RULES[Status(code)]
    _, meant, _, record, *_, events, source = danish(f"status-{code}")
    assert (meant, record) == (meaning, RECORD[code])
    assert (rule.letters, rule.block) == (Letters(letters), BlockRule(block))
    assert (rule.lives, rule.net_media) == (Lives(lives), NetMediaRule(net_media))
    assert rule.subscription is SubscriptionRule(subscription)
    assert (rule.coming, rule.leaving, events) == (coming, leaving, ", ".join(undone_by) or "–")
    assert isinstance(source, str)
    assert source.startswith("CPR: post 001 (status)")
    assert source.endswith(f"beslutning {decision}")
    # nothing blocks a patron without a person, whatever CPR's list proposes
    assert ("; Postens Blokeret: personalet ejer det; " in source) is (block != "none")
    assert rule_words(f"status.{code}").en


#: What the residence of someone at Havnen, Aarhus, is called for each of the table's words.
RESIDENCE = {
    "by_address": Residence.RESIDENT,
    "elsewhere": Residence.NOT_RESIDENT,
    "unknown": Residence.UNKNOWN,
    # no record has such a status: of whoever is shown with it nobody knows
    "as_before": Residence.UNKNOWN,
}
CULR = {"digits": "751", "empty": "", "nothing": None, "moves": None}


@EACH
def test_residence_and_net_media_follow_the_row(code: str) -> None:
    """Whatever the last known address says."""
    who: Person = replace(person("ANNA"), status=Status(code), address=street("HAVNEN"))
    assert residence_of(who, frozenset({"0751"})) is RESIDENCE[str(TABLE[code][3])]
    assert culr_number_of(who) == CULR[str(TABLE[code][4])]


@EACH
def test_what_is_read_of_a_person_is_what_the_row_says_of_the_record(code: str) -> None:
    """Name, address and foreign address; decision 1, "by status"."""
    whole = replace(person("ANNA"), status=Status(code), abroad=Abroad("5120", ("Storgatan 1", "", "", "", "")))
    read = silence_by_status(whole)
    said = RECORD[code]
    assert (read.name is SILENT) is ("kun status" in said or "aldrig" in said)
    assert (read.address is SILENT) is (said != "følger kilden" and "også adressen" not in said)
    assert (read.abroad is SILENT) is ("udlandsadressen vises" not in said)


def test_only_the_dead_get_no_letters_at_all() -> None:
    assert [code for code, row in TABLE.items() if row[1] == "stopped"] == ["90"]


@pytest.mark.parametrize(
    ("status", "since", "stopped", "dead_since"),
    [
        (Status.DEAD, BEFORE, AFTER, BEFORE),
        (Status.DEAD, AFTER, BEFORE, BEFORE),
        (Status.DEAD, BEFORE, None, BEFORE),
        (Status.DEAD, None, AFTER, AFTER),
        # the register has taken the death back, and letters are still stopped
        (Status.RESIDENT, BEFORE, AFTER, AFTER),
        (Status.RESIDENT, BEFORE, None, None),
    ],
)
def test_the_day_of_a_death_is_the_registers_and_else_the_day_that_stopped_letters(
    status: Status, since: date | None, stopped: date | None, dead_since: date | None
) -> None:
    one = replace(patron("ANNA", status=status, status_since=since), letters_stopped=stopped)
    assert one.dead_since == dead_since
