"""What was held against CULR, as text: each drift in words and by patron number, and what to do about a brake."""

from __future__ import annotations

from typing import Any

import pytest
from catalogues import WORDS

from cprsync.cli.desk.review import item_lines
from cprsync.cli.netmedia.entitlements import SHOWN, find_error, reconciled_lines, verified_lines
from cprsync.domain.deciding.guard import Excess
from cprsync.domain.netmedia.account import FORBIDDEN, Code
from cprsync.domain.netmedia.drift import Drift, NetMediaFault
from cprsync.domain.policy.policy import Harm
from cprsync.errors import Braked
from cprsync.language.errors import advice_for, error_document
from cprsync.language.netmedia import cards_text
from cprsync.language.night import net_media_lines, report_lines
from cprsync.services.netmedia.entitlements import Verified
from cprsync.services.netmedia.publishing import Compared
from cprsync.services.night.report import report_without_run

BRAKE = [{"class": "changed", "count": 300, "limit": 200}]


def compared(**deviations: Any) -> dict[str, Any]:
    patrons = {drift.value: deviations.pop(drift.value, []) for drift in Drift}
    counts = Compared(read=40).counts() | {name: len(ids) for name, ids in patrons.items()}
    rest = {"patrons": patrons, "left_to_a_person": 0, "brake": [], "dry_run": False, "net_media": True, "rights": []}
    return counts | rest | deviations


def said(**deviations: Any) -> list[str]:
    return [line.strip() for line in reconciled_lines(compared(**deviations), "da")]


def test_accounts_that_are_as_they_should_be_take_one_line() -> None:
    assert said() == ["Konti hos CULR: 40 læst", "alle er, som de skal være"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "mangler 1: 12345678"),
        ("extra", "overtallig 1: 12345678"),
        ("stale", "forkert kommune 1: 12345678"),
        ("foreign", "et andet bibliotek har sat kommunen 1: 12345678"),
    ],
)
def test_each_drift_is_said_with_whose_it_is(kind: str, words: str) -> None:
    assert words in said(**{kind: ["12345678"]})


def test_rights_that_were_derived_again_are_said_with_whose_they_are() -> None:
    [line, *_] = said(rights=["12345678"])
    assert line == "Andre rettigheder gemt, end posten giver; de er udledt igen for 1: 12345678"


def test_of_many_the_first_are_shown_and_the_rest_counted() -> None:
    line = said(missing=[f"{number:08}" for number in range(SHOWN + 3)])[1]
    assert line.endswith("00000019 … (+3)")


@pytest.mark.parametrize(
    ("deviation", "words"),
    [
        ({"repaired": 2}, "2 sendes igen i nat: cprsync sync"),
        ({"left_to_a_person": 1}, "1 til personalet: cprsync review list"),
        ({"left_out": 3}, "ikke holdt op mod CULR, fordi noget venter eller svaret udeblev: 3"),
        ({"dry_run": True}, "Intet er ændret."),
        (
            {"dry_run": True, "stale": ["1"]},
            "Intet er ændret. Uden --dry-run rettes det, der er vores: rettigheder straks, konti i nat.",
        ),
        (
            {"dry_run": True, "foreign": ["1"]},
            "Intet er ændret. Et andet biblioteks nummer rettes ikke: personalet spørges, hvis ingen har svaret.",
        ),
        ({"dry_run": True, "stale": ["1"], "brake": BRAKE}, "Intet er ændret."),
        ({"dry_run": True, "rights": ["1"]}, "Andre rettigheder gemt, end posten giver 1: 1"),
        ({"net_media": False}, "CULR er ikke sat op ([library.culr]); intet er læst."),
        ({"brake": BRAKE}, "ændringer i alt: 300, grænsen er 200"),
        ({"brake": BRAKE}, "Er det rigtigt, så hæv guard.changed.count (mindst 300) i policy.toml for én gang."),
    ],
)
def test_what_became_of_it_is_said(deviation: dict[str, Any], words: str) -> None:
    assert words in said(**deviation)


def test_when_nobody_answers_it_is_said_how_many_were_not_looked_at_and_not_that_all_is_well() -> None:
    assert said(read=0, left_out=40, error={}) == [
        "Konti hos CULR: 0 læst",
        "ikke holdt op mod CULR, fordi noget venter eller svaret udeblev: 40",
    ]


def night(**counts: Any) -> list[str]:
    document = report_without_run("775100", day=None, error={}, code=0) | {"day": "2027-03-23"}
    del document["error"]
    document["net_media"] |= counts
    return [line.strip() for line in report_lines(document, "da")]


def test_a_nights_report_tells_of_drifts_and_of_nothing_when_there_are_none() -> None:
    drifted = "Konti hos CULR, der ikke var, som de skulle være: mangler 2, sendes igen 2"
    assert drifted in night(read=40, missing=2, repaired=2)
    assert not [line for line in night(read=40) if "CULR" in line]
    assert "Intet er rettet hos CULR: det er flere, end policy.toml tillader" in night(brake=BRAKE)


@pytest.mark.parametrize(
    ("sides", "danish"),
    [
        ({}, "(vi siger Aarhus (0751), hos netmedierne (CULR) står Odense (0461))"),
        (
            {"theirs": "", "ours": None},
            "(vi siger intet: bopælen er ikke kendt, hos netmedierne (CULR) står ingen kommune, med vilje)",
        ),
        ({"account": False, "theirs": "9X"}, "(vi siger ingen konto, hos netmedierne (CULR) står 9X)"),
        (
            {"theirs": None, "answer": "ILLEGAL_ARGUMENT"},
            (
                "(vi siger Aarhus (0751), hos netmedierne (CULR) står intet, vi har set; "
                "netmedierne (CULR) svarede ILLEGAL_ARGUMENT)"
            ),
        ),
    ],
)
def test_an_item_about_the_net_media_shows_both_sides_and_how_culr_answered(sides: dict[str, Any], danish: str) -> None:
    item: dict[str, Any] = {"id": 1, "state": "waiting", "since": "2027-03-22", "patron": "12345678", "about": None}
    item |= {"why": {"da": "hvorfor"}, "accept": {"da": "ja"}, "reject": {"da": "nej"}, "record": None, "other": None}
    both = {"account": True, "ours": "751", "theirs": "461", "answer": None} | sides
    first, second, *_ = item_lines(item | {"net_media": both}, "da")
    assert f"hvorfor {danish}" in first
    assert second.startswith("  ILLEGAL_ARGUMENT: noget i kaldet godtages ikke") is (both["answer"] is not None)


@pytest.mark.parametrize("code", [code for code in Code if code not in {Code.OK, *FORBIDDEN}])
def test_every_answer_on_which_an_effect_can_be_left_to_a_person_has_words(code: Code) -> None:
    assert f"code_{code.value}" in WORDS


def test_repairs_that_a_limit_stops_are_an_error_that_names_it() -> None:
    error = find_error(Compared(read=40, excess=(Excess(Harm.CHANGED, 300, 200),)))
    assert isinstance(error, Braked)
    document = error_document(error, changed="nothing")
    assert (document["kind"], advice_for(error).exit) == ("netmedia.braked", 5)
    assert document["da"]["message"].endswith("policy.toml tillader: ændringer i alt: 300, grænsen er 200")
    assert find_error(Compared(read=40)) is None


# -- verified --------------------------------------------------------------------------------------------------------


def verified(*, error: bool = False, **found: Any) -> list[str]:
    seen = Verified(**{"offline": False, "patrons": 40, "read": 40} | found)
    document = seen.document() | ({"error": {}} if error else {})
    return list(verified_lines(document | {"ok": document["ok"] and not error}, "da"))


def test_when_all_is_right_that_comes_first() -> None:
    assert verified() == ["Alt stemmer: 40 lånere", "  Konti hos CULR: 40 læst"]
    assert verified(read=41)[1] == "  Konti hos CULR: 41 læst, også under numre, der er afløst"


@pytest.mark.parametrize("kind", NetMediaFault)
def test_each_thing_that_is_wrong_is_said_with_whose_it_is(kind: NetMediaFault) -> None:
    first, second, *_ = verified(faults=((kind, "12345678"),))
    assert first == "NOGET STEMMER IKKE: 40 lånere set efter"
    assert second.endswith(" 1: 12345678")
    assert "wrong_" not in second


def test_without_net_media_or_products_it_is_not_said_that_all_is_right_but_what_waits_for_what() -> None:
    assert verified(offline=True, has_net_media=False, accounts_waiting=40) == [
        "Det, der er set efter, stemmer: 40 lånere",
        "  Netmedierne er ikke sat op ([library.culr]), så CULR får intet at vide; lånere, som noget venter for: 40",
    ]
    assert verified(has_products=False)[:2] == [
        "Det, der er set efter, stemmer: 40 lånere",
        "  Bibliotekets regler har ingen netmedier.",
    ]


def test_what_culr_did_not_hear_is_not_said_to_have_stopped_the_night() -> None:
    error = {"kind": "netmedia.unavailable", "message": "CULR does not answer"}
    document = report_without_run("775100", day=None, error=error, code=4) | {"day": "2027-03-23"}
    last = list(report_lines(document, "da"))[-1]
    assert last == "  Resten af natten er gjort, men CULR hørte ikke alt: CULR does not answer"


def test_a_night_without_net_media_says_that_they_are_not_set_up_and_how_much_waits() -> None:
    document = report_without_run("775100", day=None, error={}, code=0) | {"day": "2027-03-23"}
    del document["error"]
    document["published"] |= {"waiting": 40, "set_up": False}
    said = [line for line in report_lines(document, "da") if "ikke sat op" in line]
    assert [line.rpartition(": ")[2] for line in said] == ["40"]


def test_whoever_is_leaving_is_counted_with_what_culr_keeps() -> None:
    assert verified(leaving=2)[-1].strip() == "ved at blive meldt ud: 2; CULR beholder deres kommune, til posten lukkes"


def test_a_reason_of_blocks_that_stands_on_no_record_is_said_with_its_product() -> None:
    line = "  closing_blocks i ereolen: ingen post er blokeret for »gaeld«; er det stavet som på posterne?"
    assert verified(reasons={("ereolen", "gaeld")})[-1] == line


def test_what_was_not_looked_at_is_no_success_and_no_fault() -> None:
    assert verified(error=True)[0] == "Intet galt fundet, men ikke alt er set efter: 40 lånere"
    assert "  CULR er ikke spurgt" in verified(offline=True)
    waits = verified(rights_waiting=3, accounts_waiting=2)[2:]
    assert [line.rpartition(": ")[2] for line in waits] == ["3", "2"]


def test_rights_that_the_night_will_change_are_not_said_to_be_right() -> None:
    first, *rest = verified(rights_waiting=3, rights_differing=2)
    assert first == "Intet galt fundet, men der er gemt rettigheder, som natkørslen vil ændre: 40 lånere"
    assert [line.rpartition(": ")[2] for line in rest[1:]] == ["3", "2"]


def cards(**deviations: Any) -> dict[str, Any]:
    known = {"local_accounts": "cards", "stage": "all", "accounts": 40, "told": 0, "left": 0, "stays": False}
    return known | deviations


@pytest.mark.parametrize(
    ("deviations", "danish", "english"),
    [
        (
            {},
            "Lånernes kort logger ind hos netmedierne. Kort med en konto hos CULR: 40",
            "The patrons' cards log in at the net media. Cards with an account at CULR: 40",
        ),
        (
            {"stage": "none", "accounts": 0},
            "Ingen kort logger ind hos netmedierne (local_accounts).",
            "No card logs in",
        ),
        ({"stage": "none", "accounts": 3}, "Kortenes konti hos CULR slettes; 3 er der endnu.", "3 are still there"),
        (
            {"stage": "beginning", "told": 2, "left": 9},
            "Lånere meldt nu: 2; lånere, der mangler: 9",
            "Patrons told now: 2",
        ),
        ({"stage": "ending", "told": 2, "left": 9}, "Kortenes konti hos CULR slettes. Lånere meldt nu: 2", "deleted"),
        ({"stays": True}, "Kort har stadig 40 konti hos CULR", "Cards still have 40 accounts at CULR"),
    ],
)
def test_how_far_the_cards_are_is_said_in_counts(deviations: dict[str, Any], danish: str, english: str) -> None:
    assert danish in cards_text(cards(**deviations), "da")
    assert english in cards_text(cards(**deviations), "en")


@pytest.mark.parametrize(
    ("deviations", "is_said"),
    [({}, False), ({"told": 1}, True), ({"left": 1, "stage": "beginning"}, True), ({"stays": True}, True)],
)
def test_a_night_tells_of_cards_if_there_is_anything_to_tell(deviations: dict[str, Any], *, is_said: bool) -> None:
    night = report_without_run("775100", day=None, error={"kind": "x", "message": "x"}, code=1)
    lines = list(net_media_lines(night | {"cards": cards(**deviations)}, "da"))
    assert any("ort" in line for line in lines) is is_said
    assert list(net_media_lines(night, "da")) == []


def test_what_waits_or_stays_of_cards_is_no_fault() -> None:
    document = Verified(offline=False, cards_waiting=4, cards_stay=3).document()
    lines = [line.strip() for line in verified_lines(document, "da")]
    assert "lånere, hvis kort endnu skal meldes til CULR: 4" in lines
    assert any(line.startswith("kort logger stadig ind, selv om local_accounts er none: 3") for line in lines)
    assert document["ok"]
